"""Builders of events; each names only what matters to its test."""

from mcp_dynaload.telemetry.events import (
    ErrorKind,
    ListChanged,
    Outcome,
    PromptServed,
    SessionOpened,
    ToolCalled,
    ToolsSearched,
    Who,
)

ME = Who("s1", "", "/project")


def opened(who: Who = ME) -> SessionOpened:
    return SessionOpened(who=who, client="claude-code", strategy="balanced", tools=10, baseline_tokens=1_000)


def a_prompt(
    *added: str,
    who: Who = ME,
    strategy: str = "balanced",
    baseline: int = 1_000,
    listed: int = 200,
    cache_hit: bool | None = False,
    detection_ms: float = 4.0,
    tiers: str = "task",
    categories: dict[str, int] | None = None,
    text: str | None = None,
) -> PromptServed:
    return PromptServed(
        who=who,
        is_first=True,
        strategy=strategy,
        baseline_tokens=baseline,
        native_tokens=500,
        listed_tokens=listed,
        listed=len(added),
        added=added,
        added_tokens=100 * len(added),
        categories=categories or {},
        tiers=tiers,
        reason="needed for the prompt",
        confidence=0.9,
        cache_hit=cache_hit,
        detection_ms=detection_ms,
        selection_ms=1.0,
        refresh_ms=10.0,
        total_ms=detection_ms + 11.0,
        text=text,
    )


def a_list(
    *added: str, who: Who = ME, why: str = "needed", removed: tuple[str, ...] = (), cost: int = 0
) -> ListChanged:
    return ListChanged(
        who=who,
        why=why,
        added=added,
        removed=removed,
        added_tokens=100 * len(added),
        listed=len(added),
        listed_tokens=100 + 100 * len(added),
        cache_cost_tokens=cost,
    )


def a_call(
    tool: str,
    *,
    who: Who = ME,
    upstream: str = "git",
    outcome: Outcome = Outcome.OK,
    error: ErrorKind | None = None,
    own_ms: float = 0.5,
    upstream_ms: float = 20.0,
    was_listed: bool = True,
    arguments: str | None = None,
) -> ToolCalled:
    return ToolCalled(
        who=who,
        tool=tool,
        upstream=upstream,
        outcome=outcome,
        error=error,
        own_ms=own_ms,
        upstream_ms=upstream_ms,
        request_bytes=10,
        result_bytes=100,
        was_listed=was_listed,
        arguments=arguments,
    )


def a_search(*added: str, who: Who = ME) -> ToolsSearched:
    return ToolsSearched(who=who, found=added, added=added, ms=3.0)
