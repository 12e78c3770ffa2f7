"""Files and folders that only the user may read: what we keep may hold names, paths and what a server printed."""

import os
from contextlib import suppress
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_DIR = 0o700
_OTHERS = 0o077


def make_private_folder(folder: Path) -> None:
    """Make the folder, closed to everybody else; one that is there may be from a version that left it open.

    So are the folders that it needs and that are not there, as the XDG rules want it.

    Raises:
        OSError: It cannot be made.
    """
    for missing in reversed([parent for parent in folder.parents if not parent.exists()]):
        missing.mkdir(mode=PRIVATE_DIR, exist_ok=True)
    folder.mkdir(mode=PRIVATE_DIR, exist_ok=True)
    _close(folder, PRIVATE_DIR)


def make_private_file(file: Path) -> None:
    """Make the file if there is none, and close it to everybody else; its content stays.

    Raises:
        OSError: It cannot be made.
    """
    os.close(open_private(str(file), os.O_CREAT | os.O_RDONLY))
    _close(file, PRIVATE_FILE)


def open_private(path: str, flags: int) -> int:
    """Open a file for `open(…, opener=…)`, closed to everybody else if it is made by that."""
    return os.open(path, flags, PRIVATE_FILE)


def _close(path: Path, mode: int) -> None:
    if path.stat().st_mode & _OTHERS:
        with suppress(PermissionError):  # somebody else's, who let us in
            path.chmod(mode)
