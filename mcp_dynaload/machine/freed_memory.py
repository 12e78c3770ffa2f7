"""Memory that was freed, which the C library keeps until it is told to give it back, and what is kept for long.

Python looks for garbage through all that is not set aside: in a large catalog for tens of milliseconds, in which no
thread goes on.
"""

import ctypes
import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache


def give_back() -> None:
    """Give freed memory back to the system, where the C library can (glibc); takes some milliseconds of a thread.

    For after something large was read and let go of, as at the start; not for what is freed all the time.
    """
    if (trim := _trim()) is not None:
        trim(0)


@dataclass(slots=True)
class _Process:
    """The state of this process."""

    is_ours: bool = False
    has_set_aside: bool = False


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
