"""The last that was said of each thing, told no faster than a client can use it: progress of calls, changed resources.

The protocol leaves how often to the server. Progress only increases, and a client reads a changed resource anew: what
is in between says nothing more.
"""

from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import anyio

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.upstream.allowance import Rate

PER_SECOND = 100
AT_ONCE = 300
"""Words that are told without leaving any out."""

PAUSE_SECONDS = 0.02
"""A newer word that comes within this time takes the place of the last."""

MAX_WAITING = 1_000
"""Things of which there can be something to tell at a time."""

Key = TypeVar("Key", bound=Hashable)


class LatestWords(Generic[Key]):
    """The last word of each kind of key of one connection that is still to be told."""

    def __init__(self, tell: Callable[[Json], Awaitable[None]]) -> None:
        self._tell = tell
        self._waiting: dict[Key, Json] = {}
        self._news = anyio.Event()
        self._rate = Rate(PER_SECOND, AT_ONCE)

    def is_due(self, key: Key, said: Json) -> bool:
        """Return whether it is to be told at once; else it is kept, in the place of what was said before it."""
        if self._rate.takes_one():
            self._waiting.pop(key, None)
            return True
        self.keep(key, said)
        return False

    def keep(self, key: Key, said: Json) -> None:
        """Keep it in the place of what was said before it, to be told soon."""
        if key in self._waiting or len(self._waiting) < MAX_WAITING:
            self._waiting[key] = said
            self._news.set()

    def last_of(self, key: Key) -> Json | None:
        """Return what is still to be told of something that is over: it comes before its end."""
        return self._waiting.pop(key, None)

    async def run(self) -> None:
        """Tell what is kept, for ever: a server that has said much may say nothing for long."""
        while True:
            await self._news.wait()
            self._news = anyio.Event()
            while self._waiting:
                await anyio.sleep(PAUSE_SECONDS)
                while self._waiting and self._rate.takes_one():
                    await self._tell(self._waiting.pop(next(iter(self._waiting))))
