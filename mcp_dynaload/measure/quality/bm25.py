"""The field's baseline: plain Okapi BM25 over names and descriptions, no fields, no stemming."""

import math
import re
from collections import Counter
from heapq import nsmallest

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import Scored

SATURATION = 1.5
"""BM25's k1."""

LENGTH_SLOPE = 0.75
"""BM25's b."""

_WORD = re.compile(r"[^\W_]+")


class Bm25Ranker:
    """An index of one catalog.

    BM25 knows no probability: each tool's is its score as a share of the best one's, so it never abstains.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._names = [tool.name for tool in catalog.tools]
        documents = [Counter(words(f"{tool.original_name} {tool.description}")) for tool in catalog.tools]
        average = sum(document.total() for document in documents) / max(1, len(documents))
        self._postings: dict[str, dict[int, float]] = {}
        for index, document in enumerate(documents):
            held_back = SATURATION * (1 - LENGTH_SLOPE + LENGTH_SLOPE * document.total() / average)
            for word, many in document.items():
                self._postings.setdefault(word, {})[index] = many * (SATURATION + 1) / (many + held_back)

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """Return the best tools for the text alone, best first; a word said twice counts twice."""
        said = words(query.text)
        scores: dict[int, float] = {}
        for word in said:
            postings = self._postings.get(word, {})
            rarity = self._rarity(len(postings))
            for index, impact in postings.items():
                scores[index] = scores.get(index, 0.0) + rarity * impact
        best = nsmallest(limit, scores, key=lambda index: (-scores[index], index))
        return tuple(self._scored(index, scores[index], scores[best[0]], said) for index in best)

    def _scored(self, index: int, score: float, best: float, said: list[str]) -> Scored:
        terms = dict.fromkeys(word for word in said if index in self._postings.get(word, {}))
        return Scored(self._names[index], score, score / best, tuple(terms))

    def _rarity(self, tools_with_it: int) -> float:
        return math.log(1 + (len(self._names) - tools_with_it + 0.5) / (tools_with_it + 0.5))


def words(text: str) -> list[str]:
    """Return runs of letters and digits, lower-cased: `create_issue` is two words."""
    return _WORD.findall(text.lower())
