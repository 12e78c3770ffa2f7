"""The wait of requests and prompts for servers that were never listed."""

from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

PROMPT_SECONDS = 2.0
"""Longest wait of a first prompt for servers that were never listed, or whose program has changed since."""

REQUEST_SECONDS = 25.0
"""Under the client's own limit of 30 s for connecting."""


@dataclass(slots=True)
class FirstListing:
    """The listing of all servers that were never listed in this project when a session begins."""

    unseen: Callable[[], tuple[str, ...]]
    """Returns the servers of which nothing is known yet."""

    ended: anyio.Event = field(default_factory=anyio.Event)
    """Set when each of which nothing is known has been listed or has failed."""

    whole: anyio.Event = field(default_factory=anyio.Event)
    """Set when those have, too, of which another project's tools and prompts are known."""

    wanted: anyio.Event = field(default_factory=anyio.Event)
    """Set when something is asked for that nobody knows of these before they are listed."""

    _one: anyio.Event = field(default_factory=anyio.Event)
    """Set, and replaced by a new one, when a server's new listing is known, and at the end."""

    def note_one(self) -> None:
        """Note that a server's new listing is known."""
        self._one.set()
        self._one = anyio.Event()

    def end(self) -> None:
        """Note that all of which nothing is known have been tried."""
        self.ended.set()
        self.note_one()

    def end_whole(self) -> None:
        """Note that there is none left that was not tried."""
        self.whole.set()
        self.note_one()

    async def before_prompt(self) -> None:
        """Give them a moment: a first prompt may need what is theirs."""
        with anyio.move_on_after(PROMPT_SECONDS):
            await self._until(lambda: not self.unseen(), self.ended)

    async def before_answer(self, is_known: Callable[[], bool]) -> None:
        """Wait for what a request is about, as long as it may be one of theirs."""
        with anyio.move_on_after(REQUEST_SECONDS):
            await self._until(is_known, self.ended)

    async def before_resource(self, is_known: Callable[[], bool]) -> None:
        """Wait for a resource, which is in no other project's listing: as long as it may be of any of them."""
        self.wanted.set()
        with anyio.move_on_after(REQUEST_SECONDS):
            await self._until(is_known, self.whole)

    async def _until(self, is_known: Callable[[], bool], end: anyio.Event) -> None:
        while not is_known() and not end.is_set():
            await self._one.wait()
