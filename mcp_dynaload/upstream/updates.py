"""Word of changed resources: of each the last that was said, no faster than a client can use it."""

from collections.abc import Awaitable, Callable

import anyio

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.upstream.allowance import Rate

UPDATED = "notifications/resources/updated"

PAUSE_SECONDS = 0.02
PER_SECOND = 100
AT_ONCE = 300
"""Resources that are told of, however many different ones a server names."""

MAX_WAITING = 1_000
"""Resources of which there can be something to tell at a time."""


class Updates:
    """The resources of one connection whose updates are still to be told."""

    def __init__(self, tell: Callable[[Json], Awaitable[None]]) -> None:
        self._tell = tell
        self._waiting: dict[str, Json] = {}
        self._news = anyio.Event()
        self._rate = Rate(PER_SECOND, AT_ONCE)

    def note(self, params: Json) -> None:
        """Take note that a resource was updated."""
        uri = str(params.get("uri"))
        if uri in self._waiting or len(self._waiting) < MAX_WAITING:
            self._waiting[uri] = params
            self._news.set()

    async def run(self) -> None:
        """Tell, for ever."""
        while True:
            await self._news.wait()
            self._news = anyio.Event()
            while self._waiting:
                while not self._rate.takes_one():  # noqa: ASYNC110 - the time goes by
                    await anyio.sleep(1 / PER_SECOND)
                uri = next(iter(self._waiting))
                await self._tell(self._waiting.pop(uri))
            await anyio.sleep(PAUSE_SECONDS)
