"""The best that any ranker could do: the least tokens that meet so many of a task's needs."""

from collections.abc import Iterable, Mapping, Sequence

_Options = dict[int, int]
"""The least cost of meeting a set of needs, given as bits."""


def min_costs(needs: Sequence[frozenset[str]], costs: Mapping[str, int]) -> tuple[int, ...]:
    """Return, for 0, 1, 2 … needs, the cost of the cheapest tools that meet so many of them; exact.

    One tool may serve several needs, so those that share tools are looked at together.
    """
    least = (0,)
    for options in _separate(_options(needs, costs)):
        least = _joined(least, _by_count(_all_sets(options)))
    return least


def most_met(least: Sequence[int], budget: int) -> int:
    """Return how many needs the budget can meet, from `min_costs`."""
    return sum(cost <= budget for cost in least[1:])


def _options(needs: Sequence[frozenset[str]], costs: Mapping[str, int]) -> _Options:
    serves: dict[str, int] = {}
    for index, names in enumerate(needs):
        for name in names:
            serves[name] = serves.get(name, 0) | 1 << index
    options: _Options = {}
    for name, met in serves.items():
        options[met] = min(options.get(met, costs[name]), costs[name])
    return options


def _separate(options: _Options) -> Iterable[_Options]:
    """Return options in groups that have no need in common."""
    groups: list[tuple[int, _Options]] = []
    for met, cost in options.items():
        near = [group for group in groups if group[0] & met]
        groups = [group for group in groups if not group[0] & met]
        together, joined = met, {met: cost}
        for bits, others in near:
            together |= bits
            joined |= others
        groups.append((together, joined))
    return [group for _, group in groups]


def _all_sets(options: _Options) -> _Options:
    reached: _Options = {0: 0}
    for met, cost in options.items():
        for before, paid in list(reached.items()):
            after = before | met
            reached[after] = min(reached.get(after, paid + cost), paid + cost)
    return reached


def _by_count(reached: _Options) -> tuple[int, ...]:
    most = max(met.bit_count() for met in reached)
    return tuple(min(cost for met, cost in reached.items() if met.bit_count() >= count) for count in range(most + 1))


def _joined(left: Sequence[int], right: Sequence[int]) -> tuple[int, ...]:
    """Return the least costs over two groups of needs, from those of each."""
    most = len(left) + len(right) - 2
    return tuple(
        min(left[n] + right[count - n] for n in range(len(left)) if 0 <= count - n < len(right))
        for count in range(most + 1)
    )
