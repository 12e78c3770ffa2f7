"""Each session as the facts tell it: what it has loaded and why, what that saved, and what of it was used."""

from dataclasses import dataclass, field

from mcp_dynaload.by_key import ByKey
from mcp_dynaload.telemetry.events import (
    Fact,
    ListChanged,
    Outcome,
    PromptServed,
    SessionClosed,
    SessionOpened,
    ToolCalled,
    ToolsSearched,
    Who,
)

MAX_SESSIONS = 500
"""Sessions that are remembered; of older ones only the sums."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A tool in a session's list."""

    tool: str
    why: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality(ByKey):
    """How good the choice was, in tools."""

    used: int = 0
    """Loaded and called."""

    in_vain: int = 0
    """Loaded and not called, or not yet."""

    missed: int = 0
    """Called, but had to be searched first, or were called without being listed."""

    searches: int = 0

    def __add__(self, other: "Quality") -> "Quality":
        """Both together."""
        return Quality(
            used=self.used + other.used,
            in_vain=self.in_vain + other.in_vain,
            missed=self.missed + other.missed,
            searches=self.searches + other.searches,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A session as it is now."""

    who: Who
    client: str
    strategy: str
    opened_at: float
    last_at: float
    is_open: bool
    prompts: int
    calls: int
    tools: int
    baseline_tokens: int
    """Of the catalog."""

    listed_tokens: int
    """Now in the list."""

    saved_tokens: int
    """Over its prompts, against all loaded."""

    cache_cost_tokens: int
    loaded: tuple[Loaded, ...]
    missed: tuple[str, ...]
    quality: Quality

    @property
    def net_saved_tokens(self) -> int:
        """After what the list changes have cost."""
        return self.saved_tokens - self.cache_cost_tokens


@dataclass(slots=True)
class _Session:
    who: Who
    opened_at: float
    last_at: float
    client: str = ""
    strategy: str = ""
    is_open: bool = True
    prompts: int = 0
    calls: int = 0
    tools: int = 0
    baseline_tokens: int = 0
    listed_tokens: int = 0
    saved_tokens: int = 0
    cache_cost_tokens: int = 0
    searches: int = 0
    loaded: dict[str, Loaded] = field(default_factory=dict[str, Loaded])
    chosen: set[str] = field(default_factory=set[str])
    """Ever loaded by us, not by a search or a call."""

    searched: set[str] = field(default_factory=set[str])
    called: set[str] = field(default_factory=set[str])

    def quality(self) -> Quality:
        used = len(self.chosen & self.called)
        missed = len(self.missed())
        return Quality(used=used, in_vain=len(self.chosen) - used, missed=missed, searches=self.searches)

    def missed(self) -> set[str]:
        return self.searched & self.called - self.chosen

    def view(self) -> SessionView:
        return SessionView(
            who=self.who,
            client=self.client,
            strategy=self.strategy,
            opened_at=self.opened_at,
            last_at=self.last_at,
            is_open=self.is_open,
            prompts=self.prompts,
            calls=self.calls,
            tools=self.tools,
            baseline_tokens=self.baseline_tokens,
            listed_tokens=self.listed_tokens,
            saved_tokens=self.saved_tokens,
            cache_cost_tokens=self.cache_cost_tokens,
            loaded=tuple(self.loaded[name] for name in sorted(self.loaded)),
            missed=tuple(sorted(self.missed())),
            quality=self.quality(),
        )


class SessionBook:
    """Observes facts; knows the sessions that were active last."""

    def __init__(self) -> None:
        self._sessions: dict[str, _Session] = {}
        """In the order of their last fact."""

        self._forgotten = Quality()

    def __call__(self, at: float, fact: Fact) -> None:
        """Take a fact of a session."""
        if not fact.who.session:
            return
        session = self._sessions.pop(fact.who.session, None) or _Session(fact.who, at, at)
        session.last_at = at
        self._sessions[fact.who.session] = session
        _note(session, at, fact)
        if len(self._sessions) > MAX_SESSIONS:
            self._forgotten += self._sessions.pop(next(iter(self._sessions))).quality()

    def views(self) -> tuple[SessionView, ...]:
        """All that are remembered, latest first."""
        return tuple(session.view() for session in reversed(self._sessions.values()))

    def quality(self) -> Quality:
        """Of all sessions, the forgotten ones included."""
        total = self._forgotten
        for session in self._sessions.values():
            total += session.quality()
        return total

    @property
    def open_count(self) -> int:
        """Sessions that have not left."""
        return sum(session.is_open for session in self._sessions.values())


def _note(session: _Session, at: float, fact: Fact) -> None:
    match fact:
        case SessionOpened():
            session.client, session.strategy, session.is_open = fact.client, fact.strategy, True
            session.tools, session.baseline_tokens = fact.tools, fact.baseline_tokens
        case SessionClosed():
            session.is_open = False
        case PromptServed():
            session.prompts += 1
            session.strategy, session.listed_tokens = fact.strategy, fact.listed_tokens
            session.saved_tokens += fact.baseline_tokens - fact.listed_tokens
            session.chosen.update(fact.added)
        case ListChanged():
            session.listed_tokens = fact.listed_tokens
            session.cache_cost_tokens += fact.cache_cost_tokens
            for name in fact.removed:
                session.loaded.pop(name, None)
            session.loaded |= {name: Loaded(name, fact.why, at) for name in fact.added}
        case ToolsSearched():
            session.searches += 1
            session.searched.update(fact.added)
        case ToolCalled():
            session.calls += 1
            if fact.outcome is not Outcome.REFUSED:
                session.called.add(fact.tool)
            if not fact.was_listed:
                session.searched.add(fact.tool)
        case _:
            pass
