"""Reading files that somebody else may have put there: regular ones only, up to a size, without waiting."""

import errno
import os
import stat
from pathlib import Path

MAX_FILE_BYTES = 1_000_000
"""A configuration that people write is smaller; what a repository brings must not fill our memory."""


def read_bounded(path: Path, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Return the content of a regular file.

    A pipe or device is not waited for, and links are followed.

    Raises:
        OSError: It cannot be opened, is no regular file (EINVAL), or is too large (EFBIG).
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise OSError(errno.EFBIG, f"it is larger than {max_bytes:,} bytes", str(path))
    return content


def is_inside(path: Path, folder: Path) -> bool:
    """Return whether the path leads to a place in the folder, all links followed."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def read_inside(path: Path, folder: Path) -> bytes:
    """Return the content of a regular file in a folder; a link that leads out of the folder is not followed.

    Raises:
        OSError: As of `read_bounded`, or it leads out of the folder (EPERM).
    """
    if not is_inside(path, folder):
        raise OSError(errno.EPERM, f"it is a link that leads out of {str(folder)!r}", str(path))
    return read_bounded(Path(os.path.realpath(path)))
