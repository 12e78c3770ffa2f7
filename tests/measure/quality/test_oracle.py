from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.measure.quality.oracle import min_costs, most_met

COSTS = {"a": 5, "b": 7, "c": 11, "d": 3}


def _needs(*needs: str) -> list[frozenset[str]]:
    return [frozenset(need) for need in needs]


def test_the_cheapest_needs_come_first() -> None:
    assert min_costs(_needs("c", "a", "b"), COSTS) == (0, 5, 12, 23)


def test_the_cheapest_alternative_counts() -> None:
    assert min_costs(_needs("cd", "ab"), COSTS) == (0, 3, 8)


def test_one_tool_may_meet_several_needs() -> None:
    # a (5) and b (7) cost 12 together; c serves both for 11.
    assert min_costs(_needs("ac", "bc"), COSTS) == (0, 5, 11)


def test_a_need_listed_twice_costs_nothing_more() -> None:
    assert min_costs(_needs("a", "a", "d"), COSTS) == (0, 3, 5, 8)


def test_a_budget_meets_as_many_as_it_pays_for() -> None:
    assert [most_met((0, 5, 12, 23), budget) for budget in (4, 5, 11, 12, 22, 100)] == [0, 1, 1, 2, 2, 3]


@given(
    st.lists(st.sets(st.sampled_from("abcdef"), min_size=1, max_size=3), min_size=1, max_size=5),
    st.fixed_dictionaries({name: st.integers(1, 20) for name in "abcdef"}),
)
def test_no_set_of_tools_is_cheaper(needs: list[set[str]], costs: dict[str, int]) -> None:
    subsets = [set(names) for size in range(7) for names in combinations(costs, size)]
    by_hand = tuple(
        min(
            sum(costs[name] for name in names)
            for names in subsets
            if sum(not need.isdisjoint(names) for need in needs) >= count
        )
        for count in range(len(needs) + 1)
    )
    assert min_costs([frozenset(need) for need in needs], costs) == by_hand
