"""The totals of all queries, calls and commands of this process."""

from collections.abc import Mapping

from mcp_dynaload.api.results import Answer
from mcp_dynaload.telemetry.histogram import Times
from mcp_dynaload.telemetry.session_views import Quality
from mcp_dynaload.telemetry.summary import CallCounts, CategoryCounts, Summary, TokenTotals, UpstreamCounts

MAX_POPULAR = 20


class PerformanceSummary(Answer):
    """The figures that one looks at first; percentages are 0 to 100, times in milliseconds."""

    queries: int
    sessions: int
    sessions_open: int
    average_reduction_percentage: float
    median_reduction_percentage: float
    p10_reduction_percentage: float
    """Nine of ten queries had more."""

    target_achievement_percentage: float
    """Share of queries that reached their strategy's least reduction: 50, 60 or 70."""

    tokens_saved: int
    """Against all definitions loaded, summed over queries."""

    net_tokens_saved: int
    """After what list changes cost where they rewrite the client's prompt cache."""

    average_detection_time_ms: float
    average_loading_time_ms: float
    average_total_time_ms: float
    p95_total_time_ms: float
    p99_total_time_ms: float
    cache_hit_rate_percentage: float
    calls: int
    call_success_rate_percentage: float
    error_rate_percentage: float
    commands: int
    command_success_rate_percentage: float


class IntegrationReport(Answer):
    """The summary with what it is made of."""

    performance_summary: PerformanceSummary
    tokens: TokenTotals
    choice_quality: Quality
    calls: CallCounts
    times: Mapping[str, Times]
    times_by_tiers: Mapping[str, Times]
    upstreams: Mapping[str, UpstreamCounts]
    commands: Mapping[str, int]
    popular_tools: Mapping[str, int]
    """Calls by tool, the most called."""

    popular_categories: Mapping[str, CategoryCounts]
    fallbacks: Mapping[str, int]


class PerformanceReport(Answer):
    """The totals of a process, and the time since which they are counted."""

    since: float
    """Seconds since 1970; 0 before anything happened, and while monitoring is off."""

    is_monitoring: bool
    integration_report: IntegrationReport


def performance_report(summary: Summary, is_monitoring: bool) -> PerformanceReport:
    """Return the report on the work of a process."""
    return PerformanceReport(
        since=summary.since,
        is_monitoring=is_monitoring,
        integration_report=IntegrationReport(
            performance_summary=_summary(summary),
            tokens=summary.tokens,
            choice_quality=summary.quality,
            calls=summary.calls,
            times=summary.times,
            times_by_tiers=summary.prompt_times_by_tiers,
            upstreams=summary.upstreams,
            commands=summary.commands,
            popular_tools=dict(list(summary.tools.items())[:MAX_POPULAR]),
            popular_categories=dict(list(summary.categories.items())[:MAX_POPULAR]),
            fallbacks=summary.fallbacks,
        ),
    )


def _summary(summary: Summary) -> PerformanceSummary:
    times, calls = summary.times, summary.calls
    return PerformanceSummary(
        queries=summary.prompts,
        sessions=summary.sessions,
        sessions_open=summary.sessions_open,
        average_reduction_percentage=summary.reductions.mean_percent,
        median_reduction_percentage=summary.reductions.p50_percent,
        p10_reduction_percentage=summary.reductions.p10_percent,
        target_achievement_percentage=summary.reductions.reaching_floor_share * 100,
        tokens_saved=summary.tokens.saved,
        net_tokens_saved=summary.tokens.net_saved,
        average_detection_time_ms=times["detection"].mean_ms + times["selection"].mean_ms,
        average_loading_time_ms=times["refresh"].mean_ms,
        average_total_time_ms=times["prompt"].mean_ms,
        p95_total_time_ms=times["prompt"].p95_ms,
        p99_total_time_ms=times["prompt"].p99_ms,
        cache_hit_rate_percentage=summary.cache_hit_rate * 100,
        calls=calls.total,
        call_success_rate_percentage=calls.success_rate * 100,
        error_rate_percentage=100 * (1 - calls.success_rate),
        commands=sum(summary.commands.values()),
        command_success_rate_percentage=summary.command_success_rate * 100,
    )
