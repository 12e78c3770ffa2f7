"""Overview of the journal of all processes, kept in step with it: for the dashboard."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from mcp_dynaload.store.journal import JournalStore, Wanted
from mcp_dynaload.telemetry.codec import events_of
from mcp_dynaload.telemetry.events import (
    AlertChanged,
    Event,
    FellBack,
    ListChanged,
    PromptServed,
    ToolCalled,
    ToolsSearched,
)
from mcp_dynaload.telemetry.session_views import SessionView
from mcp_dynaload.telemetry.summary import Summary
from mcp_dynaload.telemetry.totals import Totals

HOURS = 24
SLICE_SECONDS = 300
MAX_SLICES = HOURS * 3600 // SLICE_SECONDS
MAX_NOTED = 50
MAX_SESSIONS = 50


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice of five minutes."""

    at: float
    """Their beginning, in seconds since 1970."""

    prompts: int
    saved_tokens: int
    cache_cost_tokens: int


@dataclass(frozen=True, slots=True)
class Miss:
    """A tool that was wanted and not listed."""

    at: float
    session: str
    how: str
    """`searched` or `called`."""

    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """An alert or a fallback."""

    at: float
    name: str
    detail: str
    is_firing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The past of all processes that write this journal, as the dashboard shows it."""

    is_collecting: bool
    """False: METRICS_COLLECTION_ENABLED is false, and nothing new is written."""

    entries: int
    """Entries taken in; it rises with each."""

    summary: Summary
    series: tuple[Slice, ...]
    """Only the slices in which something happened, oldest first."""

    sessions: tuple[SessionView, ...]
    misses: tuple[Miss, ...]
    """Newest first."""

    alerts: tuple[Noted, ...]
    """Newest first; `firing` are those that have not ended."""

    firing: tuple[Noted, ...]
    fallbacks: tuple[Noted, ...]


@dataclass(slots=True)
class JournalWatch:
    """The sums of the journal from a day ago on; its methods block, any thread may call them."""

    open_store: Callable[[], JournalStore]
    is_collecting: bool
    clock: Callable[[], float] = time.time
    _store: JournalStore | None = None
    _last: int = 0
    _entries: int = 0
    _totals: Totals = field(default_factory=Totals)
    _slices: dict[int, Slice] = field(default_factory=dict[int, Slice])
    _misses: deque[Miss] = field(default_factory=lambda: deque(maxlen=MAX_NOTED))
    _alerts: deque[Noted] = field(default_factory=lambda: deque(maxlen=MAX_NOTED))
    _firing: dict[str, Noted] = field(default_factory=dict[str, Noted])
    _fallbacks: deque[Noted] = field(default_factory=lambda: deque(maxlen=MAX_NOTED))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def overview(self) -> Overview:
        """Return the overview as of now."""
        with self._lock:
            self._catch_up()
            return Overview(
                is_collecting=self.is_collecting,
                entries=self._entries,
                summary=self._totals.summary(),
                series=tuple(self._slices[number] for number in sorted(self._slices)[-MAX_SLICES:]),
                sessions=self._totals.book.views()[:MAX_SESSIONS],
                misses=tuple(reversed(self._misses)),
                alerts=tuple(reversed(self._alerts)),
                firing=tuple(self._firing.values()),
                fallbacks=tuple(reversed(self._fallbacks)),
            )

    def close(self) -> None:
        """Let go of the journal."""
        with self._lock:
            if self._store is not None:
                self._store.close()

    def _catch_up(self) -> None:
        self._store = self._store or self.open_store()
        since = None if self._last else self.clock() - HOURS * 3600
        entries = self._store.read(Wanted(after=self._last or None, since=since))
        if entries:
            self._last = entries[-1].id
            self._entries += len(entries)
        for at, event in events_of(entries):
            self._totals(at, event)
            self._note(at, event)

    def _note(self, at: float, event: Event) -> None:
        match event:
            case PromptServed():
                self._add(at, 1, event.baseline_tokens - event.listed_tokens, 0)
            case ListChanged() if event.cache_cost_tokens:
                self._add(at, 0, 0, event.cache_cost_tokens)
            case ToolsSearched():
                self._misses.append(Miss(at, event.who.session, "searched", event.added or event.found))
            case ToolCalled() if not event.was_listed:
                self._misses.append(Miss(at, event.who.session, "called", (event.tool,)))
            case FellBack():
                what = " ".join(part for part in (event.upstream, event.tool, event.detail) if part)
                self._fallbacks.append(Noted(at, event.step, what))
            case AlertChanged():
                detail = f"{event.value:.1f}, bound {event.threshold:g}"
                noted = Noted(at, event.alert, detail, event.is_firing)
                self._alerts.append(noted)
                self._firing.pop(event.alert, None)
                if event.is_firing:
                    self._firing[event.alert] = noted
            case _:
                pass

    def _add(self, at: float, prompts: int, saved: int, cost: int) -> None:
        number = int(at // SLICE_SECONDS)
        was = self._slices.get(number, Slice(float(number * SLICE_SECONDS), 0, 0, 0))
        self._slices[number] = Slice(
            was.at, was.prompts + prompts, was.saved_tokens + saved, was.cache_cost_tokens + cost
        )
