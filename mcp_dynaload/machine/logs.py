"""Our own log: to stderr, where the client keeps it, and to a rotating file in the state folder."""

import logging
import re
import sys
from collections.abc import Callable
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog
from structlog.typing import EventDict

from mcp_dynaload.machine.private_files import make_private_file, make_private_folder
from mcp_dynaload.masking import Masker

LOG_FILE = "dynaload.log"
MAX_FILE_BYTES = 1_000_000
BACKUPS = 2

_TALKATIVE_LOGGERS = ("client", "httpcore", "httpcore2", "httpx", "httpx2", "mcp")
"""Libraries that note every request, addresses and session ids included."""

_ADDRESS = re.compile(r"""(?i)\b((?:https?|wss?)://)(?:[^/?#\s'"\\]*@)?([^/?#\s'"\\]+)([/?#][^\s'"\\]+)?""")


class _PrivateFileHandler(RotatingFileHandler):
    """A rotating file that only the user may read, after each rotation, too."""

    _is_told = False

    def _open(self) -> TextIOWrapper:
        make_private_file(Path(self.baseFilename))
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name that `logging` calls
        """Say once why nothing is written, as on a full disk; not with a traceback for each line."""
        self._tell(sys.exc_info()[1])

    def close(self) -> None:
        """Close the file; what could not be written is tried once more by that, and may fail again."""
        try:
            super().close()
        except OSError as error:
            self._tell(error)

    def _tell(self, error: BaseException | None) -> None:
        if not self._is_told:
            self._is_told = True
            print(f"mcp-dynaload: {self.baseFilename} cannot be written ({error})", file=sys.stderr)


def set_up_logs(level: str, logs_dir: Path, *, to_stderr: bool, masker: Masker | None = None) -> None:
    """Send our events and the libraries' records to the file, and to stderr if asked for or if there can be no file.

    Commands that a user runs keep stderr for what they say themselves. The state folder, in which the logs are, is
    made the user's own here, before anything is written there.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)] if to_stderr else []
    problem = ""
    try:
        make_private_folder(logs_dir.parent)
        make_private_folder(logs_dir)
        handlers.append(_PrivateFileHandler(logs_dir / LOG_FILE, maxBytes=MAX_FILE_BYTES, backupCount=BACKUPS))
    except OSError as error:
        problem = str(error)
        handlers = handlers or [logging.StreamHandler(sys.stderr)]
    shared = [structlog.processors.TimeStamper("iso", utc=True), structlog.processors.add_log_level]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
            _hiding(masker or Masker()),
        ],
    )
    for handler in handlers:
        handler.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=handlers, force=True)
    _quieten(level)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
    )
    if problem:
        structlog.get_logger().warning("log_file_unavailable", folder=str(logs_dir), error=problem)


def hand_logs_over(logger: str, level: str | None, masker: Masker | None = None) -> None:
    """Give our events to a program's `logging`, under the modules' names, unless the program has set structlog up.

    What is done with them is the program's business; with a level, ours are passed on from there.
    """
    if level is not None:
        logging.getLogger(logger).setLevel(level.upper())
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
            _hiding(masker or Masker()),
            _whole,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def without_addresses(text: str) -> str:
    """Return the text with only the hosts of its URLs: user, path and query often hold a key."""
    return _ADDRESS.sub(lambda found: f"{found[1]}{found[2]}{'/…' if found[3] else ''}", text)


def _quieten(level: str) -> None:
    least = logging.NOTSET if level == "debug" else max(logging.WARNING, getattr(logging, level.upper()))
    for name in _TALKATIVE_LOGGERS:
        logging.getLogger(name).setLevel(least)


def _hiding(masker: Masker) -> Callable[[object, str, str | EventDict], str]:
    """Return the last step of every line, ours or a library's: it hides addresses and secrets."""

    def hide(_logger: object, _method: str, rendered: str | EventDict) -> str:
        return masker.text(without_addresses(str(rendered)))

    return hide


def _whole(_logger: object, _method: str, rendered: EventDict | str) -> tuple[tuple[str], dict[str, object]]:
    """Return the line with the traceback in it: the program's logging is to add none of its own, with secrets."""
    return (str(rendered),), {"exc_info": False}
