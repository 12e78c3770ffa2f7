import dataclasses
import json

import pytest

from mcp_dynaload.telemetry.events import (
    CommandRun,
    ErrorKind,
    Event,
    Fallback,
    FellBack,
    Outcome,
    SessionClosed,
    UpstreamFailed,
    UpstreamStarted,
    UpstreamStopped,
    Who,
)
from mcp_dynaload.telemetry.session_views import Loaded, Quality
from mcp_dynaload.telemetry.summary import CategoryCounts, TokenTotals
from mcp_dynaload.telemetry.totals import Totals
from tests.telemetry.events import ME, a_call, a_list, a_prompt, a_search, opened

OTHER = Who("s2", "ann", "/other")


def totals_of(*event_bus: Event) -> Totals:
    totals = Totals()
    for at, event in enumerate(event_bus, start=1):
        totals(float(at), event)
    return totals


def test_before_the_first_event_nothing_is_claimed() -> None:
    summary = Totals().summary()

    assert (summary.since, summary.prompts, summary.cache_hit_rate, summary.calls.success_rate) == (0, 0, 0, 1)
    assert json.loads(json.dumps(dataclasses.asdict(summary)))["tokens"]["net_saved"] == 0


def test_saved_tokens_are_net_of_what_list_changes_cost() -> None:
    summary = totals_of(a_prompt("a"), a_list("a", cost=300), a_prompt(listed=400)).summary()

    assert summary.tokens == TokenTotals(
        baseline=2_000,
        native=1_000,
        listed=600,
        saved=1_400,
        list_change_cost=300,
        net_saved=1_100,
        net_saved_against_native=100,
    )


def test_the_share_that_reaches_the_floor_goes_by_each_prompts_own_strategy() -> None:
    reductions = (
        totals_of(
            a_prompt(strategy="conservative", listed=500),
            a_prompt(strategy="balanced", listed=450),
            a_prompt(strategy="aggressive", listed=300),
            a_prompt(strategy="aggressive", listed=250),
        )
        .summary()
        .reductions
    )

    assert reductions.reaching_floor_share == 0.75, "55 % are too few for balanced"
    assert reductions.mean_percent == pytest.approx(62.5)
    assert reductions.mean_percent_by_strategy == pytest.approx(
        {"aggressive": 72.5, "balanced": 55, "conservative": 50}
    )
    assert reductions.p10_percent == pytest.approx(50)


def test_what_was_loaded_is_used_in_vain_or_was_missed() -> None:
    totals = totals_of(
        opened(),
        a_prompt("used", "vain"),
        a_list("used", "vain"),
        a_call("used"),
        a_search("found", "ignored"),
        a_call("found", was_listed=True),
        a_call("direct", was_listed=False),
        a_call("unloaded", outcome=Outcome.REFUSED),
    )

    assert totals.summary().quality == Quality(used=1, in_vain=1, missed=2, searches=1)
    assert totals.book.views()[0].missed == ("direct", "found")


def test_a_session_shows_what_it_has_loaded_and_why_and_what_that_saved() -> None:
    totals = totals_of(
        opened(),
        a_list("core", why="usual here"),
        a_prompt("a", listed=300),
        a_list("a", why="needed", removed=("core",), cost=50),
        opened(OTHER),
        SessionClosed(who=OTHER),
    )

    other, mine = totals.book.views()
    assert (other.who, other.is_open, mine.is_open) == (OTHER, False, True)
    assert mine.loaded == (Loaded("a", "needed", 4.0),)
    assert (mine.saved_tokens, mine.cache_cost_tokens, mine.prompts) == (700, 50, 1)
    assert (totals.summary().sessions, totals.summary().sessions_open) == (2, 1)


def test_calls_are_counted_by_outcome_and_errors_by_upstream_and_kind() -> None:
    summary = totals_of(
        a_call("a"),
        a_call("a", outcome=Outcome.TOOL_ERROR),
        a_call("b", outcome=Outcome.FAILED, error=ErrorKind.TIMEOUT, upstream="web"),
        a_call("c", outcome=Outcome.REFUSED),
        a_call("c", outcome=Outcome.CANCELLED),
        UpstreamStarted(who=ME, upstream="web", ms=40),
        UpstreamStopped(who=ME, upstream="web"),
        UpstreamFailed(who=ME, upstream="web", kind=ErrorKind.DIED, detail="gone"),
    ).summary()

    assert summary.calls.success_rate == pytest.approx(2 / 3), "a tool's own error is an answer"
    assert summary.upstreams["web"].errors == {"timeout": 1, "died": 1}
    assert (summary.upstreams["web"].start_ms, summary.upstreams["web"].stops) == (40, 1)
    assert next(iter(summary.tools.items())) == ("a", 2)
    assert summary.times["upstream_start"].count == 1


def test_categories_cache_commands_tiers_and_fallbacks_are_counted() -> None:
    summary = totals_of(
        a_prompt(cache_hit=True, categories={"git": 100}, tiers="core+task"),
        a_prompt(cache_hit=False, categories={"git": 50, "web": 10}),
        a_prompt(cache_hit=None),
        CommandRun(who=ME, command="pin", success=True, ms=1),
        CommandRun(who=ME, command="pin", success=False, ms=1),
        FellBack(who=ME, step=Fallback.LOW_CONFIDENCE),
    ).summary()

    assert summary.categories == {
        "git": CategoryCounts(prompts=2, tokens=150),
        "web": CategoryCounts(prompts=1, tokens=10),
    }
    assert (summary.cache_hit_rate, summary.command_success_rate) == (0.5, 0.5)
    assert {name: times.count for name, times in summary.prompt_times_by_tiers.items()} == {"core+task": 1, "task": 2}
    assert summary.fallbacks == {"low_confidence": 1}
