"""A session under whatever happens in it: prompts, orders, calls, servers that come and go, definitions held back."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mcp_dynaload.selection.actions import (
    Action,
    AgentPrompted,
    CatalogChanged,
    ChoicesResumed,
    PromptSubmitted,
    SessionCleared,
    SessionReset,
    SessionResumed,
    SessionStarted,
    StepTaken,
    StrategyChosen,
    TaskNamed,
    ToolsFound,
    ToolsOrdered,
    ToolsPinned,
    ToolsUnloaded,
    ToolsUnpinned,
    ToolUsed,
    TurnEnded,
)
from mcp_dynaload.selection.policy import Strategy
from mcp_dynaload.selection.state import Decision, advertised, initial_state
from mcp_dynaload.selection.step import step
from tests.builders import a_catalog, a_context
from tests.hunting import examples
from tests.selection.test_state_properties import CONTEXT, TOOLS, texts

NO_TOOLS = frozenset[str]()
SERVERS = sorted({tool.upstream for tool in TOOLS})
some_names = st.lists(st.sampled_from([*(tool.name for tool in TOOLS), "unknown"]), max_size=4).map(tuple)

OWN_CHOICES = st.one_of(
    st.builds(PromptSubmitted, texts, st.booleans(), st.sampled_from([None, "claude-opus-5", "claude-sonnet-5"])),
    st.builds(AgentPrompted, texts),
    st.builds(ToolsFound, some_names),
    st.builds(ToolUsed, st.sampled_from([tool.name for tool in TOOLS])),
    st.builds(StepTaken, some_names, st.just("usually next")),
    st.builds(TurnEnded, some_names),
    st.builds(SessionStarted, some_names),
)
"""All that we load by ourselves, and what the model asks for."""

ORDERS = st.one_of(
    st.builds(TaskNamed, texts, st.booleans()),
    st.builds(ToolsOrdered, some_names, st.just("category")),
    st.builds(ToolsPinned, some_names),
    st.builds(ToolsUnpinned, some_names),
    st.builds(StrategyChosen, st.sampled_from(list(Strategy))),
)


@settings(max_examples=examples(25), stateful_step_count=20, deadline=None)
class AnySession(RuleBasedStateMachine):
    """A session whose every step is looked at."""

    @initialize(strategy=st.sampled_from(list(Strategy)))
    def opened(self, strategy: Strategy) -> None:
        self.state, self.servers, self.held = initial_state(strategy), set(SERVERS), NO_TOOLS
        self.unwanted = NO_TOOLS
        self.shown = NO_TOOLS
        self.context = CONTEXT

    def know_anew(self) -> None:
        """Have the catalog that is left by the servers that are there and the definitions that are held back."""
        left = [tool for tool in TOOLS if tool.upstream in self.servers and tool.name not in self.held]
        self.context = a_context(a_catalog(left))
        self.shown &= {tool.name for tool in left}
        self.take(CatalogChanged())

    def take(self, action: Action) -> Decision:
        before, context = self.state, self.context
        self.state, decision = step(before, action, context)
        again = step(before, action, context)
        assert again == (self.state, decision)
        assert all(context.catalog.get(name) for name in decision.added)
        if not isinstance(action, SessionCleared):
            assert self.state.loaded >= before.loaded
        return decision

    @rule(action=OWN_CHOICES)
    def something_happens(self, action: Action) -> None:
        decision = self.take(action)

        assert not self.unwanted & frozenset(decision.added)

    @rule(action=ORDERS)
    def the_user_orders(self, action: Action) -> None:
        self.take(action)
        self.unwanted = self.state.unloaded

    @rule(names=some_names)
    def the_user_unloads(self, names: tuple[str, ...]) -> None:
        self.take(ToolsUnloaded(names))

        assert self.state.unloaded >= frozenset(names)
        self.unwanted = self.state.unloaded

    @rule(strategy=st.sampled_from(list(Strategy)))
    def the_user_resets(self, strategy: Strategy) -> None:
        self.take(SessionReset(strategy))
        self.unwanted = NO_TOOLS

        assert self.state.unloaded == frozenset()

    @rule()
    def the_user_starts_over(self) -> None:
        self.take(SessionCleared())
        self.shown = NO_TOOLS

        assert self.state.loaded == frozenset()

    @rule(names=some_names, unloaded=some_names)
    def it_is_resumed(self, names: tuple[str, ...], unloaded: tuple[str, ...]) -> None:
        self.take(ChoicesResumed(Strategy.BALANCED, unloaded))
        self.take(SessionResumed(names))
        self.unwanted = self.state.unloaded

    @rule(server=st.sampled_from(SERVERS))
    def a_server_comes_or_goes(self, server: str) -> None:
        self.servers ^= {server}
        self.know_anew()

    @rule(names=some_names)
    def definitions_are_held_back(self, names: tuple[str, ...]) -> None:
        self.held = frozenset(names)
        self.know_anew()

    @invariant()
    def what_is_shown_is_known_ordered_and_stays_until_the_user_starts_over(self) -> None:
        shown = advertised(self.state, self.context.catalog)
        assert list(shown) == sorted(set(shown))
        assert frozenset(shown) >= self.shown - self.unwanted
        self.shown = frozenset(shown)


TestAnySession: Any = pytest.mark.proves("grow-only", "last-word")(AnySession.TestCase)
