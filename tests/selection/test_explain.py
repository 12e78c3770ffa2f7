"""The explanation of a prompt: the tools a session would load, the tokens that saves, and why."""

from collections.abc import Callable
from itertools import count

from mcp_dynaload.catalog.catalog import build_catalog
from mcp_dynaload.selection.explain import MAX_NEAREST, explain_prompt
from mcp_dynaload.selection.policy import Strategy
from tests.builders import FixedRanker, a_catalog, a_context, a_tool, developer_tools

BALANCED = Strategy.BALANCED


def ticking() -> Callable[[], float]:
    """Return a clock on which a second passes between any two looks."""
    return map(float, count()).__next__


def test_the_loaded_and_the_nearest_tools_are_told_with_their_reasons() -> None:
    context = a_context(a_catalog(developer_tools()), overhead_tokens=50)

    told = explain_prompt("merge the pull request in the repository", BALANCED, context, {}, ticking())

    first = told.loaded[0]
    assert (first.name, first.reason, first.tokens) == ("github__merge_pull_request", "needed", 100)
    assert {"merg", "pull", "request"} <= set(first.terms)
    assert told.baseline_tokens == 1500
    assert told.loaded_tokens == 50 + 100 * len(told.loaded)
    assert told.reduction == 1 - told.loaded_tokens / 1500
    assert {tool.reason for tool in told.nearest} == {"below the bound"}


def test_times_are_those_of_the_clock() -> None:
    told = explain_prompt("list the tables", BALANCED, a_context(a_catalog(developer_tools())), {}, ticking())

    assert (told.detection_ms, told.selection_ms) == (1000.0, 1000.0)


def test_pinned_tools_are_loaded_whether_or_not_the_prompt_speaks_for_them() -> None:
    tools = [a_tool("a"), a_tool("b", pinned=True), a_tool("c", pinned=True)]
    context = a_context(a_catalog(tools), ranker=FixedRanker({"git__a": 0.9, "git__b": 0.8}))

    told = explain_prompt("use the first tool", BALANCED, context, {}, ticking())

    assert [(tool.name, tool.reason) for tool in told.loaded] == [
        ("git__a", "needed"),
        ("git__b", "pinned, always loaded"),
        ("git__c", "pinned, always loaded"),
    ]


def test_a_prompt_without_content_loads_nothing_and_says_so() -> None:
    told = explain_prompt("thanks!", BALANCED, a_context(a_catalog(developer_tools())), {}, ticking())

    assert (told.loaded, told.nearest, told.reason) == ((), (), "no content of its own")


def test_what_earlier_sessions_added_is_told_beside_the_score() -> None:
    context = a_context(a_catalog([a_tool("a"), a_tool("b")]), ranker=FixedRanker({"git__a": 0.9, "git__b": 0.8}))

    told = explain_prompt("use the first tool", BALANCED, context, {"git__b": 1.5}, ticking())

    assert {tool.name: tool.prior for tool in told.loaded} == {"git__a": 0.0, "git__b": 1.5}


def test_few_of_the_others_are_told() -> None:
    tools = [a_tool(f"t{number:02}") for number in range(30)]
    ranker = FixedRanker({"git__t00": 0.99} | {tool.name: 0.0001 for tool in tools[1:]})

    told = explain_prompt("use the first tool", BALANCED, a_context(a_catalog(tools), ranker=ranker), {}, ticking())

    assert ([tool.name for tool in told.loaded], len(told.nearest)) == (["git__t00"], MAX_NEAREST)


def test_a_tool_for_which_the_session_has_no_tokens_is_told_so() -> None:
    tools = [a_tool("dear"), *(a_tool(f"t{number}") for number in range(3))]
    catalog = build_catalog(tools, {tool.name: 4000 if tool.name == "git__dear" else 100 for tool in tools})
    context = a_context(catalog, ranker=FixedRanker({"git__dear": 0.9, "git__t0": 0.8}))

    told = explain_prompt("use the dear tool", BALANCED, context, {}, ticking())

    assert [tool.name for tool in told.loaded] == ["git__t0"]
    assert [(tool.name, tool.reason) for tool in told.nearest] == [("git__dear", "over the session's limits")]
