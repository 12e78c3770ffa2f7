"""Knowledge of a project's tools that a session adds to and takes from the sessions before it."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from uuid import uuid4

import anyio
import anyio.to_thread

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.ranking.ranker import Ranker
from mcp_dynaload.selection.followers import usual_follower
from mcp_dynaload.selection.priors import NOTHING_LEARNED, LearnedRanker, Priors, SessionUse, priors_of
from mcp_dynaload.store.usage import Calls, SessionRow, UsageStore

MAX_CALLED = 100
"""Calls of one turn that are looked at for what follows what."""

LAST_STORING_SECONDS = 2.0
"""The time to store what was learned; it is not worth a client waiting for our end any longer."""


@dataclass(slots=True)
class Learning:
    """The notes of one session: names and counts. Switched off it notes nothing and knows nothing."""

    memory: UsageStore
    project: str
    is_on: bool
    session: str = ""
    """The client's id of the conversation; ours where it has none."""

    priors: Priors = NOTHING_LEARNED
    """As of the last `recall`: they stay for the conversation, so that the same prompt gets the same tools."""

    _has_begun: bool = False
    _calls: dict[str, int] = field(default_factory=dict[str, int])
    _stored: set[str] = field(default_factory=set[str])
    _searched: set[str] = field(default_factory=set[str])
    _turn: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.session = self.session or uuid4().hex

    def recall(self) -> None:
        """Read what the sessions up to now have shown; blocks for a few milliseconds."""
        if self.is_on:
            self.priors = stored_priors(self.memory, self.project)

    def core(self, catalog: Catalog) -> tuple[str, ...]:
        """Return the project's usual tools."""
        return self.priors.core(catalog)

    def ranker(self, ranker: Ranker, catalog: Catalog) -> Ranker:
        """Return the ranker of this catalog, with what was learned."""
        lifts = self.priors.lifts(catalog)
        return LearnedRanker(ranker, lifts) if lifts else ranker

    def note_search(self, names: Iterable[str]) -> None:
        """Note that these tools were not listed when they were wanted."""
        self._searched.update(names)

    def note_call(self, name: str) -> None:
        """Note that a tool was called."""
        self._has_begun = True
        self._calls[name] = self._calls.get(name, 0) + 1
        self._turn = [*self._turn[-MAX_CALLED:], name]

    async def end_turn(self, loaded: frozenset[str]) -> tuple[str, ...]:
        """Store the turn, and return the tools that usually come next."""
        called, self._turn = self._turn, self._turn[-1:]
        if not self.is_on:
            return ()
        self._has_begun = True
        await self.store(loaded)
        if not called:
            return ()
        pairs = [(tool, follower) for tool, follower in pairwise(called) if tool != follower]
        await anyio.to_thread.run_sync(self.memory.note_followings, self.project, pairs)
        return await anyio.to_thread.run_sync(self.memory.followers, self.project, called[-1])

    async def follower(self, tool: str) -> str | None:
        """Return the tool that usually comes after this one in the project."""
        if not self.is_on:
            return None
        return usual_follower(tool, await anyio.to_thread.run_sync(self.memory.followings, self.project))

    async def begin(self, session: str, loaded: frozenset[str]) -> None:
        """Begin another conversation; what the one before has loaded and done is stored under its own id."""
        await self.store(loaded)
        self.session, self._has_begun = session, False
        self._stored, self._searched, self._turn = set(), set(), []

    async def close(self, loaded: frozenset[str]) -> None:
        """Store what is left, even when everything around is cancelled."""
        await self.store(loaded)

    async def store(self, loaded: frozenset[str]) -> None:
        """Write down what is new since the last time; nothing before the first call or the end of a turn.

        A client may be gone while that is done: what was taken off the notes is written all the same.
        """
        calls, self._calls = self._calls, {}
        if not self.is_on or not self._has_begun:
            return
        in_vain = loaded - self._stored - self._searched
        tools = {name: Calls(calls.get(name, 0), name in self._searched) for name in sorted(in_vain.union(calls))}
        self._stored.update(tools)
        with anyio.move_on_after(LAST_STORING_SECONDS, shield=True):
            await anyio.to_thread.run_sync(self.memory.note, self.project, self.session, tools, abandon_on_cancel=True)


def stored_priors(memory: UsageStore, project: str) -> Priors:
    """Return what is known of a project now."""
    return priors_of([_use_of(row) for row in memory.sessions(project)], time.time())


def _use_of(row: SessionRow) -> SessionUse:
    called = frozenset(name for name, calls in row.tools.items() if calls.times)
    missed = frozenset(name for name in called if row.tools[name].was_missed)
    return SessionUse(row.at, called, missed, frozenset(row.tools) - called)
