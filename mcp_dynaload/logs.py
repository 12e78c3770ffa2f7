"""Our own log: to stderr, where the client keeps it, and to a rotating file in the state folder."""

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog

LOG_FILE = "dynaload.log"
MAX_FILE_BYTES = 1_000_000
BACKUPS = 2


def set_up_logs(level: str, logs_dir: Path, *, to_stderr: bool) -> None:
    """Send our events and the libraries' records to the file, and to stderr if asked for or if there can be no file.

    Commands that a person runs keep stderr for what they say themselves.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)] if to_stderr else []
    problem = ""
    try:
        logs_dir.mkdir(parents=True, exist_ok=True)
        handlers.append(RotatingFileHandler(logs_dir / LOG_FILE, maxBytes=MAX_FILE_BYTES, backupCount=BACKUPS))
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
        ],
    )
    for handler in handlers:
        handler.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=handlers, force=True)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        cache_logger_on_first_use=True,
    )
    if problem:
        structlog.get_logger().warning("log_file_unavailable", folder=str(logs_dir), error=problem)
