"""The client's own baseline: its built-in tool search, scored as Claude Code 2.1.332 does."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.cost import MAX_DESCRIPTION_LENGTH
from mcp_dynaload.catalog.tool import Tool, json_object
from mcp_dynaload.selection.query import Query
from mcp_dynaload.selection.ranking import Scored
from mcp_dynaload.selection.words import STOPWORDS

MAX_WORDS = 32
"""Words of a query that the client looks at."""

FOUND = 5
"""Tools that a search returns when the model does not say how many."""

SEARCH_HINT = "anthropic/searchHint"
"""`_meta` key with further words for the search."""

MAX_HINT_LENGTH = 4_096

PART, WITHIN_PART = 12, 6
"""A word that is a part of the server's or the tool's name, or within one."""

NAME, WITHIN_NAME = 12, 4
"""On top of that: a word that is the server's or the tool's whole name, or within it."""

IN_HINT, IN_DESCRIPTION = 4, 2

_SEPARATORS = re.compile(r"[\s_.]+")
_RUN = re.compile(r"\w+", re.ASCII)
_EDGES = re.compile(r"^\W+|\W+$")


class ToolSearchRanker:
    """The built-in search over one catalog whose servers are all connected directly, under their own names.

    Its query is what a model would make of the prompt at best, its content words: all but stopwords, unchanged, once
    each, the first `MAX_WORDS`. It knows no probability: the `FOUND` that a search returns have 1, those behind 0.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._names = [tool.name for tool in catalog.tools]
        names = [(tool.upstream.lower(), tool.original_name.lower()) for tool in catalog.tools]
        self._whole_names = _holders(names)
        self._parts = _holders([_parts(pair) for pair in names])
        self._hints = _texts(_hint(tool) for tool in catalog.tools)
        self._descriptions = _texts(tool.description[:MAX_DESCRIPTION_LENGTH] for tool in catalog.tools)

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """Return the best tools for the text alone, best first, equal ones in name order as in the client."""
        scores = Counter[int]()
        matched: dict[int, list[str]] = {}
        for word in content_words(query.text)[:MAX_WORDS]:
            points = self._points(word)
            scores.update(points)
            for index in points:
                matched.setdefault(index, []).append(word)
        best = nsmallest(limit, scores, key=lambda index: (-scores[index], index))
        return tuple(
            Scored(self._names[index], scores[index], float(place < FOUND), tuple(matched[index]))
            for place, index in enumerate(best)
        )

    def _points(self, word: str) -> Counter[int]:
        """Return what the word gives to each tool that has it."""
        points = Counter(_named(self._parts, word, PART, WITHIN_PART))
        points.update(_named(self._whole_names, word, NAME, WITHIN_NAME))
        points.update(dict.fromkeys(self._hints.with_word(word), IN_HINT))
        points.update(dict.fromkeys(self._descriptions.with_word(word), IN_DESCRIPTION))
        return points


def content_words(prompt: str) -> list[str]:
    """Return the words of a prompt without stopwords and the marks around them, lower-cased, once each."""
    words = (_EDGES.sub("", word) for word in prompt.lower().split())
    return [word for word in dict.fromkeys(words) if word and word not in STOPWORDS]


_Holders = Mapping[str, Sequence[int]]
"""From a string to the places of the tools that have it."""


def _holders(strings: Iterable[Iterable[str]]) -> _Holders:
    found: dict[str, list[int]] = {}
    for index, of_tool in enumerate(strings):
        for string in set(of_tool):
            found.setdefault(string, []).append(index)
    return found


def _named(holders: _Holders, word: str, whole: int, within: int) -> dict[int, int]:
    points = {index: within for string, tools in holders.items() if word in string for index in tools}
    return points | dict.fromkeys(holders.get(word, ()), whole)


@dataclass(frozen=True, slots=True)
class _Texts:
    texts: Sequence[str]
    holders: _Holders

    def with_word(self, word: str) -> Sequence[int]:
        """Return the tools whose text has the word between what JavaScript takes for the edges of words."""
        if _RUN.fullmatch(word):
            return self.holders.get(word, ())
        between_edges = re.compile(rf"\b{re.escape(word)}\b", re.ASCII)
        return [index for index, text in enumerate(self.texts) if word in text and between_edges.search(text)]


def _texts(texts: Iterable[str]) -> _Texts:
    lower = [text.lower() for text in texts]
    return _Texts(lower, _holders(_RUN.findall(text) for text in lower))


def _parts(names: Iterable[str]) -> list[str]:
    return [part for name in names for part in _SEPARATORS.split(name) if part]


def _hint(tool: Tool) -> str:
    hint = json_object(tool.definition.get("_meta")).get(SEARCH_HINT)
    return hint[:MAX_HINT_LENGTH] if isinstance(hint, str) else ""
