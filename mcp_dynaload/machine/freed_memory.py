"""Memory that was freed: the C library keeps much of it for this process until it is told to give it back."""

import ctypes
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Give freed memory back to the system, where the C library can (glibc); takes some milliseconds of a thread.

    For after something large was read and let go of, as at the start; not for what is freed all the time.
    """
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows: they have none
        return None
