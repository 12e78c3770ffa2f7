"""Each session as the events tell it: what it has loaded and why, what that saved, and what of it was used."""

from dataclasses import dataclass, field

from mcp_dynaload.by_key import ByKey
from mcp_dynaload.telemetry.events import (
    Event,
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
    """The quality of the choice, in tools."""

    used: int = 0
    """Loaded and called."""

    in_vain: int = 0
    """Loaded and not called, or not yet."""

    missed: int = 0
    """Called, but had to be searched first, or were called without being listed."""

    searches: int = 0

    def __add__(self, other: "Quality") -> "Quality":
        """Return the sum of both."""
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
    """The tokens of the whole catalog."""

    listed_tokens: int
    """Now in the list."""

    saved_tokens: int
    """Over its prompts, against all loaded."""

    cache_cost_tokens: int
    loaded: tuple[Loaded, ...]
    missed: tuple[str, ...]
    quality: Quality


@dataclass(slots=True)
class _SessionRecord:
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
    """An observer of events that knows the sessions which were active last."""

    def __init__(self) -> None:
        self._sessions: dict[str, _SessionRecord] = {}
        """In the order of their last event."""

        self._forgotten = Quality()

    def __call__(self, at: float, event: Event) -> None:
        """Take an event of a session."""
        if not event.who.session:
            return
        session = self._sessions.pop(event.who.session, None) or _SessionRecord(event.who, at, at)
        session.last_at = at
        self._sessions[event.who.session] = session
        _note(session, at, event)
        if len(self._sessions) > MAX_SESSIONS:
            self._forgotten += self._sessions.pop(next(iter(self._sessions))).quality()

    def views(self) -> tuple[SessionView, ...]:
        """Return all remembered sessions, latest first."""
        return tuple(session.view() for session in reversed(self._sessions.values()))

    def quality(self) -> Quality:
        """Return the quality of all sessions, the forgotten ones included."""
        total = self._forgotten
        for session in self._sessions.values():
            total += session.quality()
        return total

    @property
    def open_count(self) -> int:
        """The number of sessions that have not left."""
        return sum(session.is_open for session in self._sessions.values())


def _note(session: _SessionRecord, at: float, event: Event) -> None:
    match event:
        case SessionOpened():
            session.client, session.strategy, session.is_open = event.client, event.strategy, True
            session.tools, session.baseline_tokens = event.tools, event.baseline_tokens
        case SessionClosed():
            session.is_open = False
        case PromptServed():
            session.prompts += 1
            session.strategy, session.listed_tokens = event.strategy, event.listed_tokens
            session.saved_tokens += event.baseline_tokens - event.listed_tokens
            session.chosen.update(event.added)
        case ListChanged():
            session.listed_tokens = event.listed_tokens
            session.cache_cost_tokens += event.cache_cost_tokens
            for name in event.removed:
                session.loaded.pop(name, None)
            session.loaded |= {name: Loaded(name, event.why, at) for name in event.added}
        case ToolsSearched():
            session.searches += 1
            session.searched.update(event.added)
        case ToolCalled():
            session.calls += 1
            if event.outcome is not Outcome.REFUSED:
                session.called.add(event.tool)
            if not event.was_listed:
                session.searched.add(event.tool)
        case _:
            pass
