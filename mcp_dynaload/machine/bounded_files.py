"""Reading files that somebody else may have put there: regular ones only, up to a size, without waiting."""

import errno
import os
import select
import stat
import time
from pathlib import Path

MAX_FILE_BYTES = 1_000_000
"""A configuration that people write is smaller; what a repository brings must not fill our memory."""


PIPE_SECONDS = 3.0
"""How long the writer of a pipe may take for the next piece of it, and for all of it."""


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


def read_named(path: Path) -> bytes:
    """Return the content of a file that the user has named, which may be a pipe: `--config <(command)`.

    A pipe is waited for as long as its writer may take; one without a writer is empty.

    Raises:
        OSError: It cannot be opened, is a device (EINVAL), or its writer takes too long (ETIMEDOUT).
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    with os.fdopen(descriptor, "rb", 0) as file:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISFIFO(kind):
            return _read_pipe(descriptor, path)
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        return file.read()


def _read_pipe(descriptor: int, path: Path) -> bytes:
    content, ends_at = b"", time.monotonic() + PIPE_SECONDS
    while len(content) <= MAX_FILE_BYTES:
        if not select.select([descriptor], [], [], max(0.0, ends_at - time.monotonic()))[0]:
            raise OSError(errno.ETIMEDOUT, f"nothing came through the pipe in {PIPE_SECONDS:g} s", str(path))
        if not (piece := os.read(descriptor, 65_536)):
            return content
        content += piece
    raise OSError(errno.EFBIG, f"it is larger than {MAX_FILE_BYTES:,} bytes", str(path))


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
