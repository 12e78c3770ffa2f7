"""Memory that is not needed any more, though the C library or the system keep it, and what is kept for long.

Python looks for garbage through all that is not set aside: in a large catalog for tens of milliseconds, in which no
thread goes on.
"""

import ctypes
import gc
import mmap
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Timer

LARGE_BYTES = 500_000
"""From this size on a message is worth it to give memory back for."""

GIVE_BACK_SECONDS = 1.0
"""By then it was passed on, and no sooner is given back again."""

_MAPPING = re.compile(
    rb"^(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) (?P<rights>[-rwxps]{4}) \S+ \S+ \d+ +(?P<file>/[^\n]+)\n"
    rb"(?:(?!Anonymous:)\w+:[^\n]*\n)*Anonymous: +(?P<own>\d+) kB$",
    re.MULTILINE,
)
"""A file's part in Linux's list of what a process has in memory, with the kB of it that are the process's own."""


def give_back() -> None:
    """Give freed memory back to the system, where the C library can (glibc); takes some milliseconds of a thread.

    For after something large was read and let go of, as at the start; not for what is freed all the time.
    """
    if (trim := _trim()) is not None:
        trim(0)


def let_go(size: int) -> None:
    """Give freed memory back a while after this, if what was read or written now, and is let go of, is so large.

    The C library keeps several times a message's size: it is read, parsed, written. Returns at once; what is large
    follows within that while is meant, too, so that much to read all day costs a thread some milliseconds a second.
    """
    if size < LARGE_BYTES or _PROCESS.is_about_to_give_back or _trim() is None:
        return
    _PROCESS.is_about_to_give_back = True
    timer = Timer(GIVE_BACK_SECONDS, _give_back_now)
    timer.daemon = True  # nothing waits for it at the end
    timer.start()


def _give_back_now() -> None:
    _PROCESS.is_about_to_give_back = False
    give_back()


def unmap_code() -> None:
    """Take the code of libraries out of a process that is ours; what of it runs again is mapped again, in microseconds.

    Loading a library reads most of it, tens of megabytes, and running it a tenth of that. The rest stays with the
    system, in its cache of files, as long as nobody needs the room. For after all is loaded, and only on Linux.
    """
    advise = _advise() if _PROCESS.is_ours else None
    if advise is None:
        return
    for start, size in _parts_of_code(Path("/proc/self/smaps").read_bytes()):
        advise(start, size, mmap.MADV_DONTNEED)


def _parts_of_code(smaps: bytes) -> Iterator[tuple[int, int]]:
    """List begin and size of what is mapped of programs and libraries as it is in their files."""
    mappings = list(_MAPPING.finditer(smaps))
    programs = {found["file"] for found in mappings if b"x" in found["rights"]}
    for found in mappings:
        if found["file"] in programs and b"w" not in found["rights"] and found["own"] == b"0":
            start = int(found["start"], 16)
            yield start, int(found["end"], 16) - start


@dataclass(slots=True)
class _Process:
    """The state of this process."""

    is_ours: bool = False
    has_set_aside: bool = False
    is_about_to_give_back: bool = False


_PROCESS = _Process()


def claim_process() -> None:
    """Say that all of this process is ours, and set aside what there is now: its start, which is kept to its end."""
    _PROCESS.is_ours = True
    gc.freeze()


def set_aside() -> None:
    """Set aside all that there is now from the search for garbage, in a process that is ours.

    What was set aside the last time may be garbage by now, and is looked for first. In any other process most of what
    there is may be of somebody else, and nothing is done.
    """
    if not _PROCESS.is_ours:
        return
    if _PROCESS.has_set_aside:
        gc.unfreeze()
        gc.collect()
    gc.freeze()
    _PROCESS.has_set_aside = True


@cache
def _trim() -> Callable[[int], int] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows: they have none
        return None


@cache
def _advise() -> Callable[[int, int, int], int] | None:
    if sys.platform != "linux":
        return None
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return advise
