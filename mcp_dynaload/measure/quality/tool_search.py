"""The client's own baseline: its built-in tool search with the prompt's content words."""

import re
from collections import Counter
from heapq import nsmallest

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.ranking.native_search import FOUND, MAX_WORDS, NativeSearch, of_server
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import Scored
from mcp_dynaload.ranking.words import STOPWORDS

_EDGES = re.compile(r"^\W+|\W+$")


class ToolSearchRanker:
    """The built-in search over one catalog whose servers are all connected directly, under their own names.

    Its query is what a model would make of the prompt at best, its content words: all but stopwords, unchanged, once
    each, the first `MAX_WORDS`. It knows no probability: the `FOUND` that a search returns have 1, those behind 0.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._names = [tool.name for tool in catalog.tools]
        self._search = NativeSearch([of_server(tool) for tool in catalog.tools])

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """Return the best tools for the text alone, best first, equal ones in name order as in the client."""
        scores = Counter[int]()
        matched: dict[int, list[str]] = {}
        for word in content_words(query.text)[:MAX_WORDS]:
            points = self._search.points(word)
            scores.update(points)
            for index in points:
                matched.setdefault(index, []).append(word)
        best = nsmallest(limit, scores, key=lambda index: (-scores[index], index))
        return tuple(
            Scored(self._names[index], scores[index], float(place < FOUND), tuple(matched[index]))
            for place, index in enumerate(best)
        )


def content_words(prompt: str) -> list[str]:
    """Return the words of a prompt without stopwords and the marks around them, lower-cased, once each."""
    words = (_EDGES.sub("", word) for word in prompt.lower().split())
    return [word for word in dict.fromkeys(words) if word and word not in STOPWORDS]
