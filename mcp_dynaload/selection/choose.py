"""Which of the ranked tools a query gets: until few of the needed ones are left out, within room and tokens."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import CLEAR_PROBABILITY, Ranker, Scored
from mcp_dynaload.ranking.terms import generic_verb_terms, identifier_terms, meanings, verb_terms
from mcp_dynaload.selection.policy import (
    MIN_PROBABILITY,
    SURE_NEED,
    SURE_SHARE,
    UNLIKELY,
    WORTH_TOKENS,
    Amount,
    Bounds,
    amount_for_need,
    min_need,
    paid_tokens,
    room_for_prompt,
)

RANKED = 60
"""Tools looked at."""

NO_EVIDENCE = "no tool has enough evidence"
"""The reason of a choice of none."""

MAX_EXPLAINED = 20
"""Tools kept for explaining."""


class Verdict(StrEnum):
    """The outcome for a ranked tool, in words for the user."""

    CHOSEN = "needed"
    PINNED = "pinned, always loaded"
    NO_NEED = "no tool seems needed"
    BELOW_BOUND = "below the bound"
    NO_ROOM = "too many for one prompt"
    UNSURE = "too many while it is not sure that any is needed"
    NO_TOKENS = "over the tokens that the prompt may bring"
    NO_SESSION_ROOM = "over the session's limits"
    UNCLEAR = "may destroy, not clearly meant"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Judged:
    """A ranked tool and what became of it."""

    scored: Scored
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Choice:
    """The tools that a query gets, and the verdict on each ranked one."""

    names: tuple[str, ...]
    """Most needed first."""

    ranked: tuple[Scored, ...]
    """The best of the ranking, chosen or not, without those that may not be loaded."""

    reason: str
    judged: tuple[Judged, ...]
    """All that was ranked, in its order, each with the reason."""

    @property
    def need(self) -> float:
        """Probability that the query needs any tool."""
        return self.ranked[0].need if self.ranked else 0.0


def choose(
    query: Query,
    catalog: Catalog,
    ranker: Ranker,
    bounds: Bounds,
    *,
    withheld: frozenset[str] = frozenset(),
    plan_mode: bool = False,
) -> Choice:
    """Choose the tools that the query needs beside the pinned ones; none if even the best lacks evidence."""
    found = _with_prerequisites(ranker.rank(query, RANKED), catalog)
    verdicts = {scored.name: barred for scored in found if (barred := _barred(scored, catalog, withheld))}
    ranked = tuple(scored for scored in found if scored.name not in verdicts)
    need = ranked[0].need if ranked else 0.0
    left_out = bounds.left_out * (SURE_SHARE if need >= SURE_NEED else 1.0)
    probable = [
        scored
        for group in (_read_only_first(ranked, catalog) if plan_mode else (ranked,))
        for scored in _until_few_are_left_out(group, left_out)
    ]
    wanted = [scored.name for scored in probable]
    if _needs_any(ranked, min(_tokens_of(wanted, catalog, bounds.prompt_tokens), WORTH_TOKENS), bounds):
        paid = int(min(bounds.prompt_tokens, paid_tokens(bounds, need)))
        verdicts |= _limited(wanted, catalog, paid, need, _spread(probable, catalog))
        rest, reason = Verdict.BELOW_BOUND, "needed for the prompt"
    else:
        rest, reason = Verdict.NO_NEED, NO_EVIDENCE
    names = tuple(name for name, verdict in verdicts.items() if verdict is Verdict.CHOSEN)
    judged = tuple(Judged(scored, _final(scored, verdicts.get(scored.name, rest), catalog)) for scored in found)
    return Choice(names, ranked[:MAX_EXPLAINED], reason, judged)


def _with_prerequisites(ranked: tuple[Scored, ...], catalog: Catalog) -> tuple[Scored, ...]:
    """Return the ranking with a likely tool's prerequisites right behind it, as likely as it is.

    Not what may destroy: a user has to mean that.
    """
    by_name = {scored.name: scored for scored in ranked}
    found: dict[str, Scored] = {}
    for scored in ranked:
        found.setdefault(scored.name, scored)
        if scored.probability < MIN_PROBABILITY:
            continue
        for name in catalog.prerequisites(tool_of(catalog, scored.name)):
            if not tool_of(catalog, name).is_destructive:
                first = by_name.get(name) or replace(scored, name=name, terms=())
                found.setdefault(name, replace(first, probability=max(scored.probability, first.probability)))
    return tuple(found.values())


def _tokens_of(wanted: list[str], catalog: Catalog, tokens: int) -> int:
    """Return what the wanted tools cost that there is room for, whatever the need."""
    unpinned = _unpinned(wanted, catalog)[: _room(catalog)]
    return sum(catalog.costs[name] for name in within_tokens(unpinned, catalog.costs, tokens))


def _unpinned(names: list[str], catalog: Catalog) -> list[str]:
    return [name for name in names if not tool_of(catalog, name).pinned]


def _room(catalog: Catalog, need: float = 0.0) -> int:
    return room_for_prompt(sum(tool.pinned for tool in catalog.tools), len(catalog.tools), need)


def _spread(probable: list[Scored], catalog: Catalog) -> float:
    """Return the entropy of the servers' shares in the probability of these tools: 0 where all are of one server."""
    shares: dict[str, float] = {}
    for scored in probable:
        upstream = tool_of(catalog, scored.name).upstream
        shares[upstream] = shares.get(upstream, 0.0) + scored.probability
    whole = sum(shares.values())
    return -sum(share / whole * math.log(share / whole) for share in shares.values() if share)


def _limited(wanted: list[str], catalog: Catalog, tokens: int, need: float, spread: float) -> dict[str, Verdict]:
    """Return what becomes of each of the wanted tools, in their order, by room, need and tokens."""
    room = _room(catalog, need)
    unpinned = _unpinned(wanted, catalog)
    filled = _filled(unpinned[:room], catalog, amount_for_need(need, spread))
    affordable = within_tokens(unpinned[:filled], catalog.costs, tokens)
    return (
        dict.fromkeys(unpinned[:filled], Verdict.NO_TOKENS)
        | dict.fromkeys(unpinned[filled:room], Verdict.UNSURE)
        | dict.fromkeys(unpinned[room:], Verdict.NO_ROOM)
        | dict.fromkeys(affordable, Verdict.CHOSEN)
    )


def _filled(names: list[str], catalog: Catalog, amount: Amount | None) -> int:
    """Return how many of the names this amount is; all of them without one."""
    if amount is None:
        return len(names)
    within = sum(cost <= amount.tokens for cost in accumulate(catalog.costs[name] for name in names))
    return max(within, min(len(names), round(amount.tools)))


def _final(scored: Scored, verdict: Verdict, catalog: Catalog) -> Verdict:
    """Return the final verdict: a pinned tool is there whatever is said of it, unless it is withheld."""
    return Verdict.PINNED if tool_of(catalog, scored.name).pinned and verdict is not Verdict.WITHHELD else verdict


def tool_of(catalog: Catalog, name: str) -> Tool:
    """Return the tool that a ranker of this catalog named."""
    tool = catalog.get(name)
    if tool is None:
        raise LookupError(f"the ranker names {name!r}, which is not in the catalog: build it from the same catalog")
    return tool


def _barred(scored: Scored, catalog: Catalog, withheld: frozenset[str]) -> Verdict | None:
    """Return why the tool may not be loaded, however needed it is; None if it may."""
    if scored.name in withheld:
        return Verdict.WITHHELD
    tool = tool_of(catalog, scored.name)
    is_clear = scored.probability >= CLEAR_PROBABILITY and _is_told(tool, scored.terms)
    return Verdict.UNCLEAR if tool.is_destructive and not is_clear else None


def _is_told(tool: Tool, said: tuple[str, ...]) -> bool:
    """Return whether the deed in the tool's name, if there is one, was said, in that word or another one for it.

    A name like `execute_statement` does not: there any deed is meant of which the definition speaks.
    """
    verbs = verb_terms().intersection(identifier_terms(tool.original_name))
    telling = verbs - generic_verb_terms()
    if telling:
        return not telling.isdisjoint(said) or not meanings(telling).isdisjoint(meanings(said))
    return bool(verb_terms().intersection(said)) if verbs else bool(said)


def _read_only_first(ranked: tuple[Scored, ...], catalog: Catalog) -> tuple[tuple[Scored, ...], ...]:
    """Return the tools that only read, then the others."""
    reading = tuple(scored for scored in ranked if tool_of(catalog, scored.name).is_read_only)
    return reading, tuple(scored for scored in ranked if scored not in reading)


def _needs_any(ranked: tuple[Scored, ...], tokens: int, bounds: Bounds) -> bool:
    """Return whether the need is probable enough to load so many tokens."""
    best = max((scored.probability for scored in ranked), default=0.0)
    return best >= bounds.least and ranked[0].need >= min_need(bounds, tokens)


def _until_few_are_left_out(ranked: tuple[Scored, ...], left_out: float) -> tuple[Scored, ...]:
    """Return the first tools, until those behind have at most this share of all probability; unlikely ones never."""
    whole = left = sum(scored.probability for scored in ranked)
    wanted: list[Scored] = []
    for scored in ranked:
        if left <= left_out * whole:
            break
        left -= scored.probability
        if scored.probability >= UNLIKELY * scored.need:
            wanted.append(scored)
    return tuple(wanted)


def within_tokens(names: Iterable[str], costs: Mapping[str, int], tokens: int) -> tuple[str, ...]:
    """Return the names in order, leaving out each that the tokens left no longer pay for."""
    kept: list[str] = []
    for name in names:
        if costs[name] <= tokens:
            tokens -= costs[name]
            kept.append(name)
    return tuple(kept)
