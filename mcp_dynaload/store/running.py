"""Files of processes of ours that run: each is locked as long as its process does, and says where that is reached."""

import os
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mcp_dynaload.machine.private_files import make_private_folder, open_private

KEPT_SECONDS = 3600.0
"""The file of a process that was killed is deleted after this; a new one is not locked yet for a moment."""

MAX_CONTENT_BYTES = 4096

SOCKET_SUFFIX = ".sock"
MAX_SOCKET_PATH_BYTES = 103
"""The systems allow 104, or 108, with a zero at the end."""

SOCKET_FOLDER = "mcp-dynaload-"
"""How the name of a folder begins in which a socket of ours is."""


@contextmanager
def held(file: Path, content: str) -> Generator[None]:
    """Have a file with this content there, locked, while the block runs.

    Raises:
        OSError: It cannot be made.
    """
    make_private_folder(file.parent)
    try:
        with open(file, "wb", opener=open_private) as opened:
            opened.write(content.encode())
            opened.flush()
            _lock(opened)
            yield
    finally:
        with suppress(OSError):  # nobody takes it for a running process's
            file.unlink(missing_ok=True)


@contextmanager
def private_address(name: str) -> Generator[str]:
    """Make a folder that only the user may enter, and yield where a socket of this name would be; empty on Windows.

    It is in the folder for temporary files, as such a path must be short.

    Raises:
        OSError: It cannot be made.
    """
    if sys.platform == "win32":
        yield ""
        return
    with tempfile.TemporaryDirectory(prefix=SOCKET_FOLDER, ignore_cleanup_errors=True) as folder:
        yield str(Path(folder) / name)


@contextmanager
def address_beside(file: Path) -> Generator[str]:
    """Yield where the socket of a process with this file would be: beside it, unless that path is too long for one.

    Raises:
        OSError: No folder can be made for it.
    """
    beside = file.with_name(f"{file.name}{SOCKET_SUFFIX}")
    if sys.platform == "win32" or len(os.fsencode(beside)) > MAX_SOCKET_PATH_BYTES:
        with private_address(file.name) as address:
            yield address
        return
    make_private_folder(file.parent)
    try:
        yield str(beside)
    finally:
        with suppress(OSError):  # it is deleted later
            beside.unlink(missing_ok=True)


def contents_of(folder: Path) -> dict[Path, str]:
    """Return what stands in the files of processes that run, by file; what killed ones have left is deleted."""
    if not folder.is_dir():
        return {}
    for socket in dead_sockets(folder):
        with suppress(OSError):  # another process may have been faster
            socket.unlink(missing_ok=True)
    files = [file for file in sorted(folder.iterdir()) if file.suffix != SOCKET_SUFFIX]
    return {file: content for file in files if (content := content_of(file)) is not None}


def dead_sockets(folder: Path) -> Generator[Path]:
    """Yield the sockets of processes whose file is gone."""
    yield from (path for path in sorted(folder.glob(f"*{SOCKET_SUFFIX}")) if not path.with_suffix("").exists())


def content_of(file: Path) -> str | None:
    """Return what stands in a file if who has made it still runs; an old one of somebody who does not is deleted."""
    with suppress(FileNotFoundError):
        if sys.platform == "win32":
            try:
                file.unlink()
            except PermissionError:  # somebody has it open
                return ""
            return None
        import fcntl

        with file.open("rb") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return opened.read(MAX_CONTENT_BYTES).decode("utf-8", "replace")
            if time.time() - os.fstat(opened.fileno()).st_mtime > KEPT_SECONDS:
                file.unlink(missing_ok=True)
    return None


def _lock(opened: IO[bytes]) -> None:
    if sys.platform != "win32":  # there nobody can delete what is open, which tells as much
        import fcntl

        fcntl.flock(opened, fcntl.LOCK_EX)
