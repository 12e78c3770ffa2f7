"""Listing an upstream again when it says that its lists have changed: as often as it tells something new, no more."""

from collections.abc import Awaitable, Callable

import anyio
from mcp.shared.exceptions import MCPError

from mcp_dynaload.errors import UpstreamError
from mcp_dynaload.upstream.allowance import Allowance

FIRST_PAUSE_SECONDS = 0.2
"""After a listing; each further one that brings nothing new doubles it."""

MAX_PAUSE_SECONDS = 60.0

SHARE = 0.1
"""The share of the time that may be spent on the lists of one upstream in the long run."""

BURST_SECONDS = 3.0


class Relisting:
    """A listing at a time, and one more if a change was told meanwhile."""

    def __init__(self, list_now: Callable[[], Awaitable[bool]], failed: Callable[[Exception], object]) -> None:
        """Take the function that lists, and tells whether that brought something new, and one to tell why not."""
        self._list_now = list_now
        self._failed = failed
        self._told = anyio.Event()
        self._listing = anyio.Lock()
        self._allowance = Allowance(SHARE, BURST_SECONDS)

    def ask(self) -> None:
        """Take note of a change."""
        self._told.set()

    async def now(self) -> bool:
        """List, after the listing that is under way if there is one; whether that brought something new."""
        async with self._listing:
            self._told = anyio.Event()
            return await self._list_now()

    async def run(self) -> None:
        """List after each change, for ever."""
        pause = 0.0
        while True:
            await self._told.wait()
            began = anyio.current_time()
            is_new = await self._tried()
            pause = FIRST_PAUSE_SECONDS if is_new or not pause else min(2 * pause, MAX_PAUSE_SECONDS)
            await self._allowance.spend(anyio.current_time() - began)
            await anyio.sleep(pause)

    async def _tried(self) -> bool:
        try:
            return await self.now()
        except (MCPError, TimeoutError, UpstreamError) as error:
            self._failed(error)
            return False
