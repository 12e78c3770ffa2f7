"""The totals of the events of some time, as frozen values; `dataclasses.asdict` makes JSON of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from mcp_dynaload.by_key import ByKey
from mcp_dynaload.telemetry.histogram import Times
from mcp_dynaload.telemetry.session_views import Quality


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTotals(ByKey):
    """The sums over the prompts, in tokens of definitions per prompt's first request."""

    baseline: int
    """All tools loaded."""

    native: int
    """With the client's own deferred tools instead, estimated."""

    listed: int
    saved: int
    """Against all loaded."""

    list_change_cost: int
    """Estimated: read anew because the list changed."""

    net_saved: int
    net_saved_against_native: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reductions(ByKey):
    """The percentages by which prompts had fewer tokens of definitions than all loaded; 0 before the first."""

    mean_percent: float
    p10_percent: float
    """Nine of ten prompts had more."""

    p50_percent: float
    reaching_floor_share: float
    """Share of prompts that reach their strategy's least reduction (50, 60 or 70 %); 1 before the first."""

    mean_percent_by_strategy: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCounts(ByKey):
    """The outcomes of tool calls, counted."""

    total: int
    ok: int
    tool_error: int
    failed: int
    cancelled: int
    refused: int
    request_bytes: int
    result_bytes: int

    @property
    def success_rate(self) -> float:
        """The share that was answered by the tool, its own errors included; 1 before the first."""
        tried = self.total - self.refused - self.cancelled
        return (tried - self.failed) / tried if tried else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamCounts(ByKey):
    """The counts of one server."""

    starts: int
    stops: int
    failures: int
    calls: int
    errors: Mapping[str, int]
    """By kind."""

    start_ms: float
    """On average; 0 before the first."""

    call_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryCounts(ByKey):
    """The tools of a category that were loaded for prompts, counted."""

    prompts: int
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The totals of everything at once."""

    since: float
    """The first event's time; 0 before it."""

    sessions: int
    sessions_open: int
    prompts: int
    tokens: TokenTotals
    reductions: Reductions
    times: Mapping[str, Times]
    """The times of each kind that `totals.TIMED` names."""

    prompt_times_by_tiers: Mapping[str, Times]
    """By the tiers that had listed tools: `none`, `core`, `task`, `core+task`."""

    quality: Quality
    calls: CallCounts
    upstreams: Mapping[str, UpstreamCounts]
    cache_hits: int
    cache_misses: int
    commands: Mapping[str, int]
    commands_succeeded: int
    tools: Mapping[str, int]
    """Calls by tool, most called first."""

    categories: Mapping[str, CategoryCounts]
    """Most loaded first."""

    fallbacks: Mapping[str, int]

    @property
    def cache_hit_rate(self) -> float:
        """The share of prompts whose ranking was kept; 0 before the first."""
        asked = self.cache_hits + self.cache_misses
        return self.cache_hits / asked if asked else 0.0

    @property
    def command_success_rate(self) -> float:
        """The share of commands that did what was asked; 1 before the first."""
        total = sum(self.commands.values())
        return self.commands_succeeded / total if total else 1.0
