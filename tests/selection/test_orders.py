from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.encoder.tokenizer import count_tokens
from mcp_dynaload.selection.actions import (
    Action,
    PinsRead,
    ProfileChosen,
    PromptSubmitted,
    SessionCleared,
    SessionReset,
    StrategyChosen,
    TaskNamed,
    ToolsFound,
    ToolsOrdered,
    ToolsPinned,
    ToolsUnloaded,
    ToolsUnpinned,
    ToolUsed,
)
from mcp_dynaload.selection.policy import Strategy
from mcp_dynaload.selection.state import Decision, SessionState, advertised, find, initial_state
from mcp_dynaload.selection.step import step
from mcp_dynaload.selection.task import FITTING, NEAREST, UNFITTING, is_worded, sureness
from tests.builders import FixedRanker, a_catalog, a_context, a_tool, developer_tools

CATALOG = a_catalog(developer_tools())
CONTEXT = a_context(CATALOG)
GIT_LOG = "Show me the git commit history"
LOG = "git__log"


NAMES = st.lists(st.sampled_from([*(tool.name for tool in CATALOG.tools), "unknown"]), max_size=3).map(tuple)
EVENTS: st.SearchStrategy[Action] = st.one_of(
    st.builds(PromptSubmitted, st.sampled_from([GIT_LOG, "list the tables of the database", "create an issue", "yes"])),
    st.builds(TaskNamed, st.sampled_from([GIT_LOG, "convert the time", "go on"]), st.booleans()),
    st.builds(ToolsFound, NAMES),
    st.builds(ToolsOrdered, NAMES, st.just("ordered")),
    st.builds(ToolsUnloaded, NAMES),
    st.builds(ToolsPinned, NAMES),
    st.builds(ToolsUnpinned, NAMES),
    st.builds(PinsRead, NAMES),
    st.builds(StrategyChosen, st.sampled_from(Strategy)),
    st.builds(SessionReset, st.sampled_from(Strategy)),
    st.builds(SessionCleared, NAMES),
)


def after(*actions: Action, state: SessionState | None = None) -> SessionState:
    state = state or initial_state()
    for action in actions:
        state, _ = step(state, action, CONTEXT)
    return state


def listed(state: SessionState) -> tuple[str, ...]:
    return advertised(state, CATALOG)


def test_what_the_user_orders_is_loaded_whatever_the_ranking_says_and_the_reason_is_kept() -> None:
    state, decision = step(
        initial_state(), ToolsOrdered(("sqlite__drop_table", "time__convert_time"), "tier 3"), CONTEXT
    )

    assert listed(state) == ("sqlite__drop_table", "time__convert_time")
    assert decision == Decision(added=("sqlite__drop_table", "time__convert_time"), reason="tier 3", changed=True)


def test_an_unloaded_tool_stays_listed_until_the_session_is_cleared_and_is_not_listed_after_that() -> None:
    state = after(PromptSubmitted(GIT_LOG), ToolsUnloaded((LOG,)))
    assert LOG in listed(state)

    cleared = after(SessionCleared((LOG,)), state=state)

    assert LOG not in listed(cleared)


@pytest.mark.proves("steering")
@given(st.lists(EVENTS, max_size=8))
def test_whatever_the_user_says_the_list_only_grows_and_nothing_unloaded_comes_by_itself(
    happened: list[Action],
) -> None:
    state = initial_state()
    for action in happened:
        before = state
        state, decision = step(before, action, CONTEXT)

        new = set(listed(state)) - set(listed(before))
        assert set(decision.allowed) == before.unloaded - state.unloaded
        if not isinstance(action, SessionCleared):
            assert set(listed(before)) <= set(listed(state))
            assert set(decision.added) == new
        if not isinstance(action, ToolsOrdered | ToolsPinned | TaskNamed | SessionReset):
            assert not new & before.unloaded


def test_an_unloaded_tool_is_not_loaded_by_ranking_search_or_call_and_not_found() -> None:
    state = after(ToolsUnloaded((LOG,)), PromptSubmitted(GIT_LOG), ToolsFound((LOG,)), ToolUsed(LOG))

    assert LOG not in listed(state)
    assert LOG not in [scored.name for scored in find(state, CONTEXT, GIT_LOG, 10)]


def test_the_last_word_of_the_user_counts() -> None:
    assert LOG in listed(after(ToolsUnloaded((LOG,)), ToolsOrdered((LOG,), "tool")))
    assert LOG in listed(after(ToolsUnloaded((LOG,)), ToolsPinned((LOG,))))
    assert LOG not in listed(after(ToolsPinned((LOG,)), ToolsUnloaded((LOG,)), SessionCleared()))


def test_a_tool_that_the_configuration_pins_can_be_unloaded_too() -> None:
    catalog = a_catalog([a_tool("log", pinned=True), a_tool("status")])
    context = a_context(catalog)
    state, _ = step(initial_state(), ToolsUnloaded((LOG,)), context)
    assert advertised(state, catalog) == (LOG,)

    cleared, _ = step(state, SessionCleared(), context)
    reset, _ = step(cleared, SessionReset(Strategy.BALANCED), context)

    assert advertised(cleared, catalog) == ()
    assert advertised(reset, catalog) == (LOG,)


def test_a_tool_pinned_by_the_user_is_listed_always_and_an_unpinned_one_until_the_session_is_cleared() -> None:
    pinned = after(ToolsPinned((LOG,)), SessionCleared())
    assert listed(pinned) == (LOG,)

    unpinned = after(ToolsUnpinned((LOG,)), state=pinned)

    assert listed(unpinned) == (LOG,)
    assert listed(after(SessionCleared(), state=unpinned)) == ()


@pytest.mark.parametrize("taken_back", [ToolsUnpinned((LOG,)), ToolsUnloaded((LOG,)), ProfileChosen((LOG,))])
def test_a_tool_that_only_a_pin_had_listed_stays_without_being_chosen_until_it_is_ordered(taken_back: Action) -> None:
    state = after(taken_back, state=after(ToolsPinned((LOG,))))

    assert listed(state) == (LOG,)
    assert state.loaded == frozenset()
    for wish in (ToolsOrdered((LOG,), "tool"), ToolUsed(LOG), ToolsFound((LOG,)), PromptSubmitted(GIT_LOG)):
        chosen = after(wish, state=replace(state, unloaded=frozenset()))
        assert LOG in chosen.loaded
        assert LOG not in chosen.kept


def test_pins_that_are_read_late_are_listed_and_undo_nothing_that_the_user_has_said_meanwhile() -> None:
    late = PinsRead((LOG,))
    assert listed(after(late)) == (LOG,)
    assert listed(after(ToolsUnloaded((LOG,)), late)) == ()
    assert listed(after(ToolsUnpinned((LOG,)), late)) == ()
    assert listed(after(ToolsUnpinned((LOG,)), ToolsPinned((LOG,)), late)) == (LOG,)
    assert listed(after(ToolsUnloaded((LOG,)), late, SessionReset(Strategy.BALANCED))) == (LOG,)
    assert step(initial_state(), late, CONTEXT)[1] == Decision(added=(LOG,), reason="pinned by you", changed=True)


def test_a_reset_takes_back_unloads_and_strategy_and_keeps_pins_and_what_is_listed() -> None:
    steered = after(
        PromptSubmitted(GIT_LOG),
        ToolsUnloaded((LOG,)),
        ToolsPinned(("git__status",)),
        StrategyChosen(Strategy.AGGRESSIVE),
    )

    state = after(SessionReset(Strategy.BALANCED), state=steered)

    assert state == replace(steered, unloaded=frozenset(), strategy=Strategy.BALANCED, settled=None)
    assert listed(state) == listed(steered)


def test_after_another_strategy_was_chosen_the_same_prompt_is_decided_anew() -> None:
    state = after(PromptSubmitted(GIT_LOG), StrategyChosen(Strategy.CONSERVATIVE))

    _, decision = step(state, PromptSubmitted(GIT_LOG), CONTEXT)

    assert state.strategy is Strategy.CONSERVATIVE
    assert decision.ranked


def test_a_named_task_loads_and_is_remembered_but_is_no_first_prompt() -> None:
    state = after(TaskNamed("convert the time between timezones"))

    assert "time__convert_time" in listed(state)
    assert state.memory == ("convert the time between timezones",)
    assert not state.first_prompt_seen


def test_a_named_task_without_content_changes_nothing() -> None:
    state, decision = step(initial_state(), TaskNamed("go on"), CONTEXT)

    assert state == initial_state()
    assert decision.reason == "no content of its own"


def test_a_wide_task_loads_at_least_as_much() -> None:
    narrow, wide = after(TaskNamed(GIT_LOG)), after(TaskNamed(GIT_LOG, is_wide=True))

    assert set(listed(narrow)) <= set(listed(wide))
    assert len(listed(wide)) >= len(listed(narrow))


VAGUE = FixedRanker(
    {LOG: 0.012, "git__status": 0.008, "git__commit": 0.004, "github__list_issues": 0.001}, (), need=0.1
)


@pytest.mark.proves("steering")
def test_a_task_that_nothing_clearly_fits_loads_the_nearest_few_and_nothing_that_may_destroy() -> None:
    ranker = replace(VAGUE, probabilities={"sqlite__drop_table": 0.013, **VAGUE.probabilities})

    state, decision = step(initial_state(), TaskNamed("debugging"), a_context(CATALOG, ranker=ranker))

    assert decision.added == (LOG, "git__status", "git__commit")
    assert listed(state) == ("git__commit", LOG, "git__status")
    assert decision.reason == NEAREST
    assert [round(sureness(scored), 2) for scored in decision.ranked] == [0.12, 0.08, 0.04, 0.01]


def test_a_task_of_unknown_words_loads_what_its_meaning_clearly_reaches_and_nothing_else() -> None:
    sure = FixedRanker({LOG: 0.15}, (), need=0.8)

    _, nonsense = step(initial_state(), TaskNamed("florble the wug", is_worded=False), a_context(CATALOG, ranker=VAGUE))
    _, named = step(initial_state(), TaskNamed("kubernetes", is_worded=False), a_context(CATALOG, ranker=sure))

    assert (nonsense.added, nonsense.reason) == ((), UNFITTING)
    assert (named.added, named.reason) == ((LOG,), FITTING)


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("debugging", True),
        ("bookkeeping", True),
        ("genealogy research", True),
        ("デバッグ", True),
        ("asdf qwer", False),
        ("snarfblat", False),
        ("florble the wug", False),
        ("???", False),
    ],
)
def test_letters_that_are_no_words_are_told_from_words(task: str, expected: bool) -> None:
    assert is_worded(task, count_tokens) == expected


def test_a_task_in_an_empty_catalog_fits_nothing() -> None:
    _, decision = step(initial_state(), TaskNamed("debugging"), a_context(a_catalog(())))

    assert (decision.added, decision.reason) == ((), UNFITTING)


def test_a_prompt_is_no_order_what_it_hardly_needs_is_not_loaded() -> None:
    _, decision = step(initial_state(), PromptSubmitted("debugging"), a_context(CATALOG, ranker=VAGUE))

    assert decision.added == ()


@pytest.mark.proves("last-word")
@pytest.mark.parametrize("is_pinned", [False, True], ids=["plain", "pinned-by-the-file"])
@pytest.mark.parametrize("length", [2, 3])
def test_the_last_order_about_a_tool_decides_whether_it_is_loaded_and_the_decision_says_so(
    is_pinned: bool, length: int
) -> None:
    catalog = a_catalog([a_tool("log", "Show the commit history", pinned=is_pinned), a_tool("status")])
    context = a_context(catalog, ranker=FixedRanker({LOG: 0.9}))
    wanted: list[Action] = [ToolsOrdered((LOG,), "category"), ToolsPinned((LOG,)), TaskNamed(GIT_LOG)]
    unwanted: list[Action] = [ToolsUnloaded((LOG,))]
    about_nothing: list[Action] = [ToolsUnpinned((LOG,)), SessionReset(Strategy.BALANCED), SessionCleared()]

    for orders in product([*wanted, *unwanted, *about_nothing], repeat=length):
        state, decision = initial_state(), Decision(reason="")
        was_loaded = is_pinned
        for order in orders:
            was_loaded = LOG in advertised(state, catalog) and LOG not in state.unloaded
            state, decision = step(state, order, context)
        is_loaded = LOG in advertised(state, catalog) and LOG not in state.unloaded
        last = orders[-1]
        if last in wanted:
            assert is_loaded, orders
            assert (LOG in decision.gained) is not was_loaded, orders
        elif last in unwanted:
            assert not is_loaded, orders
        elif isinstance(last, ToolsUnpinned):
            assert is_loaded is was_loaded, orders
        elif isinstance(last, SessionReset):
            assert LOG not in state.unloaded, orders
