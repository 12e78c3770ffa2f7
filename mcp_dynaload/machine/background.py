"""Work in the background that ends nothing else when it fails: one odd server must not cost others their session."""

from collections.abc import Awaitable, Callable
from typing import TypeVarTuple

import anyio
import structlog

AGAIN_SECONDS = 5.0
"""After a failure of what is to go on for ever."""

log = structlog.get_logger()

_Arguments = TypeVarTuple("_Arguments")


async def surviving(work: Callable[[*_Arguments], Awaitable[None]], *args: *_Arguments) -> None:
    """Do some work; a fault of ours in it is logged, and what runs beside it goes on."""
    await _is_done(work, *args)


async def kept_up(work: Callable[[*_Arguments], Awaitable[None]], *args: *_Arguments) -> None:
    """Do work that has no end, or one of its own: after a fault of ours, which is logged, it is begun again."""
    while not await _is_done(work, *args):  # noqa: ASYNC110 - nothing tells that it would succeed now
        await anyio.sleep(AGAIN_SECONDS)


async def _is_done(work: Callable[[*_Arguments], Awaitable[None]], *args: *_Arguments) -> bool:
    try:
        await work(*args)
    except Exception:  # whatever it is: the siblings of this task would be cancelled
        log.exception("background_work_broke_us", work=getattr(work, "__qualname__", repr(work)))
        return False
    return True
