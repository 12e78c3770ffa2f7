"""Adds events up in memory."""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mcp_dynaload.catalog.cost import reduction
from mcp_dynaload.selection.policy import BOUNDS, Strategy
from mcp_dynaload.telemetry.events import (
    CommandRun,
    Event,
    FellBack,
    ListChanged,
    PromptServed,
    SessionOpened,
    ToolCalled,
    UpstreamFailed,
    UpstreamStarted,
    UpstreamStopped,
)
from mcp_dynaload.telemetry.histogram import Histogram
from mcp_dynaload.telemetry.session_views import SessionBook
from mcp_dynaload.telemetry.summary import (
    CallCounts,
    CategoryCounts,
    Reductions,
    Summary,
    TokenTotals,
    UpstreamCounts,
)

MAX_REDUCTIONS = 10_000
"""The last prompts of which percentiles are made."""

TIMED = (
    "detection",
    "selection",
    "refresh",
    "prompt",
    "upstream_start",
    "call_own",
    "call_upstream",
    "call",
    "command",
)


@dataclass(slots=True)
class _Upstream:
    starts: int = 0
    stops: int = 0
    failures: int = 0
    calls: int = 0
    errors: Counter[str] = field(default_factory=Counter[str])
    start_ms: float = 0.0
    call_ms: float = 0.0

    def counts(self) -> UpstreamCounts:
        return UpstreamCounts(
            starts=self.starts,
            stops=self.stops,
            failures=self.failures,
            calls=self.calls,
            errors=dict(self.errors),
            start_ms=self.start_ms / self.starts if self.starts else 0.0,
            call_ms=self.call_ms / self.calls if self.calls else 0.0,
        )


class Totals:
    """An observer of events; `summary` gives their totals."""

    def __init__(self) -> None:
        self.book = SessionBook()
        self._since = 0.0
        self._counts: Counter[str] = Counter()
        self._times = {name: Histogram() for name in TIMED}
        self._by_tiers: dict[str, Histogram] = {}
        self._reductions: deque[tuple[str, float]] = deque(maxlen=MAX_REDUCTIONS)
        self._upstreams: dict[str, _Upstream] = {}
        self._commands: Counter[str] = Counter()
        self._tools: Counter[str] = Counter()
        self._categories: dict[str, tuple[int, int]] = {}
        self._fallbacks: Counter[str] = Counter()

    def __call__(self, at: float, event: Event) -> None:
        """Add an event."""
        self._since = self._since or at
        self.book(at, event)
        match event:
            case SessionOpened():
                self._counts["sessions"] += 1
            case PromptServed():
                self._add_prompt(event)
            case ListChanged():
                self._counts["list_change_cost"] += event.cache_cost_tokens
            case ToolCalled():
                self._add_call(event)
            case CommandRun():
                self._commands[event.command] += 1
                self._counts["commands_succeeded"] += event.success
                self._times["command"].note(event.ms)
            case FellBack():
                self._fallbacks[event.step] += 1
            case UpstreamStarted() | UpstreamStopped() | UpstreamFailed():
                self._add_upstream(event)
            case _:
                pass

    def summary(self) -> Summary:
        """Return the totals of all events up to now."""
        counts = self._counts
        return Summary(
            since=self._since,
            sessions=counts["sessions"],
            sessions_open=self.book.open_count,
            prompts=counts["prompts"],
            tokens=self._tokens(),
            reductions=_reductions(self._reductions),
            times={name: histogram.times() for name, histogram in self._times.items()},
            prompt_times_by_tiers={name: self._by_tiers[name].times() for name in sorted(self._by_tiers)},
            quality=self.book.quality(),
            calls=self._calls(),
            upstreams={name: self._upstreams[name].counts() for name in sorted(self._upstreams)},
            cache_hits=counts["cache_hits"],
            cache_misses=counts["cache_misses"],
            commands=dict(self._commands.most_common()),
            commands_succeeded=counts["commands_succeeded"],
            tools=dict(self._tools.most_common()),
            categories={
                name: CategoryCounts(prompts=prompts, tokens=tokens)
                for name, (prompts, tokens) in sorted(self._categories.items(), key=lambda item: (-item[1][0], item[0]))
            },
            fallbacks=dict(self._fallbacks.most_common()),
        )

    def _add_prompt(self, event: PromptServed) -> None:
        self._counts.update(
            prompts=1,
            baseline=event.baseline_tokens,
            native=event.native_tokens,
            listed=event.listed_tokens,
            cache_hits=event.cache_hit is True,
            cache_misses=event.cache_hit is False,
        )
        self._reductions.append((event.strategy, reduction(event.baseline_tokens, event.listed_tokens)))
        for name, ms in (
            ("detection", event.detection_ms),
            ("selection", event.selection_ms),
            ("refresh", event.refresh_ms),
            ("prompt", event.total_ms),
        ):
            self._times[name].note(ms)
        self._by_tiers.setdefault(event.tiers, Histogram()).note(event.total_ms)
        for name, tokens in event.categories.items():
            prompts, before = self._categories.get(name, (0, 0))
            self._categories[name] = prompts + 1, before + tokens

    def _add_call(self, event: ToolCalled) -> None:
        self._counts.update(
            {"calls": 1, event.outcome: 1, "request_bytes": event.request_bytes, "result_bytes": event.result_bytes}
        )
        if not event.upstream:
            return
        self._tools[event.tool] += 1
        upstream = self._upstream(event.upstream)
        upstream.calls += 1
        upstream.call_ms += event.upstream_ms
        upstream.errors.update([str(event.error)] if event.error else [])
        self._times["call_own"].note(event.own_ms)
        self._times["call_upstream"].note(event.upstream_ms)
        self._times["call"].note(event.own_ms + event.upstream_ms)

    def _add_upstream(self, event: UpstreamStarted | UpstreamStopped | UpstreamFailed) -> None:
        upstream = self._upstream(event.upstream)
        match event:
            case UpstreamStarted():
                upstream.starts += 1
                upstream.start_ms += event.ms
                self._times["upstream_start"].note(event.ms)
            case UpstreamStopped():
                upstream.stops += 1
            case UpstreamFailed():
                upstream.failures += 1
                upstream.errors[event.kind] += 1

    def _upstream(self, name: str) -> _Upstream:
        return self._upstreams.setdefault(name, _Upstream())

    def _tokens(self) -> TokenTotals:
        counts = self._counts
        saved = counts["baseline"] - counts["listed"]
        cost = counts["list_change_cost"]
        return TokenTotals(
            baseline=counts["baseline"],
            native=counts["native"],
            listed=counts["listed"],
            saved=saved,
            list_change_cost=cost,
            net_saved=saved - cost,
            net_saved_against_native=counts["native"] - counts["listed"] - cost,
        )

    def _calls(self) -> CallCounts:
        counts = self._counts
        return CallCounts(
            total=counts["calls"],
            ok=counts["ok"],
            tool_error=counts["tool_error"],
            failed=counts["failed"],
            cancelled=counts["cancelled"],
            refused=counts["refused"],
            request_bytes=counts["request_bytes"],
            result_bytes=counts["result_bytes"],
        )


def _reductions(of_prompts: Iterable[tuple[str, float]]) -> Reductions:
    shares = list(of_prompts)
    ordered = sorted(share for _, share in shares)
    reaching = sum(share >= _floor(strategy) for strategy, share in shares)
    strategies = sorted({strategy for strategy, _ in shares})
    return Reductions(
        mean_percent=_mean_percent(ordered),
        p10_percent=_percentile_percent(ordered, 0.1),
        p50_percent=_percentile_percent(ordered, 0.5),
        reaching_floor_share=reaching / len(shares) if shares else 1.0,
        mean_percent_by_strategy={
            name: _mean_percent([share for strategy, share in shares if strategy == name]) for name in strategies
        },
    )


def _floor(strategy: str) -> float:
    """Return the least reduction that a strategy promises."""
    return BOUNDS[Strategy(strategy)].min_reduction if strategy in BOUNDS else 0.0


def _mean_percent(shares: Sequence[float]) -> float:
    return 100 * sum(shares) / len(shares) if shares else 0.0


def _percentile_percent(ordered: Sequence[float], share: float) -> float:
    return 100 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
