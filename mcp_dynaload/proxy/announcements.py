"""Word to a client that a list differs, repeated where the client was not listening yet."""

from collections import Counter
from dataclasses import dataclass, field

import anyio
from mcp.server.connection import Connection

REPEATED_AFTER_SECONDS = (0.1, 0.3, 0.6, 1.0, 1.0, 1.0)
"""Claude Code hears of changes from some milliseconds after its first list was answered; what is told before is lost.

Measured with the client 2.1.332: told while that answer is under way, it does not list again, ever; 5 ms later it does.
On a busy machine these are seconds.
"""

KIND_OF = {"tools/list": "tools", "prompts/list": "prompts", "resources/list": "resources"}
TEMPLATES = "resources/templates/list"
"""A list without a word of its own: whoever is told of resources reads it again, too."""


@dataclass(slots=True)
class Announcements:
    """The lists of which a client was told that they differ, and those that it has read."""

    connection: Connection
    _unread: set[str] = field(default_factory=set[str])
    _read: Counter[str] = field(default_factory=Counter[str])
    _told: anyio.Event = field(default_factory=anyio.Event)

    async def tell(self, kind: str) -> None:
        """Say that `tools`, `prompts` or `resources` should be listed again."""
        self._unread.add(kind)
        self._told.set()
        await self._notify(kind)

    def note(self, method: str) -> None:
        """Note a request of the client's, if it reads a list."""
        if (kind := KIND_OF.get(method)) is not None:
            self._unread.discard(kind)
            self._read[kind] += 1

    async def repeat(self) -> None:
        """Repeat what the client may have missed while it took in its first lists, until it has read one again."""
        while not self._listens:
            await self._told.wait()
            self._told = anyio.Event()
            for seconds in REPEATED_AFTER_SECONDS:
                await anyio.sleep(seconds)
                for kind in [kind for kind in self._unread if self._read[kind] == 1 and not self._listens]:
                    await self._notify(kind)

    @property
    def _listens(self) -> bool:
        return any(times > 1 for times in self._read.values())

    async def _notify(self, kind: str) -> None:
        await self.connection.notify(f"notifications/{kind}/list_changed", None)
