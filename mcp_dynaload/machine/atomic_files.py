"""Files that are replaced at once, and changed by one process at a time."""

import os
import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from mcp_dynaload.machine.private_files import PRIVATE_FILE, make_private_folder, open_private


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file's content at once, keeping its mode; a new file is for its owner only."""
    mode = path.stat().st_mode & 0o7777 if path.exists() else PRIVATE_FILE
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def locked(lock_file: Path) -> Generator[None]:
    """Hold a lock that one process has at a time; others wait for it.

    Raises:
        OSError: The lock's file cannot be made.
    """
    make_private_folder(lock_file.parent)
    with open(lock_file, "ab", opener=open_private) as file:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
