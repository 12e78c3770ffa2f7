"""Work in the background that ends nothing else when it fails: one odd server must not cost others their session."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVarTuple

import anyio
import anyio.abc
import structlog

AGAIN_SECONDS = 5.0
"""After a failure of what is to go on for ever."""

log = structlog.get_logger()

_Arguments = TypeVarTuple("_Arguments")


@asynccontextmanager
async def open_aside(context: AbstractAsyncContextManager[None]) -> AsyncGenerator[None]:
    """Keep a context open until the exit, in a task of its own: when all is cancelled it is left at once.

    The rest may take a second to come to its end, and a client kills us half a second after it has asked us to end.
    """

    async def keep_open(*, task_status: anyio.abc.TaskStatus[None]) -> None:
        async with context:
            task_status.started()
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        await tasks.start(keep_open)
        yield
        tasks.cancel_scope.cancel()


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
