"""Reciprocal rank fusion: what the field does to combine rankers."""

from collections.abc import Sequence
from heapq import nsmallest

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import Ranker, Scored

FLATTENING = 60
"""The usual constant: how little the first place counts above the second."""


class FusionRanker:
    """A ranker made of others over one catalog. The probability is the score as a share of the best one's."""

    def __init__(self, catalog: Catalog, rankers: Sequence[Ranker]) -> None:
        self._tools = len(catalog.tools)
        self._rankers = tuple(rankers)

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """Return the tools with the best places in all rankings together."""
        scores: dict[str, float] = {}
        terms: dict[str, tuple[str, ...]] = {}
        for ranker in self._rankers:
            for place, scored in enumerate(ranker.rank(query, self._tools), start=1):
                scores[scored.name] = scores.get(scored.name, 0.0) + 1 / (FLATTENING + place)
                terms[scored.name] = terms.get(scored.name) or scored.terms
        best = nsmallest(limit, scores, key=lambda name: (-scores[name], name))
        return tuple(Scored(name, scores[name], scores[name] / scores[best[0]], terms[name]) for name in best)
