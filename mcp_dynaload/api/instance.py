"""The one instance that a whole process shares, for programs without a place to keep their own."""

import asyncio
from contextlib import suppress
from typing import Any

import anyio

from mcp_dynaload.api.dynaload import Dynaload
from mcp_dynaload.errors import DynaloadError


class _Owner:
    """A task that keeps an instance open, for as long as the event loop runs or until it is closed."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.loop = asyncio.get_running_loop()
        self._instance: asyncio.Future[Dynaload] = self.loop.create_future()
        self._over = anyio.Event()
        # The callers' task groups end before the instance does, so none of them can own it.
        self._task = self.loop.create_task(self._own())

    async def instance(self) -> Dynaload:
        return await asyncio.shield(self._instance)

    async def close(self) -> None:
        self._over.set()
        with suppress(asyncio.CancelledError):
            await asyncio.shield(self._task)

    @property
    def is_over(self) -> bool:
        return self._task.done() or self.loop.is_closed()

    async def _own(self) -> None:
        try:
            async with Dynaload.open(**self.options) as instance:
                self._instance.set_result(instance)
                await self._over.wait()
        except BaseException as error:  # a cancellation, too: whoever waits for the instance must not wait for ever
            if self._instance.done():
                raise
            self._instance.set_exception(error)


_owners: list[_Owner] = []
"""At most one: what "shared by a process" means needs a place that the process has once."""


async def get_integration_instance(**options: Any) -> Dynaload:
    """Return the process's instance, opened by the first call with the options of `Dynaload.open`.

    It needs asyncio, and is closed by `close_integration_instance`, or with the event loop.

    Raises:
        ConfigError: A setting or servers file is wrong.
        DynaloadError: It is open with other options, or in another event loop.
    """
    if _owners and _owners[0].is_over:
        _owners.clear()
    if not _owners:
        _owners.append(_Owner(options))
    owner = _owners[0]
    if owner.loop is not asyncio.get_running_loop():
        raise DynaloadError("the shared instance runs in another event loop: use Dynaload.open in each")
    if options and options != owner.options:
        raise DynaloadError("the shared instance is open with other options: close it first, or use Dynaload.open")
    return await owner.instance()


async def close_integration_instance() -> None:
    """Close the process's instance, if there is one; its servers' processes are gone when this returns."""
    while _owners:
        await _owners.pop().close()
