"""Ranking by words and by meaning together: vectors of tools and prompts beside the lexical evidence.

Imports numpy, so it is imported only where an encoder is read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.ranking.about_words import is_about_words
from mcp_dynaload.ranking.cleaning import own_words
from mcp_dynaload.ranking.evidence import NO_EVIDENCE, Evidence
from mcp_dynaload.ranking.families import Families
from mcp_dynaload.ranking.features import (
    FITTED,
    Coefficients,
    Matrix,
    Observed,
    Vector,
    need_odds,
    own_work_features,
    tool_features,
)
from mcp_dynaload.ranking.follow_up import (
    Clues,
    Earlier,
    Reading,
    clues,
    follow_up,
    in_its_course,
    leans_on_nothing,
    stays_alone,
)
from mcp_dynaload.ranking.follow_up_form import form_of
from mcp_dynaload.ranking.general import asks_in_general
from mcp_dynaload.ranking.lexical import LexicalRanker, WordMatch
from mcp_dynaload.ranking.lexical_index import Index
from mcp_dynaload.ranking.means import names_unknown_means
from mcp_dynaload.ranking.own_work import OwnWork, repeating
from mcp_dynaload.ranking.query import Query, parse_query, parts
from mcp_dynaload.ranking.ranker import Scored
from mcp_dynaload.ranking.synonyms import Synonyms
from mcp_dynaload.ranking.terms import verb_terms
from mcp_dynaload.ranking.tool_vectors import ToolVectors, cosines_in_steps


class Reader(Protocol):
    """A reader of texts: an encoder with a judge of prompts."""

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return a unit vector for each text, as rows."""
        ...

    def begin(self, texts: Sequence[str]) -> None:
        """Begin to read texts of which `read` and, of the first, `need` will be asked, and do not wait."""
        ...

    def read(self, texts: Sequence[str]) -> Matrix:
        """Return the vectors of texts."""
        ...

    def need(self, text: str) -> float:
        """Return the log-odds that a text asks for a tool of any kind."""
        ...


CANDIDATES = 50
"""Tools taken from the order by words, and from that by meaning, of the whole prompt."""

CLAUSE_CANDIDATES = 15
"""The same of each clause."""

MANY_CLAUSES, MOST_CLAUSES, CHARACTERS_A_CLAUSE = 4, 6, 200
"""Clauses looked at one by one; of a long prompt one for so many characters, up to the second number. More are joined
with their neighbours, so that a long prompt stays cheap and is read to its end all the same."""

CLAUSE_LENGTH = 110
"""Characters of a clause that are encoded when there are several."""

WHOLE_LENGTH, MAX_WHOLE_LENGTH = 350, 500
"""Characters of the whole prompt that are encoded beside them: half of it from the first number up to the second, which
is what the encoder reads of one text."""

BEFORE_LENGTH = 200
"""Characters of each prompt before that are encoded with one that leans on it."""

COST_WEIGHT = 0.4
"""How far a dear definition is held back: the power of its tokens that its odds are divided by."""

SIBLINGS_WEIGHT, MAX_SIBLINGS = 0.3, 30
"""How far a tool of a server with many tools is held back, of which fewer are needed: the power of their number that
its odds are divided by, and the number from which on more tell nothing."""

SHARPNESS = 0.8
"""The factor of log-odds, in which a model is surer about what it was fitted on than about what it never saw."""

CACHED_PROMPTS = 32


@dataclass(frozen=True, slots=True)
class _AskedTexts:
    """A query as it is read."""

    query: Query
    clauses: tuple[Query, ...]
    """None where there is only one."""

    texts: tuple[str, ...]
    """The whole and each clause, as the encoder reads them."""

    respelt: Mapping[str, str]
    """Its words taken for misspelt, each with the catalog's."""


@dataclass(frozen=True, slots=True)
class _Candidates:
    indices: list[int]
    observed: Observed
    terms: dict[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Shares:
    """The shares of upstreams in what an earlier prompt may have asked for."""

    of_upstreams: Vector
    need: float
    """That it asked for any tool."""


class HybridRanker:
    """An index of one catalog with the vectors of its tools and of what the client does itself."""

    def __init__(
        self,
        catalog: Catalog,
        vectors: ToolVectors,
        own_work: OwnWork,
        reader: Reader,
        index: Index | None = None,
        coefficients: Coefficients = FITTED,
    ) -> None:
        """Take the catalog's lexical index, or build one, which takes longer."""
        if len(vectors) != len(catalog.tools):
            raise ValueError("there must be vectors for each tool of the catalog")
        self._names = [tool.name for tool in catalog.tools]
        self._lexical = LexicalRanker(catalog, index)
        self._translation = Synonyms(self._lexical.terms)
        self._vectors, self._own_prompts = vectors, own_work.prompts
        numbers = {upstream: number for number, upstream in enumerate(sorted({t.upstream for t in catalog.tools}))}
        self._upstreams = np.array([numbers[tool.upstream] for tool in catalog.tools], np.intp)
        siblings = np.bincount(self._upstreams, minlength=1)[self._upstreams]
        self._repeating = repeating(vectors, self._upstreams, own_work)
        self._families = Families(catalog.tools)
        self._held_back = held_back([catalog.costs[name] for name in self._names], siblings.tolist())
        self._coefficients = coefficients
        self._reader = reader
        self._shares = lru_cache(CACHED_PROMPTS)(self._upstream_shares)

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """Return the best `limit` tools for all clauses together, best first, equal ones in name order."""
        if not self._names:
            return ()
        query = self._lexical.in_its_words(query)
        alone = self._asked(replace(query, leans_on_context=False))
        # Begun at once: few short prompts are so sure alone that they need no other reading.
        together = self._asked(replace(query, leans_on_context=True)) if query.is_short_after_others else alone
        found = self._candidates(alone, limit)
        reading = self._reading(found)
        if query.context:
            before = [self._shares(text) for text, _ in query.context]  # while the other is read
            if query.is_short_after_others and not leans_on_nothing(reading, points_back=query.leans_on_context):
                other = self._candidates(together, limit)
                reading = follow_up(reading, self._reading(other), self._earlier(query, before, found))
                found = replace(found, terms=other.terms | found.terms)
            reading = in_its_course(reading, max(one.need for one in before))
        given = self._families.together(reading.given)
        indices = np.flatnonzero(given)
        scores = _odds(given[indices]) / SHARPNESS - self._held_back[indices]
        # Candidates are in name order, which a stable sort keeps among equal ones.
        return tuple(
            Scored(
                name=self._names[index],
                score=float(scores[place]),
                probability=reading.need * float(given[index]),
                terms=found.terms.get(index, ()),
                need=reading.need,
                repeats_client=bool(self._repeating[index]),
            )
            for place in _best_first(scores, limit)
            for index in (int(indices[place]),)
        )

    def clues(self, query: Query) -> Clues | None:
        """Return the clues by which a query after others may need any tool; None where it needs no more than alone."""
        query = self._lexical.in_its_words(query)
        found = self.candidates(replace(query, leans_on_context=False), 0)
        alone = self._reading(found)
        if not query.is_short_after_others or leans_on_nothing(alone, points_back=query.leans_on_context):
            return None
        earlier = self._earlier(query, [self._shares(text) for text, _ in query.context], found)
        if stays_alone(alone, earlier):
            return None
        return clues(alone, self._reading(self.candidates(replace(query, leans_on_context=True), 0)), earlier)

    def anticipate(self, earlier: tuple[str, ...]) -> None:
        """Work out the subjects of these prompts and weigh their words: 4 to 6 ms a prompt of the next one's time."""
        context = self._lexical.in_its_words(parse_query("", earlier)).context
        self._lexical.anticipate(context)
        if self._names:
            for text, _ in context:
                self._shares(text)

    def _reading(self, found: _Candidates) -> Reading:
        odds = self._coefficients.tool.odds(tool_features(found.observed))
        need = float(_probability(np.array([need_odds(found.observed, odds, self._coefficients)], np.float32))[0])
        given = np.zeros(len(self._names), np.float32)
        given[found.indices] = _probability(SHARPNESS * odds)
        return Reading(given, need)

    def _earlier(self, query: Query, before: Sequence[_Shares], found: _Candidates) -> Earlier:
        """Return the tie of a query with the prompts before it, newest first, which fade."""
        weights = [weight for _, weight in query.context]
        shares = np.sum([weight * one.of_upstreams for weight, one in zip(weights, before, strict=True)], axis=0)
        deeds = np.zeros(len(self._names), np.bool_)
        deeds[[index for index, terms in found.terms.items() if not verb_terms().isdisjoint(terms)]] = True
        return Earlier(
            subject=(shares / shares.sum())[self._upstreams],
            subjects=tuple(one.of_upstreams[self._upstreams] for one in before),
            need=max(one.need for one in before),
            recent_need=max(one.need for one in before[: len(query.begun)]),
            deeds=deeds,
            form=form_of(query),
            asks_in_general=bool(found.observed.general),
        )

    def _upstream_shares(self, text: str) -> _Shares:
        reading = self._reading(self.candidates(Query(text), 0))
        shares = np.bincount(self._upstreams, weights=reading.given)
        return _Shares((shares / shares.sum()).astype(np.float32), reading.need)

    def candidates(self, query: Query, limit: int) -> _Candidates:
        """Return the tools worth looking at for a query, and what is known about them."""
        return self._candidates(self._asked(self._lexical.in_its_words(query)), limit)

    def _asked(self, query: Query) -> _AskedTexts:
        """Return a query in its clauses and texts, which begin to be read."""
        clauses = parts(query, _many_clauses(query.text))
        clauses = () if clauses == (query,) else clauses
        texts = (_whole(replace(query, text=own_words(query.text))),)
        if clauses:
            half = max(WHOLE_LENGTH, min(MAX_WHOLE_LENGTH, len(query.text) // 2))
            texts = (texts[0][:half], *(clause.text[:CLAUSE_LENGTH] for clause in clauses))
        respelt = self._lexical.respelt(query.text)
        texts = tuple(self._translation.of(text, respelt) for text in texts)
        self._reader.begin(texts)
        return _AskedTexts(query, clauses, texts, respelt)

    def _candidates(self, asked: _AskedTexts, limit: int) -> _Candidates:
        by_words = [self._lexical.matches(asked.query, CANDIDATES)]
        by_words += [self._lexical.matches(clause, CLAUSE_CANDIDATES) for clause in asked.clauses]
        said = self._reader.read(asked.texts)
        likeness = self._vectors.likeness(said)
        chosen = {match.index for matches in by_words for match in matches}
        limits = (max(CANDIDATES, limit), *(CLAUSE_CANDIDATES for _ in asked.texts))
        for row, many in zip(likeness, limits, strict=False):
            chosen.update(_best_first(row, many))
        indices = sorted(chosen)
        terms = {match.index: match.terms for matches in reversed(by_words) for match in matches}
        observed = self._observed(asked, said, likeness, by_words, indices)
        return _Candidates(indices, observed, terms)

    def _observed(
        self,
        asked: _AskedTexts,
        vectors: Matrix,
        likeness: Matrix,
        by_words: list[list[WordMatch]],
        indices: list[int],
    ) -> Observed:
        whole, *clauses = ({match.index: match.odds for match in matches} for matches in by_words)
        evidence = _of_best_clause(by_words[1:] or by_words)
        found = [evidence.get(index) for index in indices]
        return Observed(
            clause_odds=_highest(clauses or [whole], indices),
            whole_odds=_highest([whole], indices),
            name_coverage=np.array([one.name_coverage if one else 0.0 for one in found], np.float32),
            rarest=np.array([one.rarest if one else 0.0 for one in found], np.float32),
            likeness=likeness[:, indices],
            tools=len(self._names),
            center=likeness.mean(axis=1),
            spread=likeness.std(axis=1),
            nearest=likeness.max(axis=1),
            upstreams=self._upstreams[indices],
            own_work=own_work_features(cosines_in_steps(vectors[0], self._own_prompts)),
            said=vectors[0],
            general=float(asks_in_general(asked.query.text) or is_about_words(asked.query.text)),
            understood=asked.query.understood,
            unknown_means=names_unknown_means(asked.query.text, self._lexical.terms, asked.respelt),
            judged=self._reader.need(asked.texts[0]),  # the last: it is being found meanwhile
        )


def held_back(
    costs: Sequence[int],
    siblings: Sequence[int],
    cost_weight: float = COST_WEIGHT,
    siblings_weight: float = SIBLINGS_WEIGHT,
) -> Vector:
    """Return what tools lose in log-odds by the tokens of their definitions and the number of their servers' tools."""
    dear = cost_weight * np.log(np.maximum(costs, 1))
    many = siblings_weight * np.log(np.clip(siblings, 1, MAX_SIBLINGS))
    return (dear + many).astype(np.float32)


def _highest(odds: Sequence[dict[int, float]], indices: list[int]) -> Vector:
    rows = [[found.get(index, NO_EVIDENCE) for index in indices] for found in odds]
    return np.array(rows, np.float32).max(axis=0)


def _of_best_clause(by_words: Sequence[Sequence[WordMatch]]) -> dict[int, Evidence]:
    """Return what words say of each tool, in the clause that speaks most for it."""
    matches = sorted((match for found in by_words for match in found), key=lambda match: match.odds)
    return {match.index: match.evidence for match in matches if match.evidence}


def _whole(query: Query) -> str:
    """Return the prompt; one that leans on what was said before, together with that."""
    before = query.begun if query.leans_on_context else ()
    return "\n".join([*(text[:BEFORE_LENGTH] for text in before), query.text])


def _many_clauses(text: str) -> int:
    """Return how many clauses of a text are looked at one by one."""
    return max(MANY_CLAUSES, min(MOST_CLAUSES, round(len(text) / CHARACTERS_A_CLAUSE)))


def _best_first(values: Vector, limit: int) -> list[int]:
    return np.argsort(-values, kind="stable")[:limit].tolist()


def _odds(probability: Vector) -> Vector:
    within = np.clip(probability, 1e-12, 1 - 1e-7)
    return np.log(within / (1 - within))


def _probability(odds: Vector) -> Vector:
    return (1 / (1 + np.exp(-np.clip(odds, -30, 30)))).astype(np.float32)
