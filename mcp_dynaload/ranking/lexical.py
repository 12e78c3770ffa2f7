"""Ranking by words: BM25 over weighted fields finds candidates, how telling the matched words are gives the order."""

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from heapq import nsmallest
from itertools import compress

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.ranking.evidence import NO_EVIDENCE, Evidence, log_odds, probability
from mcp_dynaload.ranking.lexical_index import Index, build_index
from mcp_dynaload.ranking.lexicon import Lexicon, ToolTerms
from mcp_dynaload.ranking.makers import Makers
from mcp_dynaload.ranking.query import Query, parts
from mcp_dynaload.ranking.ranker import Ranker, Scored
from mcp_dynaload.ranking.spelling import as_many, corrected, misspelt
from mcp_dynaload.ranking.terms import coding_terms, common_terms, query_terms

BACKGROUND_TOOLS = 300
"""Tools of an imagined average catalog that is added to the real one, so that rarity means something in small ones."""

BACKGROUND_COMMON = 40
"""How many of those have any one everyday word."""

CACHED_BACKGROUNDS = 16
CACHED_TEXTS = 32

MAX_CANDIDATES = 60
"""Tools whose evidence is looked at, shared by the clauses; those behind them are ordered by BM25 alone."""

MIN_CANDIDATES = 20
"""The share of a clause at least."""

UNDECIDED = 0.09
"""Probability of the best tool at which it is undecided whether a short query needs any."""

SURENESS = 2.0
"""How fast the need becomes sure as the best tool's probability leaves that point."""

SHORT_QUERY_TERMS = 20
"""Terms up to which a query must not make up for its length."""

LENGTH_DEMAND = 0.2
"""The part that each doubling of the length beyond that adds to that probability: long prompts match by chance."""

MAX_DEMANDED = 0.6
"""The highest probability demanded of a single tool for that reason."""

MIN_UPSTREAM_RARITY = 0.3
"""So that an upstream with an everyday name ("time") is not taken as named whenever the word is used."""


@dataclass(frozen=True, slots=True)
class _Background:
    """The texts around a clause: the same for all clauses of a prompt."""

    weights: Mapping[str, float]
    """Their terms."""

    scores: list[float]
    """The points that these give to each tool, by its place."""


@dataclass(frozen=True, slots=True)
class _Wording:
    """A query in terms with their weights."""

    said: Mapping[str, float]
    """The text's own terms."""

    own: Mapping[str, float]
    """The terms that count as said: with the context, if the text leans on it."""

    around: Mapping[str, float]
    """The same with the context, which helps to find candidates and upstreams only."""

    gains: Mapping[str, float]
    """Weight times rarity of those terms, as far as the catalog has them."""

    mass: float
    """Summed rarity of what was said."""

    coding: frozenset[str]
    """The terms that are about code."""

    background: _Background


@dataclass(frozen=True, slots=True)
class WordMatch:
    """The evidence of a clause's words for one tool."""

    index: int
    """The tool's place in the catalog."""

    odds: float
    """Log-odds that it is needed."""

    terms: tuple[str, ...] = ()
    """The matched terms, strongest first."""

    evidence: Evidence | None = None
    """The evidence that the odds are made of, unless it was not looked at."""


class LexicalRanker:
    """An index of one catalog; build it with `build_ranker`."""

    def __init__(self, catalog: Catalog, index: Index | None = None) -> None:
        """Take the catalog's index, or build one, which takes longer."""
        self._names = [tool.name for tool in catalog.tools]
        index = build_index(catalog) if index is None else index
        if len(index.tools) != len(self._names):
            raise ValueError("the index is of another catalog: it has another number of tools")
        self._lexicon = Lexicon(index)
        self._common, self._coding = common_terms(), coding_terms()
        self._total = len(self._names) + BACKGROUND_TOOLS
        self._rarity = {term: self._rarity_of(term, count) for term, count in self._lexicon.counts().items()}
        self._background = lru_cache(CACHED_BACKGROUNDS)(self._weigh_background)
        self._naming_makers = lru_cache(CACHED_TEXTS)(Makers(self._rarity).naming)
        self._said = lru_cache(CACHED_TEXTS)(self._corrected)
        self._mass = cache(self._summed_rarity)

    def anticipate(self, context: tuple[tuple[str, float], ...]) -> None:
        """Weigh what will stand around the next prompt, in the catalog's words."""
        for leans_on_context in (False, True):
            self._background(context, leans_on_context)

    def in_its_words(self, query: Query) -> Query:
        """Return a query, and what stands around it, with the makers of the products that it names."""
        context = tuple((self._naming_makers(text), weight) for text, weight in query.context)
        return replace(query, text=self._naming_makers(query.text), context=context)

    def respelt(self, text: str) -> Mapping[str, str]:
        """Return the words of a text taken for misspelt, each with the catalog's word that may be meant."""
        spellings = self._lexicon.spellings
        found = misspelt(query_terms(text), text, self._rarity, spellings)
        return {word: as_many(word, spellings.form(meant)) for word, meant in found.values()}

    @property
    def terms(self) -> Container[str]:
        """All terms of the catalog."""
        return self._rarity

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """Return the best `limit` tools for all clauses together; tools that match nothing are left out.

        A query that points back is read alone and together with what came before, and neither hides the other.
        """
        best: dict[int, WordMatch] = {}
        query = self.in_its_words(query)
        readings = [replace(query, leans_on_context=leans) for leans in sorted({False, query.leans_on_context})]
        clauses = [clause for reading in readings for clause in parts(reading)]
        candidates = max(MIN_CANDIDATES, MAX_CANDIDATES // len(clauses))
        for clause in clauses:
            for match in self.matches(clause, candidates, limit):
                if match.index not in best or match.odds > best[match.index].odds:
                    best[match.index] = match
        ranked = nsmallest(limit, best.values(), key=lambda match: (-match.odds, self._names[match.index]))
        need = _need(ranked[0].odds, query) if ranked else 0.0
        return tuple(
            Scored(self._names[match.index], match.odds, probability(match.odds), match.terms, need) for match in ranked
        )

    def matches(self, clause: Query, candidates: int, limit: int = 0) -> list[WordMatch]:
        """Return the evidence of a clause's words for the tools that match them most.

        So many `candidates` are judged by all evidence, others up to `limit` by BM25 alone.
        """
        wording = self._wording(clause)
        scores = self._scores(wording)
        matching = list(compress(range(len(scores)), scores))
        # Stable, so that of equal ones the first in the catalog come first, and without a call for each.
        matching.sort(key=scores.__getitem__, reverse=True)
        most = matching[: max(limit, candidates)]
        looked_at = [self._match(index, scores[index] / scores[most[0]], wording) for index in most[:candidates]]
        return looked_at + [_faint(index, scores[index] / scores[most[0]]) for index in most[candidates:]]

    def _wording(self, query: Query) -> _Wording:
        said = self._said(query.text)
        background = self._background(query.context, query.leans_on_context)
        around = dict(background.weights)
        for term, weight in said.items():
            around[term] = max(around.get(term, 0.0), weight)
        own = around if query.leans_on_context else said
        return _Wording(
            said=said,
            own=own,
            around=around,
            gains={term: weight * self._rarity[term] for term, weight in own.items() if term in self._rarity},
            mass=sum(weight * self._rarity_in_query(term) for term, weight in own.items()),
            coding=self._coding.intersection(own),
            background=background,
        )

    def _weigh_background(self, context: tuple[tuple[str, float], ...], leans_on_context: bool) -> _Background:
        """Return the first of the texts around a clause on top of the others, which stand around other clauses, too."""
        if not context:
            return _Background({}, [0.0] * len(self._names))
        (text, text_weight), *others = context
        known = self._background(tuple(others), leans_on_context)
        more: dict[str, float] = {}
        for term, weight in (self._said(text) if leans_on_context else query_terms(text)).items():
            # Everyday words around a request say nothing about it, and are in most of the postings.
            if term not in self._common or leans_on_context:
                more[term] = max(0.0, weight * text_weight - known.weights.get(term, 0.0))
        scores = known.scores.copy()
        self._add(scores, more)
        return _Background(
            {**known.weights, **{t: known.weights.get(t, 0.0) + gain for t, gain in more.items()}}, scores
        )

    def _scores(self, wording: _Wording) -> list[float]:
        known = wording.background.weights
        scores = wording.background.scores.copy()
        more = {term: wording.around[term] - known.get(term, 0.0) for term in wording.said}
        self._add(scores, more)
        return scores

    def _add(self, scores: list[float], weights: Mapping[str, float]) -> None:
        for term, weight in weights.items():
            gain = weight * self._rarity.get(term, 0.0)
            for index, impact in self._lexicon.posting(term) if gain else ():
                scores[index] += gain * impact

    def _match(self, index: int, relative_score: float, wording: _Wording) -> WordMatch:
        document = self._lexicon.words(index)
        impacts = document.impacts
        # The context explains what was said about a tool; it asks for no tool by itself.
        is_asked_for = wording.own is wording.said or any(term in impacts for term in wording.said)
        gains = wording.gains.items() if is_asked_for else ()
        matched = {term: gain for term, gain in gains if term in impacts}
        evidence = self._evidence(document, relative_score, matched, wording)
        terms = sorted(matched, key=lambda term: (-matched[term] * impacts[term], term))
        return WordMatch(index, log_odds(evidence), tuple(terms), evidence)

    def _evidence(
        self, document: ToolTerms, relative_score: float, matched: Mapping[str, float], wording: _Wording
    ) -> Evidence:
        impacts, rarity = document.impacts, self._rarity
        name_mass = sum([matched[term] for term in document.name if term in matched]) if matched else 0.0
        named = sum([wording.around[term] * rarity[term] for term in document.upstream if term in wording.around])
        besides_name = [term for term in matched if term not in document.name]
        return Evidence(
            relative_score=relative_score,
            name_coverage=_share(name_mass, self._mass(document.name)),
            name_mass=name_mass,
            query_coverage=_share(sum(matched.values()), wording.mass),
            text_mass=sum([matched[term] * min(1.0, impacts[term]) for term in besides_name]),
            rarest=max(matched.values(), default=0.0),
            upstream=named / max(MIN_UPSTREAM_RARITY, self._mass(document.upstream)),
            coding=_share(len(wording.coding.difference(document.name)), len(wording.own)),
        )

    def _corrected(self, text: str) -> Mapping[str, float]:
        return corrected(query_terms(text), text, self._rarity, self._lexicon.spellings)

    def _summed_rarity(self, terms: tuple[str, ...]) -> float:
        return sum(self._rarity[term] for term in terms)

    def _rarity_in_query(self, term: str) -> float:
        known = self._rarity.get(term)
        return self._rarity_of(term, 0) if known is None else known

    def _rarity_of(self, term: str, tools_with_it: int) -> float:
        seen = tools_with_it + (BACKGROUND_COMMON if term in self._common else 0.5)
        return max(0.0, math.log(self._total / seen) / math.log(self._total))


def _need(best_odds: float, query: Query) -> float:
    """Return the probability that the query needs any tool, from that of the best one."""
    best = probability(best_odds)
    surplus = math.log2(max(query.terms, SHORT_QUERY_TERMS) / SHORT_QUERY_TERMS)
    odds = best / min(MAX_DEMANDED, UNDECIDED + LENGTH_DEMAND * surplus)
    return odds**SURENESS / (odds**SURENESS + 1)


def _faint(index: int, relative_score: float) -> WordMatch:
    return WordMatch(index, NO_EVIDENCE + relative_score)


def build_ranker(catalog: Catalog) -> Ranker:
    """Return the ranker by words alone for a catalog."""
    return LexicalRanker(catalog)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
