"""Properties of a session's tools that hold whatever happens."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.selection.actions import (
    Action,
    AgentPrompted,
    CatalogChanged,
    PromptSubmitted,
    SessionCleared,
    SessionResumed,
    SessionStarted,
    ToolsFound,
    ToolUsed,
    TurnEnded,
)
from mcp_dynaload.selection.policy import Strategy, session_tokens
from mcp_dynaload.selection.state import Context, SessionState, advertised, initial_state
from mcp_dynaload.selection.step import step
from tests.builders import a_catalog, a_context, developer_tools

TOOLS = developer_tools()
CONTEXT = a_context(a_catalog(TOOLS))


def after(*actions: Action, context: Context = CONTEXT, state: SessionState | None = None) -> SessionState:
    state = state or initial_state()
    for action in actions:
        state, _ = step(state, action, context)
    return state


names = st.sampled_from([*(tool.name for tool in TOOLS), "unknown"])
SPOKEN = """show git log list tables sqlite database current time Tokyo create issue github merge pull request close it
function test thanks yes and then drop table the remember knowledge graph nodes."""
words = st.sampled_from(SPOKEN.split())
texts = st.lists(words, max_size=12).map(" ".join)
actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(PromptSubmitted, texts, st.booleans(), st.sampled_from([None, "claude-opus-5", "claude-sonnet-5"])),
    st.builds(AgentPrompted, texts),
    st.builds(SessionStarted, st.lists(names, max_size=5).map(tuple)),
    st.builds(ToolsFound, st.lists(names, max_size=3).map(tuple)),
    st.builds(ToolUsed, names),
    st.builds(TurnEnded, st.lists(names, max_size=5).map(tuple)),
    st.builds(SessionResumed, st.lists(names, max_size=3).map(tuple)),
    st.just(CatalogChanged()),
)
contexts = st.sampled_from([CONTEXT, a_context(CONTEXT.catalog, tool_search=False)])


@pytest.mark.proves("grow-only")
@given(st.lists(actions, max_size=8), contexts)
def test_until_it_is_cleared_the_loaded_set_only_grows_and_the_decision_tells_it(
    happened: list[Action], context: Context
):
    state = initial_state()
    for action in happened:
        before = state
        state, decision = step(before, action, context)

        assert state.loaded >= before.loaded
        if not isinstance(action, SessionResumed):
            assert frozenset(decision.added) == state.loaded - before.loaded
            assert len(set(decision.added)) == len(decision.added)
        assert decision.changed == (state.loaded != before.loaded or isinstance(action, CatalogChanged))
        shown = advertised(state, context.catalog)
        assert list(shown) == sorted(shown)
    assert step(state, SessionCleared(), context)[0].loaded == frozenset()


@given(st.lists(actions, max_size=6), texts, st.booleans(), contexts)
def test_any_prompt_twice_is_as_good_as_once(happened: list[Action], text: str, plan_mode: bool, context: Context):
    once = after(*happened, PromptSubmitted(text, plan_mode), context=context)

    assert after(PromptSubmitted(text, plan_mode), context=context, state=once) == once


@given(st.lists(actions, max_size=6))
def test_replaying_the_events_gives_the_same_state(happened: list[Action]):
    assert after(*happened) == after(*happened, context=a_context(a_catalog(developer_tools())))


def spent(state: SessionState, catalog: Catalog) -> int:
    return sum(catalog.costs[name] for name in advertised(state, catalog))


@given(
    st.lists(texts, max_size=6),
    st.sampled_from(list(Strategy)),
    st.integers(1, 5_000),
    st.sampled_from([0, 700]),
)
@pytest.mark.proves("budget")
def test_prompts_never_exceed_the_budget(prompts: Sequence[str], strategy: Strategy, cost: int, overhead: int):
    catalog = a_catalog(TOOLS, cost=cost)
    least = {Strategy.CONSERVATIVE: 0.5, Strategy.BALANCED: 0.6, Strategy.AGGRESSIVE: 0.7}[strategy]
    state = after(
        SessionStarted(("git__log", "git__status")),
        *map(PromptSubmitted, prompts),
        TurnEnded(("git__commit", "git__status")),
        context=a_context(catalog, overhead_tokens=overhead),
        state=initial_state(strategy),
    )

    assert spent(state, catalog) <= session_tokens(least, catalog.total_cost, overhead)
