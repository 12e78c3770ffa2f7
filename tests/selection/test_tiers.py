from mcp_dynaload.selection.actions import PromptSubmitted, ToolsOrdered, ToolsPinned
from mcp_dynaload.selection.policy import SMALL_CATALOG_TOKENS
from mcp_dynaload.selection.state import initial_state
from mcp_dynaload.selection.step import step
from mcp_dynaload.selection.tiers import Tier, share_within, tiers_of, tokens_left
from tests.builders import a_catalog, a_context, a_tool, developer_tools

CATALOG = a_catalog(developer_tools())
CONTEXT = a_context(CATALOG)


def test_each_tool_is_in_one_tier() -> None:
    state, _ = step(initial_state(), ToolsPinned(("git__log",)), CONTEXT)
    state, _ = step(state, ToolsOrdered(("git__status", "git__commit"), "category 'git'"), CONTEXT)

    tiers = tiers_of(state, CATALOG, usual=("git__commit", "time__convert_time"))

    assert tiers.core == ("git__commit", "git__log")
    assert tiers.task == ("git__status",)
    assert sorted(name for tier in Tier for name in tiers.of(tier)) == [tool.name for tool in CATALOG.tools]


def test_what_is_left_shrinks_with_what_is_listed_and_is_never_negative() -> None:
    state, decision = step(initial_state(), PromptSubmitted("Show me the git commit history"), CONTEXT)

    assert tokens_left(initial_state(), CONTEXT) == SMALL_CATALOG_TOKENS
    assert tokens_left(state, CONTEXT) == SMALL_CATALOG_TOKENS - 100 * len(decision.added)
    dear = a_context(a_catalog([a_tool("log", pinned=True)], cost=9_000))
    assert tokens_left(initial_state(), dear) == 0


def test_the_cheapest_fit_first() -> None:
    assert share_within(("git__status", "git__log"), CATALOG, 150) == ("git__log",)
