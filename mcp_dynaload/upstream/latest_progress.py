"""Progress of open requests that comes faster than a client can use it: of each request the latest is told.

The protocol leaves how often to the server and has progress only increase, so what is in between says nothing more.
"""

from collections.abc import Awaitable, Callable

import anyio
from mcp_types import JSONRPCNotification

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.upstream.allowance import Rate
from mcp_dynaload.upstream.open_requests import ProgressToken

PER_SECOND = 100
AT_ONCE = 300
"""Progress that is told without leaving any out."""


class LatestProgress:
    """The last word about each open request of one connection that is still to be told."""

    def __init__(self, tell: Callable[[Json], Awaitable[None]]) -> None:
        self._tell = tell
        self._waiting: dict[ProgressToken, JSONRPCNotification] = {}
        self._news = anyio.Event()
        self._rate = Rate(PER_SECOND, AT_ONCE)

    def is_due(self, token: ProgressToken, said: JSONRPCNotification) -> bool:
        """Return whether it is to be told at once; else it is kept, in the place of what was said before it."""
        if self._rate.takes_one():
            self._waiting.pop(token, None)
            return True
        if token not in self._waiting:
            self._news.set()
        self._waiting[token] = said
        return False

    def last_of(self, token: ProgressToken | None) -> JSONRPCNotification | None:
        """Return what is still to be told of a request that is answered now: it comes before its answer."""
        return None if token is None else self._waiting.pop(token, None)

    async def run(self) -> None:
        """Tell what is waiting, for ever: a server that has said much may say nothing for long."""
        while True:
            await self._news.wait()
            self._news = anyio.Event()
            while self._waiting:
                await anyio.sleep(1 / PER_SECOND)
                if self._waiting and self._rate.takes_one():
                    said = self._waiting.pop(next(iter(self._waiting)))
                    await self._tell(said.params or {})
