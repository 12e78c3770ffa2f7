"""Changes that earlier sessions make in a ranking, and those that they must not make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.catalog.catalog import build_catalog
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import CLEAR_PROBABILITY, Scored
from mcp_dynaload.selection.priors import (
    HALF_LIFE_SECONDS,
    MAX_CORE,
    MAX_CORE_TOKENS,
    MAX_LIFT,
    UNMATCHED_PROBABILITY,
    LearnedRanker,
    Priors,
    SessionUse,
    ToolUse,
    priors_of,
)
from tests.builders import a_catalog, a_context, a_tool, developer_tools

CATALOG = a_catalog(developer_tools())
ASKED = Query("the log")


@dataclass(frozen=True)
class Given:
    """A ranker that gives the same answer whatever is asked."""

    ranked: Sequence[Scored]

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        return tuple(self.ranked[:limit])


def sessions(*called: str, count: int = 1, at: float = 0.0) -> list[SessionUse]:
    return [SessionUse(at, frozenset(called))] * count


def scored(name: str, score: float, probability: float, *terms: str, need: float = 1.0) -> Scored:
    return Scored(name, score, probability, terms, need)


def names_of(ranked: Sequence[Scored], lifts: Mapping[str, float]) -> list[str]:
    return [scored.name for scored in LearnedRanker(Given(ranked), lifts).rank(ASKED, 10)]


def test_a_tool_in_use_comes_before_one_that_the_words_mean_as_much() -> None:
    ranked = (scored("a", 0.2, 0.55, "log"), scored("b", 0.0, 0.5, "log"))

    assert names_of(ranked, {}) == ["a", "b"]
    assert names_of(ranked, {"b": 1.0}) == ["b", "a"]


def test_a_learned_tool_that_nothing_speaks_for_is_not_brought_in() -> None:
    assert names_of((scored("a", 0.2, 0.5, "log"),), {"b": MAX_LIFT}) == ["a"]


def test_a_learned_tool_behind_those_asked_for_is_seen() -> None:
    ranked = [scored(f"tool{n:02}", -n / 100, 0.2, "log") for n in range(20)]

    found = LearnedRanker(Given(ranked), {"tool15": 2.0}).rank(ASKED, 3)

    assert [tool.name for tool in found] == ["tool15", "tool00", "tool01"]


def test_each_later_session_counts_more_and_each_older_day_less() -> None:
    used_lately = [*sessions("git__log", count=3), *sessions("git__status", count=3)]
    lately = priors_of(used_lately, now=0.0).tools
    then = priors_of(sessions("git__log", count=3), now=HALF_LIFE_SECONDS).tools

    assert lately["git__log"].called > lately["git__status"].called
    assert then["git__log"].called == pytest.approx(lately["git__log"].called / 2)


def test_what_had_to_be_searched_is_lifted_more_and_what_was_loaded_in_vain_less() -> None:
    used, missed, vain = (ToolUse(called=3, missed=m, in_vain=v) for m, v in ((0, 0), (3, 0), (0, 3)))

    assert vain.lift < used.lift < missed.lift


def test_a_tool_that_was_never_called_and_a_destructive_one_are_not_lifted() -> None:
    used = SessionUse(0.0, frozenset({"git__log", "sqlite__drop_table", "gone"}), in_vain=frozenset({"git__status"}))

    assert set(priors_of([used] * 5, now=0.0).lifts(CATALOG)) == {"git__log"}


def test_the_core_is_what_most_of_the_last_sessions_called() -> None:
    often = sessions("git__log", "github__list_issues", count=4)
    priors = priors_of([*often, *sessions("git__log", "git__status", count=2)], now=0.0)

    assert priors.core(CATALOG) == ("git__log", "github__list_issues")


def test_a_few_sessions_make_no_core() -> None:
    assert priors_of(sessions("git__log", count=2), now=0.0).core(CATALOG) == ()


@pytest.mark.proves("learned-core")
def test_the_core_is_small_cheap_and_harmless_and_leaves_out_what_is_pinned() -> None:
    tools = [
        *(a_tool(f"read_{n}") for n in range(9)),
        a_tool("pinned", pinned=True),
        a_tool("wipe", annotations={"destructiveHint": True}),
    ]
    used = priors_of(sessions(*(tool.name for tool in tools), count=9), now=0.0)
    dear = build_catalog(tools, {tool.name: MAX_CORE_TOKENS // 2 for tool in tools})

    assert used.core(a_catalog(tools)) == tuple(f"git__read_{n}" for n in range(MAX_CORE))
    assert used.core(dear) == ("git__read_0", "git__read_1")


def test_with_the_real_ranker_the_project_s_own_tool_of_several_alike_is_first() -> None:
    closers = [a_tool("close_issue", "Close an issue", upstream=upstream) for upstream in ("github", "jira", "linear")]
    catalog = a_catalog(closers)
    lifts = priors_of(sessions("linear__close_issue", count=5), now=0.0).lifts(catalog)

    ranked = LearnedRanker(a_context(catalog).ranker, lifts).rank(Query("close the issue"), 3)

    assert [tool.name for tool in ranked] == ["linear__close_issue", "github__close_issue", "jira__close_issue"]


@given(st.builds(ToolUse, *[st.floats(0, 1e6)] * 3))
def test_a_lift_is_bounded(use: ToolUse) -> None:
    assert 0 <= use.lift <= MAX_LIFT


@given(st.floats(0, 50), st.floats(0, 50), st.floats(0, 50))
def test_more_use_never_lifts_less(called: float, more: float, in_vain: float) -> None:
    assert ToolUse(called=called + more, in_vain=in_vain).lift >= ToolUse(called=called, in_vain=in_vain).lift


numbers = st.floats(0.001, 0.999)
rankings = st.lists(
    st.tuples(st.floats(-8, 8), numbers, st.lists(st.just("log"), max_size=1)), min_size=1, max_size=12
).map(
    lambda rows: [
        scored(f"tool{n}", score, probability, *terms)
        for n, (score, probability, terms) in enumerate(sorted(rows, reverse=True))
    ]
)
lifted = st.dictionaries(st.integers(0, 11).map("tool{}".format), st.floats(0, MAX_LIFT))


@pytest.mark.proves("learned-bounded")
@given(rankings, lifted)
def test_learning_only_lifts_and_never_puts_an_unmeant_tool_before_a_clearly_meant_one(
    ranked: list[Scored], lifts: dict[str, float]
) -> None:
    found = LearnedRanker(Given(ranked), lifts).rank(ASKED, len(ranked))
    before = {tool.name: tool for tool in ranked}
    place = {tool.name: n for n, tool in enumerate(found)}

    assert set(place) == set(before)
    for tool in found:
        was = before[tool.name]
        assert was.score <= tool.score <= was.score + lifts.get(tool.name, 0.0)
        assert was.probability <= tool.probability <= 1
        assert tool.probability == was.probability or tool.name in lifts
    for clear in (tool for tool in ranked if tool.probability >= CLEAR_PROBABILITY):
        for other in (tool for tool in ranked if tool.probability < UNMATCHED_PROBABILITY):
            if ranked.index(clear) < ranked.index(other):
                assert place[clear.name] < place[other.name]


def test_usual_tools_that_are_meant_make_need_a_little_likelier_others_leave_it() -> None:
    meant, unmeant = scored("a", 1.0, 0.4, "log", need=0.5), scored("b", 0.0, 0.01, need=0.5)

    def need(lifts: Mapping[str, float]) -> float:
        return LearnedRanker(Given((meant, unmeant)), lifts).rank(ASKED, 1)[0].need

    assert need({"b": MAX_LIFT}) == pytest.approx(0.5)
    assert 0.5 < need({"a": MAX_LIFT / 2}) < need({"a": MAX_LIFT}) < 0.6


def test_nothing_learned_changes_nothing() -> None:
    ranker = a_context(CATALOG).ranker
    query = Query("show the commit history")

    assert LearnedRanker(ranker, Priors().lifts(CATALOG)).rank(query, 5) == ranker.rank(query, 5)
