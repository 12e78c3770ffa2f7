"""Memory that was freed, which the C library keeps until it is told to give it back, and what is kept for long.

Python looks for garbage through all that is not set aside: in a large catalog for tens of milliseconds, in which no
thread goes on.
"""

import ctypes
import gc
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Give freed memory back to the system, where the C library can (glibc); takes some milliseconds of a thread.

    For after something large was read and let go of, as at the start; not for what is freed all the time.
    """
    if (trim := _trim()) is not None:
        trim(0)


def set_aside(*, again: bool) -> None:
    """Set aside all that there is now from the search for garbage, in a process whose start was set aside, too.

    `again`: some of what was set aside before may be garbage by now, and is looked for first. In any other process most
    of what there is may be of somebody else, and nothing is done.
    """
    if not gc.get_freeze_count():
        return
    if again:
        gc.unfreeze()
        gc.collect()
    gc.freeze()


@cache
def _trim() -> Callable[[int], int] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows: they have none
        return None
