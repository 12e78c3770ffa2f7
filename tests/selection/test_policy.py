"""How much may be loaded, and on how much evidence."""

from itertools import pairwise

import pytest

from mcp_dynaload.selection.policy import (
    AMOUNTS,
    BOUNDS,
    LARGE_CATALOG_TOOLS,
    MAX_LOADED_OF_LARGE,
    SMALL_CATALOG_TOKENS,
    SURE_NEED,
    USUAL_SPREAD,
    VERY_LARGE_CATALOG_TOOLS,
    Strategy,
    amount_for_need,
    is_frozen_after_first_request,
    min_need,
    paid_tokens,
    room_for_prompt,
    session_tokens,
)

BALANCED = BOUNDS[Strategy.BALANCED]


def test_the_strategies_promise_their_reductions():
    assert {strategy: bounds.min_reduction for strategy, bounds in BOUNDS.items()} == {
        Strategy.CONSERVATIVE: 0.5,
        Strategy.BALANCED: 0.6,
        Strategy.AGGRESSIVE: 0.7,
    }


def test_a_more_aggressive_strategy_demands_more_and_brings_less():
    conservative, balanced, aggressive = (BOUNDS[strategy] for strategy in Strategy)

    for more, less in ((conservative, balanced), (balanced, aggressive)):
        assert min_need(more, 1_000) < min_need(less, 1_000)
        assert more.left_out < less.left_out
        assert more.prompt_tokens > less.prompt_tokens


def test_the_session_keeps_the_reduction_with_our_own_cost_counted():
    assert session_tokens(0.6, all_loaded_tokens=100_000, overhead_tokens=700) == 39_300


def test_of_a_small_catalog_something_may_always_be_loaded():
    assert session_tokens(0.6, all_loaded_tokens=2_000, overhead_tokens=700) == SMALL_CATALOG_TOKENS


@pytest.mark.parametrize(("pinned", "room"), [(0, 10), (1, 10), (4, 7), (50, 3)])
def test_pinned_tools_take_room_but_not_all(pinned: int, room: int):
    assert room_for_prompt(pinned, tools=LARGE_CATALOG_TOOLS) == room


def test_what_costs_more_in_vain_takes_more_evidence():
    assert [round(min_need(BALANCED, tokens), 2) for tokens in (0, 2_700, 10_000)] == [0.11, 0.43, 0.71]


def test_the_larger_a_catalog_the_more_room_a_prompt_has_that_is_not_sure():
    rooms = [room_for_prompt(0, tools) for tools in range(LARGE_CATALOG_TOOLS, VERY_LARGE_CATALOG_TOOLS + 1)]

    assert all(0 <= after - before <= 2 for before, after in pairwise(rooms)), "without a jump"
    assert rooms[-1] == room_for_prompt(0, 10 * VERY_LARGE_CATALOG_TOOLS) == MAX_LOADED_OF_LARGE


@pytest.mark.parametrize(
    ("model", "is_frozen"),
    [("claude-sonnet-5", True), ("claude-Haiku-4-5", True), ("claude-opus-5", False), (None, False)],
)
def test_models_without_mid_conversation_changes_are_known_by_name(model: str | None, is_frozen: bool):
    assert is_frozen_after_first_request(model) == is_frozen


@pytest.mark.parametrize("tokens", [0, 1_000, 10_000])
def test_a_need_pays_for_the_tokens_that_need_it(tokens: int) -> None:
    assert paid_tokens(BALANCED, min_need(BALANCED, tokens)) == pytest.approx(tokens)


def test_a_sure_need_pays_for_anything() -> None:
    assert paid_tokens(BALANCED, 1.0) > 1e9


def test_what_a_prompt_may_bring_grows_with_the_odds_that_it_needs_any_until_it_is_sure() -> None:
    amounts = [
        amount for need in (0.0, 0.5, 0.88, 0.9, 0.95, 0.98, 0.995) if (amount := amount_for_need(need, USUAL_SPREAD))
    ]

    assert amounts[0] == amounts[1] == AMOUNTS[0][1]
    assert [amount.tools for amount in amounts[1:]] == sorted({amount.tools for amount in amounts})
    assert [amount.tokens for amount in amounts[1:]] == sorted({amount.tokens for amount in amounts})
    assert amounts[-1].tools <= AMOUNTS[-1][1].tools
    assert amount_for_need(SURE_NEED, 3.0) is amount_for_need(1.0, 3.0) is None


def test_a_prompt_whose_words_are_near_to_tools_of_many_servers_may_bring_less() -> None:
    spreads = (2 * USUAL_SPREAD, USUAL_SPREAD, 0.0)
    amounts = [amount for spread in spreads if (amount := amount_for_need(0.95, spread))]

    assert len({amount.tools for amount in amounts}) == len(spreads)
    assert amounts == sorted(amounts, key=lambda amount: (amount.tools, amount.tokens))
