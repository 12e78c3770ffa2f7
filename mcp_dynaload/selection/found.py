"""The tools that a model means by a search of its own, and what fits next for one that has these."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import accumulate

from mcp_dynaload.ranking.ranker import Scored

CLEAR = 0.5
"""From this probability of the best on a search is taken to be for ours; below, the client's own words decide."""

LIKELY = 0.2
"""From this probability on a tool is listed all the same, so that the client's own words can find it."""

SHARE_OF_BEST = 0.2
"""A tool that is so much less likely than the best one is not what was searched for."""

NEXT_PROBABILITY = 0.001
"""From this probability on a tool is worth finding for who has all that a search is likely to mean."""

NEXT_TOOLS = 12
"""So many tools at most fit next: who searches for what it has would search again for each that is missing."""

NEXT_TOKENS = 1_500
"""So many tokens at most have the definitions of what fits next, the first two of them aside."""


@dataclass(frozen=True, slots=True)
class Found:
    """The tools that a search brings, best first."""

    likely: tuple[Scored, ...]
    """Those that it is likely to mean."""

    more: tuple[Scored, ...] = ()
    """Those that fit next, where the model has all of these: it did not find among them what it wants."""

    @property
    def is_clear(self) -> bool:
        """Whether the search is for ours beyond doubt."""
        return bool(self.more) or (bool(self.likely) and self.likely[0].probability >= CLEAR)

    def without(self, names: Set[str]) -> "Found":
        """Return the same without some tools."""
        likely, more = (tuple(one for one in some if one.name not in names) for some in (self.likely, self.more))
        return Found(likely, more)


def found_by_search(ranked: Sequence[Scored], told: Set[str], most: int, costs: Mapping[str, int]) -> Found:
    """Return what a search for at most so many tools brings to a model that has seen the definitions of `told`.

    `ranked` are the tools by the words of the search, as many as `ranks_for_search` says.
    """
    likely = _likely(ranked[:most])
    if not likely or any(scored.name not in told for scored in likely):
        return Found(likely)
    return Found(likely, fitting_next(ranked, told, costs))


def ranks_for_search(told: Set[str], most: int) -> int:
    """Return how many ranks a search for at most so many tools looks at."""
    return len(told) + max(most, NEXT_TOOLS)


def fitting_next(ranked: Sequence[Scored], told: Set[str], costs: Mapping[str, int]) -> tuple[Scored, ...]:
    """Return what fits next for a model that has seen the definitions of `told`.

    `costs` are the tokens of the definitions by name; what is not among them is gone meanwhile.
    """
    unseen = [scored for scored in ranked if scored.name in costs and scored.name not in told]
    more = [scored for scored in unseen if scored.probability >= NEXT_PROBABILITY][:NEXT_TOOLS]
    sums = accumulate(costs[scored.name] for scored in more)
    return tuple(
        scored
        for place, (scored, total) in enumerate(zip(more, sums, strict=True))
        if place < 2 or total <= NEXT_TOKENS
    )


def _likely(ranked: Sequence[Scored]) -> tuple[Scored, ...]:
    best = ranked[0].probability if ranked else 0.0
    least = SHARE_OF_BEST * best if best >= CLEAR else LIKELY
    return tuple(scored for scored in ranked if scored.probability >= least)
