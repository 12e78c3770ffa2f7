"""The output of an upstream process beside the protocol: in a rotating file, its last lines at hand for errors."""

import re
from collections import deque
from pathlib import Path

import structlog

from mcp_dynaload.machine.private_files import make_private_file, make_private_folder

MAX_FILE_BYTES = 1_000_000
BACKUPS = 2
TAIL_LINES = 20
TAIL_LINE_CHARACTERS = 400
LOOKED_AT_LINES = 3 * TAIL_LINES
"""The last lines of one piece of output that are looked at: some may be empty."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")

log = structlog.get_logger()


def log_path(logs_dir: Path, upstream: str) -> Path:
    """Return the current log file of an upstream."""
    return logs_dir / f"{_UNSAFE.sub('_', upstream)}.log"


class OutputLog:
    """The rotating log of one upstream; many processes may write to the same one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._rest = b""
        self.exit_status: int | None = None
        """That of the process, where it has ended by itself; below 0 it is the number of a signal."""

    def write(self, data: bytes) -> None:
        """Append raw output; the file is opened for each write, so that another process may rotate it."""
        *lines, rest = (self._rest + data).rsplit(b"\n", LOOKED_AT_LINES + 1)
        self._rest = rest[-TAIL_LINE_CHARACTERS:]
        for line in lines[-LOOKED_AT_LINES:]:  # before them there may be thousands in one piece
            if line.strip():
                text = line[: 4 * TAIL_LINE_CHARACTERS].decode("utf-8", "replace")
                self._tail.append(text.rstrip()[:TAIL_LINE_CHARACTERS])
        self._append(data)

    def note(self, text: str) -> None:
        """Append a line of our own."""
        start = b"\n" if self._rest else b""
        self.write(start + text.encode("utf-8", "replace") + b"\n")

    def tail(self) -> list[str]:
        """Return the last lines, oldest first, an unfinished one included."""
        rest = self._rest.decode("utf-8", "replace").strip()
        return [*self._tail, rest] if rest else list(self._tail)

    def _append(self, data: bytes) -> None:
        try:
            make_private_folder(self._path.parent)
            self._rotate()
            make_private_file(self._path)
            with self._path.open("ab") as file:
                file.write(data)
        except OSError as error:  # what the upstream says must be read on, or it would wait for us
            log.debug("output_log_unwritable", path=str(self._path), error=str(error))

    def _rotate(self) -> None:
        if not self._path.exists() or self._path.stat().st_size < MAX_FILE_BYTES:
            return
        for number in range(BACKUPS, 1, -1):
            older = self._numbered(number - 1)
            if older.exists():
                older.replace(self._numbered(number))
        self._path.replace(self._numbered(1))

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
