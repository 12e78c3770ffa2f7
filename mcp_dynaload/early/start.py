"""Begins to answer at the start of `mcp-dynaload serve`, before anything else is imported."""

import os
import stat
import sys

from mcp_dynaload.early.answering import EarlyAnswers
from mcp_dynaload.early.records import SESSION_VARIABLE, StoredAnswers, read_record, record_file

TYPE_CHECKING = False  # `typing` would take a tenth of the time until the first answer
if TYPE_CHECKING:
    from collections.abc import Mapping

STDERR = 2


class EarlyStart:
    """A start whose first requests are answered early, or kept for the next one."""

    __slots__ = ("answers", "file", "stored")

    def __init__(self, file: str, stored: "StoredAnswers | None") -> None:
        self.file = file
        """Where the answers of the next start with the same arguments are looked for."""

        self.stored = stored
        """The answers stored there that still hold; None: nothing is answered early."""

        self.answers = EarlyAnswers(stored.clients if stored else [])


def begin(arguments: "list[str]", environ: "Mapping[str, str]") -> "EarlyStart | None":
    """Answer the client's first requests from now on, as far as that is safe; None where it never is."""
    if sys.platform == "win32" or not all(map(_is_open, range(STDERR + 1))) or not (_is_pipe(0) and _is_pipe(1)):
        return None
    try:
        file = record_file(arguments, environ)
    except OSError:  # the working directory is gone
        return None
    if file is None:
        return None
    stored = read_record(file)
    if stored and stored.grounds.digest(environ, environ.get(SESSION_VARIABLE, "")) != stored.digest:
        stored = None
    early = EarlyStart(file, stored)
    early.answers.start()
    return early


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _is_pipe(number: int) -> bool:
    mode = os.fstat(number).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
