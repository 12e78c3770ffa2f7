"""How much may be loaded, and on how much evidence."""

import pytest

from mcp_dynaload.selection.policy import (
    BOUNDS,
    SMALL_CATALOG_TOKENS,
    Strategy,
    demanded,
    is_frozen_after_first_request,
    room_for_prompt,
    session_tokens,
)


def test_the_strategies_promise_their_reductions():
    assert {strategy: bounds.least_reduction for strategy, bounds in BOUNDS.items()} == {
        Strategy.CONSERVATIVE: 0.5,
        Strategy.BALANCED: 0.6,
        Strategy.AGGRESSIVE: 0.7,
    }


def test_a_more_aggressive_strategy_demands_more_and_brings_less():
    conservative, balanced, aggressive = (BOUNDS[strategy] for strategy in Strategy)

    for more, less in ((conservative, balanced), (balanced, aggressive)):
        assert more.gate < less.gate
        assert more.floor < less.floor
        assert more.ratio < less.ratio
        assert more.prompt_tokens > less.prompt_tokens


def test_the_session_keeps_the_reduction_with_our_own_cost_counted():
    assert session_tokens(0.6, all_loaded_tokens=100_000, overhead_tokens=700) == 39_300


def test_of_a_small_catalog_something_may_always_be_loaded():
    assert session_tokens(0.6, all_loaded_tokens=2_000, overhead_tokens=700) == SMALL_CATALOG_TOKENS


def test_a_long_query_must_bring_more_evidence_than_a_short_one():
    assert demanded(0.06, 3) == demanded(0.06, 20) == 0.06
    assert demanded(0.06, 20) < demanded(0.06, 40) < demanded(0.06, 80) < demanded(0.06, 10_000) < 1


@pytest.mark.parametrize(("pinned", "room"), [(0, 10), (1, 10), (4, 7), (50, 3)])
def test_pinned_tools_take_room_but_not_all(pinned: int, room: int):
    assert room_for_prompt(pinned) == room


@pytest.mark.parametrize(
    ("model", "is_frozen"),
    [("claude-sonnet-5", True), ("claude-Haiku-4-5", True), ("claude-opus-5", False), (None, False)],
)
def test_models_without_mid_conversation_changes_are_known_by_name(model: str | None, is_frozen: bool):
    assert is_frozen_after_first_request(model) == is_frozen
