"""A line for each running session, in a file of its own: what a status line shows must be read in no time."""

import re
import time
from contextlib import suppress
from pathlib import Path

from mcp_dynaload.machine.private_files import make_private_folder, open_private

KEPT_SECONDS = 7 * 86_400.0
"""The age from which the file of a session that was killed is deleted when another one begins."""

MAX_LINE_BYTES = 400

_SESSION_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
"""The ids that may be the name of a file; the client's are."""


class StatusLines:
    """The files of one folder, by the client's session ids; an id that could not be a file's name has none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, session_id: str, line: str) -> None:
        """Store a session's line.

        Raises:
            OSError: It cannot be stored.
        """
        file = self._file(session_id)
        if file is None:
            return
        make_private_folder(self._folder)
        if not file.exists():
            self._forget_old()
        written = file.with_name(f"{file.name}.new")
        with open(written, "w", encoding="utf-8", opener=open_private) as opened:
            opened.write(line)
        written.replace(file)

    def forget(self, session_id: str) -> None:
        """Delete the line of a session that is over."""
        file = self._file(session_id)
        if file is not None:
            with suppress(OSError):  # it is deleted later, when it is old
                file.unlink(missing_ok=True)

    def read(self, session_id: str) -> str:
        """Return a session's line.

        Raises:
            OSError: There is none, or it cannot be read.
        """
        file = self._file(session_id)
        if file is None:
            raise FileNotFoundError(f"{session_id!r} is no id of a session")
        with file.open("rb") as opened:
            return opened.read(MAX_LINE_BYTES).decode("utf-8", "replace")

    def _file(self, session_id: str) -> Path | None:
        return self._folder / session_id if _SESSION_ID.fullmatch(session_id) else None

    def _forget_old(self) -> None:
        oldest = time.time() - KEPT_SECONDS
        for file in self._folder.iterdir():
            with suppress(OSError):  # another process may have been faster
                if file.stat().st_mtime < oldest:
                    file.unlink()
