"""Tools of one server that are steps of one task: the names of a few share a word that no other tool of it has.

`search_arxiv`, `download_arxiv` and `read_arxiv_paper` are such a family, and so are `list_tags` and `get_tag`. A
prompt names one step and needs the others, too: what is to be read has to be found first, what was found is to be read.

Imports numpy, so it is imported only where an encoder is read.
"""

from collections.abc import Iterator, Sequence
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.ranking.features import Vector
from mcp_dynaload.ranking.terms import identifier_terms, stemmed, verb_terms

MAX_FAMILY = 3
"""Tools of a server that may share a word: what more share is its subject, and no step of the same task."""

KIN_WEIGHT = 0.4
"""The probability of a tool as a share of that of the likeliest one of its family, at least."""

LIKELY = 0.1
"""The least probability of that one, given that any is needed: an unlikely tool brings no others."""

FORMS = ("data", "details", "id", "ids", "info", "information", "all", "multiple", "result", "results", "single")
"""Words of names that tell in what form something is given, not what."""


class Families:
    """The families of a catalog's tools."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        """Take the tools in the catalog's order."""
        pairs = sorted(set(_pairs(tools)))
        self._of: NDArray[np.intp] = np.array([one for one, _ in pairs], np.intp)
        self._kin: NDArray[np.intp] = np.array([other for _, other in pairs], np.intp)

    def together(self, given: Vector) -> Vector:
        """Return the probabilities of all tools, none less than its share of that of a likely one of its family."""
        found = given.copy()
        likely = given[self._of] >= LIKELY
        np.maximum.at(found, self._kin[likely], KIN_WEIGHT * given[self._of[likely]])
        return found


def _pairs(tools: Sequence[Tool]) -> Iterator[tuple[int, int]]:
    """Yield the places of a tool and of one that comes with it; none that may destroy: a user has to mean that."""
    sharing: dict[tuple[str, str], list[int]] = {}
    told_elsewhere = verb_terms() | frozenset(stemmed([*FORMS]))
    for place, tool in enumerate(tools):
        for term in set(identifier_terms(tool.original_name)) - told_elsewhere:
            sharing.setdefault((tool.upstream, term), []).append(place)
    for family in sharing.values():
        if len(family) <= MAX_FAMILY:
            yield from ((one, other) for one, other in permutations(family, 2) if not tools[other].is_destructive)
