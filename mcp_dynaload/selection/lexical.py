"""Ranking by words: BM25 over weighted fields finds candidates, how telling the matched words are gives the order."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nsmallest

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.selection.document import FIELDS, Document, document_of
from mcp_dynaload.selection.evidence import Evidence, log_odds, probability
from mcp_dynaload.selection.query import Query
from mcp_dynaload.selection.ranking import Ranker, Scored
from mcp_dynaload.selection.terms import coding_terms, common_terms, query_terms

SATURATION = 1.2
"""BM25's k1."""

BACKGROUND_TOOLS = 300
"""Tools of an imagined average catalog that is added to the real one, so that rarity means something in small ones."""

BACKGROUND_COMMON = 40
"""How many of those have any one everyday word."""

MIN_CANDIDATES = 40
"""Tools that BM25 hands on at least."""

LEAST_UPSTREAM_RARITY = 0.3
"""So that an upstream with an everyday name ("time") is not taken as named whenever the word is used."""


@dataclass(frozen=True, slots=True)
class _Wording:
    """A query in terms with their weights."""

    said: Mapping[str, float]
    """The text's own terms."""

    own: Mapping[str, float]
    """What counts as said: with the context, if the text leans on it."""

    around: Mapping[str, float]
    """The same with the context, which helps to find candidates and upstreams only."""

    mass: float
    """Summed rarity of what was said."""

    coding: frozenset[str]
    """What of it is about code."""


class LexicalRanker:
    """An index of one catalog; build it with `build_ranker`."""

    def __init__(self, catalog: Catalog) -> None:
        self._names = [tool.name for tool in catalog.tools]
        self._documents = [document_of(tool) for tool in catalog.tools]
        self._impacts = _impacts(self._documents)
        self._postings = _postings(self._impacts)
        self._common, self._coding = common_terms(), coding_terms()
        self._total = len(self._names) + BACKGROUND_TOOLS
        self._rarity = {term: self._rarity_of(term, len(entries)) for term, entries in self._postings.items()}

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """The best `limit` tools, best first, equal ones in name order; tools that match nothing are left out."""
        wording = self._wording(query)
        scores = self._scores(wording.around)
        best = nsmallest(max(limit, MIN_CANDIDATES), scores, key=lambda index: (-scores[index], index))
        scored = [self._scored(index, scores[index] / scores[best[0]], wording) for index in best]
        return tuple(nsmallest(limit, scored, key=lambda tool: (-tool.score, tool.name)))

    def _wording(self, query: Query) -> _Wording:
        said = query_terms(query.text)
        around = dict(said)
        for text, text_weight in query.context:
            for term, weight in query_terms(text).items():
                # Everyday words around a request say nothing about it, and are in most of the postings.
                if term not in self._common or query.leans_on_context:
                    around[term] = max(around.get(term, 0.0), weight * text_weight)
        own = around if query.leans_on_context else said
        return _Wording(
            said=said,
            own=own,
            around=around,
            mass=sum(weight * self._rarity_in_query(term) for term, weight in own.items()),
            coding=self._coding.intersection(own),
        )

    def _scores(self, weights: Mapping[str, float]) -> dict[int, float]:
        scores: dict[int, float] = {}
        for term, weight in weights.items():
            gain = weight * self._rarity.get(term, 0.0)
            for index, impact in self._postings.get(term, ()):
                scores[index] = scores.get(index, 0.0) + gain * impact
        return scores

    def _scored(self, index: int, relative_score: float, wording: _Wording) -> Scored:
        impacts = self._impacts[index]
        # The context explains what was said about a tool; it asks for no tool by itself.
        is_asked_for = any(term in impacts for term in wording.said)
        asking = wording.own.items() if is_asked_for else ()
        matched = {term: weight * self._rarity[term] for term, weight in asking if term in impacts}
        odds = log_odds(self._evidence(index, relative_score, matched, wording))
        terms = sorted(matched, key=lambda term: (-matched[term] * impacts[term], term))
        return Scored(name=self._names[index], score=odds, probability=probability(odds), terms=tuple(terms))

    def _evidence(self, index: int, relative_score: float, matched: Mapping[str, float], wording: _Wording) -> Evidence:
        document, impacts, rarity = self._documents[index], self._impacts[index], self._rarity
        name_mass = sum(matched.get(term, 0.0) for term in document.name)
        upstream = sum(rarity[term] for term in document.upstream)
        named = sum(wording.around.get(term, 0.0) * rarity[term] for term in document.upstream)
        besides_name = (term for term in matched if term not in document.name)
        return Evidence(
            relative_score=relative_score,
            name_coverage=_share(name_mass, sum(rarity[term] for term in document.name)),
            name_mass=name_mass,
            query_coverage=_share(sum(matched.values()), wording.mass),
            text_mass=sum(matched[term] * min(1.0, impacts[term]) for term in besides_name),
            rarest=max(matched.values(), default=0.0),
            upstream=named / max(LEAST_UPSTREAM_RARITY, upstream),
            coding=_share(len(wording.coding - document.name), len(wording.own)),
        )

    def _rarity_in_query(self, term: str) -> float:
        known = self._rarity.get(term)
        return self._rarity_of(term, 0) if known is None else known

    def _rarity_of(self, term: str, tools_with_it: int) -> float:
        seen = tools_with_it + (BACKGROUND_COMMON if term in self._common else 0.5)
        return max(0.0, math.log(self._total / seen) / math.log(self._total))


def build_ranker(catalog: Catalog) -> Ranker:
    """The ranker for this very catalog."""
    return LexicalRanker(catalog)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _impacts(documents: list[Document]) -> list[dict[str, float]]:
    """For each document and term the field-weighted, saturated frequency: BM25 without the rarity."""
    lengths = [sum(len(document.fields[n]) for document in documents) for n in range(len(FIELDS))]
    averages = [max(1.0, length / max(1, len(documents))) for length in lengths]
    return [_impacts_of(document, averages) for document in documents]


def _impacts_of(document: Document, averages: list[float]) -> dict[str, float]:
    frequencies: dict[str, float] = {}
    for field, average, terms in zip(FIELDS, averages, document.fields, strict=True):
        gain = field.weight / (1 - field.length_slope + field.length_slope * len(terms) / average)
        for term in terms:
            frequencies[term] = frequencies.get(term, 0.0) + gain
    return {term: many * (SATURATION + 1) / (SATURATION + many) for term, many in frequencies.items()}


def _postings(impacts: list[dict[str, float]]) -> dict[str, list[tuple[int, float]]]:
    postings: dict[str, list[tuple[int, float]]] = {}
    for index, document in enumerate(impacts):
        for term, impact in document.items():
            postings.setdefault(term, []).append((index, impact))
    return postings
