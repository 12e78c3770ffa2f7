"""An index as the ranker asks it: numbers become terms when a query first needs them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from mcp_dynaload.ranking.lexical_index import Index
from mcp_dynaload.ranking.spelling import Spellings

Posting = tuple[tuple[int, float], ...]
"""Tools that have a term, by their place in the catalog, with their impacts."""


@dataclass(frozen=True, slots=True)
class ToolTerms:
    """The terms of one tool."""

    name: tuple[str, ...]
    upstream: tuple[str, ...]
    impacts: Mapping[str, float]
    """All terms with the weight that the definition gives them."""


class Lexicon:
    """An index and what has been read of it so far."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._numbers = {term: number for number, term in enumerate(index.terms)}
        self._postings: dict[str, Posting] = {}
        self._words: dict[int, ToolTerms] = {}

    def counts(self) -> dict[str, int]:
        """Return the terms with the number of tools that have each."""
        lengths = (end - start for start, end in pairwise((0, *self._index.postings.ends)))
        return dict(zip(self._index.terms, lengths, strict=True))

    def posting(self, term: str) -> Posting:
        """Return the tools that have a known term."""
        found = self._postings.get(term)
        if found is None:
            span = self._index.postings.span(self._numbers[term])
            found = tuple(zip(self._index.postings.values[span], self._index.posted_impacts[span], strict=True))
            self._postings[term] = found
        return found

    def words(self, tool: int) -> ToolTerms:
        """Return the terms of the tool at this place of the catalog."""
        found = self._words.get(tool)
        if found is None:
            index, terms = self._index, self._index.terms
            span = index.tools.span(tool)
            found = self._words[tool] = ToolTerms(
                name=tuple(terms[number] for number in index.names[tool]),
                upstream=tuple(terms[number] for number in index.upstreams[tool]),
                impacts=dict(zip(map(terms.__getitem__, index.tools.values[span]), index.impacts[span], strict=True)),
            )
        return found

    @cached_property
    def spellings(self) -> Spellings:
        """The words in names with their terms."""
        spelt = (self._index.terms[number] for number in self._index.spelt)
        return Spellings(zip(self._index.spellings, spelt, strict=True))
