"""How a session's tools change from event to event."""

from dataclasses import replace

import pytest

from mcp_dynaload.catalog.catalog import build_catalog
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.selection.actions import (
    Action,
    AgentPrompted,
    CatalogChanged,
    PromptSubmitted,
    SessionCleared,
    SessionResumed,
    SessionStarted,
    ToolsFound,
    ToolsUnloaded,
    ToolUsed,
    TurnEnded,
)
from mcp_dynaload.selection.policy import MAX_LOADED_PER_PROMPT, Strategy
from mcp_dynaload.selection.state import Context, SessionState, advertised, find, initial_state
from mcp_dynaload.selection.step import step
from tests.builders import FixedRanker, a_catalog, a_context, a_tool, developer_tools

TOOLS = developer_tools()
CONTEXT = a_context(a_catalog(TOOLS))
SHOW_LOG = "Show me the git log of this repository"


def after(*actions: Action, context: Context = CONTEXT, state: SessionState | None = None) -> SessionState:
    state = state or initial_state()
    for action in actions:
        state, _ = step(state, action, context)
    return state


def seen() -> SessionState:
    return SessionState(strategy=Strategy.BALANCED, first_prompt_seen=True)


def many_tools(count: int = 40, **annotations: bool) -> list[Tool]:
    return [
        a_tool(f"read_report_{number}", "Read a weather report", upstream="weather", annotations=annotations)
        for number in range(count)
    ]


def test_a_prompt_loads_the_tool_it_needs_and_says_so():
    state, decision = step(initial_state(), PromptSubmitted(SHOW_LOG), CONTEXT)

    assert decision.added[0] == "git__log"
    assert decision.changed
    assert decision.ranked[0].name == "git__log"
    assert decision.ranked[0].terms
    assert state.loaded == frozenset(decision.added)
    assert not [name for name in state.loaded if not name.startswith("git__")]


@pytest.mark.parametrize(
    "prompt",
    [
        "thanks, explain this function to me",
        "rename this variable",
        "why does this test fail?",
        "Write me a short poem about autumn leaves",
        "refactor the parser so that it returns early",
        "yes",
    ],
)
def test_a_prompt_that_needs_no_tool_loads_none(prompt: str):
    state, decision = step(initial_state(), PromptSubmitted(prompt), CONTEXT)

    assert (state.loaded, decision.added, decision.changed) == (frozenset(), (), False)
    assert decision.reason


def test_a_long_exercise_loads_nothing():
    exercise = (
        "Implement an abstract shopping basket. It holds articles with a price and a discount, and you should be able "
        "to add and subtract articles. Two baskets that hold equal articles should be equal. Your "
        "function must return the cheapest total as a number with two digits. The input is a string with one article a "
        "line; its parts are separated by a semicolon. Read the instructions well, keep your solution simple and write "
        "tests for it. Note that parts may be missing: raise an error with a helpful message when an argument is bad. "
        "Do not use the standard library for rounding; create your own helper and explain how it works in a comment."
    )

    assert after(PromptSubmitted(exercise)).loaded == frozenset()


def test_each_part_of_a_compound_prompt_gets_its_tools():
    state = after(
        PromptSubmitted("Show me the git log, then list the tables of the database and close issue 7 on github")
    )

    assert {"git__log", "sqlite__list_tables", "github__close_issue"} <= state.loaded


def test_the_same_prompt_again_changes_nothing():
    state = after(PromptSubmitted(SHOW_LOG))

    again, decision = step(state, PromptSubmitted(SHOW_LOG), CONTEXT)

    assert (again, decision.added, decision.changed) == (state, (), False)


def test_the_same_prompt_is_looked_at_again_when_the_catalog_or_the_strategy_is_another():
    state = after(PromptSubmitted(SHOW_LOG), context=a_context(a_catalog([a_tool("list_tables", upstream="sqlite")])))

    assert state.loaded == frozenset()
    assert "git__log" in after(CatalogChanged(), PromptSubmitted(SHOW_LOG), state=state).loaded


def test_a_follow_up_keeps_its_subject():
    closers = [a_tool("close_issue", "Close an issue", upstream=upstream) for upstream in ("github", "jira", "linear")]
    context = a_context(a_catalog(closers))

    _, alone = step(initial_state(), PromptSubmitted("now close it"), context)
    _, following = step(
        after(PromptSubmitted("look at jira"), context=context), PromptSubmitted("now close it"), context
    )

    assert alone.ranked[0].name == "github__close_issue"
    assert following.ranked[0].name == "jira__close_issue"


def test_a_prompt_without_content_is_not_remembered():
    state = after(PromptSubmitted(SHOW_LOG), PromptSubmitted("ok"))

    assert state.memory == (SHOW_LOG,)


def test_pinned_tools_are_advertised_but_not_loaded_again():
    pinned = a_tool("log", "Show the commit history", pinned=True)
    context = a_context(a_catalog([pinned, *TOOLS[1:]]))

    state = after(PromptSubmitted(SHOW_LOG), ToolUsed("git__log"), context=context)

    assert "git__log" not in state.loaded
    assert "git__log" in advertised(state, context.catalog)


def test_tools_that_left_the_catalog_are_not_advertised_until_they_are_back():
    state = after(ToolsFound(("git__log", "git__status")))

    assert advertised(state, a_catalog([a_tool("log")])) == ("git__log",)
    assert advertised(state, CONTEXT.catalog) == ("git__log", "git__status")


def test_one_prompt_brings_at_most_ten_tools():
    context = a_context(a_catalog(many_tools()))

    assert len(after(PromptSubmitted("read the weather report"), context=context).loaded) == MAX_LOADED_PER_PROMPT


def test_tools_that_the_budget_cannot_pay_stay_out():
    catalog = a_catalog(many_tools(), cost=1_000)
    context = a_context(catalog, overhead_tokens=1_000)

    loaded = after(
        *(PromptSubmitted(f"read the weather report {number}") for number in range(40)),
        context=context,
        state=initial_state(Strategy.AGGRESSIVE),
    ).loaded

    assert 0 < len(loaded) * 1_000 + 1_000 <= 0.3 * catalog.total_cost


def test_a_tool_that_the_user_unloaded_is_never_loaded_by_itself():
    state = after(
        ToolsUnloaded(("git__log",)),
        PromptSubmitted(SHOW_LOG),
        ToolsFound(("git__log",)),
        TurnEnded(("git__log",)),
        ToolUsed("git__log"),
    )

    assert "git__log" not in state.loaded
    assert "git__log" not in [scored.name for scored in find(state, CONTEXT, "git log", 10)]


def test_a_destructive_tool_is_loaded_only_when_it_is_clearly_meant():
    drop = "sqlite__drop_table"

    assert drop not in after(PromptSubmitted("describe a table in sqlite")).loaded
    assert drop not in after(TurnEnded((drop,))).loaded
    assert drop in after(PromptSubmitted("drop the table orders in sqlite")).loaded


def test_in_plan_mode_read_only_tools_come_first():
    tools = [
        *many_tools(8, readOnlyHint=True),
        *(a_tool(f"write_report_{n}", "Write a weather report", upstream="weather") for n in range(8)),
    ]
    context = a_context(a_catalog(tools))

    _, planned = step(initial_state(), PromptSubmitted("write weather report", plan_mode=True), context)
    _, acted = step(initial_state(), PromptSubmitted("write weather report"), context)

    assert all(name.startswith("weather__read") for name in planned.added[:8])
    assert acted.added[0].startswith("weather__write")


def test_a_model_with_a_frozen_list_gets_a_wider_first_choice_only():
    context = a_context(CONTEXT.catalog, ranker=FixedRanker({"git__log": 0.6, "git__status": 0.008}))
    opus, sonnet = (PromptSubmitted(SHOW_LOG, model=model) for model in ("claude-opus-5", "claude-sonnet-5"))

    assert after(opus, context=context).loaded == {"git__log"}
    assert after(sonnet, context=context).loaded == {"git__log", "git__status"}
    assert after(sonnet, context=context, state=seen()).loaded == {"git__log"}


def test_without_tool_search_only_strong_evidence_changes_a_running_sessions_list_and_then_more_at_once():
    catalog = a_catalog(TOOLS)
    weak = FixedRanker({"git__log": 0.15})
    strong = FixedRanker({"git__log": 0.6, "git__status": 0.008})

    def loaded_later(ranker: FixedRanker, tool_search: bool) -> frozenset[str]:
        context = a_context(catalog, ranker=ranker, tool_search=tool_search)
        return after(
            PromptSubmitted("the log"),
            context=context,
            state=seen(),
        ).loaded

    assert loaded_later(weak, tool_search=True) == {"git__log"}
    assert loaded_later(weak, tool_search=False) == frozenset()
    assert loaded_later(strong, tool_search=True) == {"git__log"}
    assert loaded_later(strong, tool_search=False) == {"git__log", "git__status"}


def test_tools_that_cost_more_than_a_prompt_may_bring_are_passed_over():
    costs = {tool.name: 100 for tool in TOOLS} | {"git__log": 20_000}
    catalog = build_catalog([*TOOLS, *many_tools()], costs | {tool.name: 5_000 for tool in many_tools()})
    context = a_context(catalog, ranker=FixedRanker({"git__log": 0.9, "git__status": 0.8}))

    assert after(PromptSubmitted(SHOW_LOG), context=context).loaded == {"git__status"}


def test_what_usually_follows_is_loaded_ahead_only_where_that_is_free():
    followers = TurnEnded(("git__commit", "git__status", "gone", "git__log", "git__create_branch"))
    state = after(PromptSubmitted("list all tables", model="claude-opus-5"))

    assert after(followers, state=state).loaded - state.loaded == {"git__commit", "git__status", "git__log"}
    assert after(followers, state=state, context=a_context(CONTEXT.catalog, tool_search=False)) == state
    frozen = replace(state, model="claude-haiku-4-5")
    assert after(followers, state=frozen) == frozen


def test_a_subagents_prompt_loads_without_being_remembered():
    state = after(AgentPrompted("List all tables in the sqlite database"))

    assert "sqlite__list_tables" in state.loaded
    assert (state.memory, state.first_prompt_seen) == ((), False)
    assert after(AgentPrompted("ok")) == initial_state()


def test_what_a_search_found_is_loaded_whatever_it_costs():
    context = a_context(a_catalog(TOOLS, cost=50_000))

    state, decision = step(initial_state(), ToolsFound(("git__log", "unknown", "git__log")), context)

    assert decision.added == ("git__log",)
    assert state.loaded == {"git__log"}


def test_clearing_shrinks_to_the_pinned_tools_and_keeps_strategy_and_model():
    state = after(PromptSubmitted(SHOW_LOG, model="claude-opus-5"), state=initial_state(Strategy.CONSERVATIVE))

    cleared, decision = step(state, SessionCleared(), CONTEXT)

    assert cleared == initial_state(Strategy.CONSERVATIVE, model="claude-opus-5")
    assert decision.changed
    assert not step(cleared, SessionCleared(), CONTEXT)[1].changed


def test_the_usual_tools_are_loaded_at_the_start_and_after_clearing_but_none_that_destroys():
    core = ("git__log", "sqlite__drop_table", "gone")

    state, decision = step(initial_state(), SessionStarted(core), CONTEXT)
    cleared, again = step(after(PromptSubmitted("list all tables"), state=state), SessionCleared(core), CONTEXT)

    assert (state.loaded, decision.added, decision.changed) == ({"git__log"}, ("git__log",), True)
    assert (cleared, again.changed) == (state, True)
    assert not step(cleared, SessionCleared(core), CONTEXT)[1].changed


def test_with_usual_tools_the_first_list_is_as_short_as_without():
    tools = many_tools()
    context = a_context(a_catalog(tools))
    core = tuple(tool.name for tool in tools[-4:])

    state = after(SessionStarted(core), PromptSubmitted("read the weather report"), context=context)

    assert len(state.loaded) == MAX_LOADED_PER_PROMPT + 1


def test_a_resumed_session_has_its_tools_even_those_not_known_yet():
    resumed = SessionResumed(("git__log", "later__tool"), still_listed=("time__convert_time",))
    state, decision = step(initial_state(), resumed, CONTEXT)

    assert state.loaded == {"git__log", "later__tool"}
    assert state.first_prompt_seen
    assert decision.changed
    assert advertised(state, CONTEXT.catalog) == ("git__log", "time__convert_time")


def test_a_search_ranks_without_loading():
    assert [scored.name for scored in find(initial_state(), CONTEXT, "current time", 2)] == [
        "time__get_current_time",
        "time__convert_time",
    ]
    assert find(initial_state(), CONTEXT, "xyzzy", 5) == ()


def test_a_ranker_of_another_catalog_is_refused():
    context = replace(CONTEXT, catalog=a_catalog([a_tool("status")]))

    with pytest.raises(LookupError, match="build it from the same catalog"):
        step(initial_state(), PromptSubmitted(SHOW_LOG), context)
