"""Which of the ranked tools a query gets: until few of the needed ones are left out, within room and tokens."""

import math
from collections.abc import Container, Mapping, Sequence

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import Ranker
from mcp_dynaload.selection.candidates import Candidate, candidates
from mcp_dynaload.selection.choice import Choice, Judged, Verdict
from mcp_dynaload.selection.policy import PRICE, SURE_NEED, SURE_SHARE, UNLIKELY, Bounds, limits_of, room_for_repeating

RANKED = 60
"""Tools looked at."""

NEARLY = 0.9
"""The share of the likeliest tool's probability from which on another is nearly as likely."""

NO_EVIDENCE = "no tool has enough evidence"
"""The reason of a choice of none."""

MAX_EXPLAINED = 20
"""Tools kept for explaining."""


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
    ranked = ranker.rank(query, RANKED)
    found = candidates(ranked, catalog, withheld)
    free = [one for one in found if one.barred is None]
    need = free[0].scored.need if free else 0.0
    probable = _probable(free, bounds, need, plan_mode=plan_mode)
    costs = {one.tool.name: one.tokens for one in probable if not one.tool.pinned}
    worth = _worth_their_tokens(probable, PRICE / bounds.search_tokens)
    best, spread = max((one.scored.probability for one in free), default=0.0), _spread(probable)
    limits = limits_of(bounds, need, spread, len(catalog.pinned), len(catalog.tools))
    verdicts: dict[str, Verdict] = {}
    rest, reason = Verdict.NO_NEED, NO_EVIDENCE
    # The need is asked for all that is probable: that some of it is too dear is no reason to load the rest for nothing.
    if limits.are_met(best, [*costs.values()]):
        rest, reason = Verdict.BELOW_BOUND, "needed for the prompt"
        affordable = {name: tokens for name, tokens in costs.items() if name in worth}
        verdicts = dict.fromkeys(costs, Verdict.TOO_DEAR)
        verdicts |= dict(zip(affordable, limits.verdicts([*affordable.values()]), strict=True))
        repeating = {one.tool.name for one in probable if one.scored.repeats_client}
        few = room_for_repeating(len(catalog.tools), need)
        verdicts |= dict.fromkeys(_chosen(verdicts, repeating)[few:], Verdict.REPEATS_CLIENT)
    return Choice(
        names=_chosen(verdicts, verdicts),
        ranked=tuple(one.scored for one in free[:MAX_EXPLAINED]),
        reason=reason,
        judged=tuple(Judged(one.scored, one.standing or verdicts.get(one.scored.name, rest)) for one in found),
        terms=query.terms,
    )


def _chosen(verdicts: Mapping[str, Verdict], among: Container[str]) -> tuple[str, ...]:
    return tuple(name for name, verdict in verdicts.items() if verdict is Verdict.CHOSEN and name in among)


def _probable(free: Sequence[Candidate], bounds: Bounds, need: float, *, plan_mode: bool) -> list[Candidate]:
    """Return the tools that are probably needed; of a plan first those that only read, then the others."""
    left_out = bounds.left_out * (SURE_SHARE if need >= SURE_NEED else 1.0)
    reading = [one for one in free if one.tool.is_read_only] if plan_mode else []
    others = [one for one in free if not (plan_mode and one.tool.is_read_only)]
    wanted = [_until_few_are_left_out(some, left_out) for some in (reading, others)]
    return [one for some in wanted for one in (some if need >= SURE_NEED else _likeliest_first(some))]


def _likeliest_first(wanted: Sequence[Candidate]) -> list[Candidate]:
    """Return the tools with those first that are nearly as likely as any: where few may come a dear one must, too."""
    best = max((one.scored.probability for one in wanted), default=0.0)
    return sorted(wanted, key=lambda one: one.scored.probability < NEARLY * best)


def _until_few_are_left_out(free: Sequence[Candidate], left_out: float) -> list[Candidate]:
    """Return the first tools, until those behind have at most this share of all probability; unlikely ones never."""
    whole = left = sum(one.scored.probability for one in free)
    wanted: list[Candidate] = []
    for one in free:
        if left <= left_out * whole:
            break
        left -= one.scored.probability
        if one.scored.probability >= UNLIKELY * one.scored.need:
            wanted.append(one)
    return wanted


def _worth_their_tokens(probable: Sequence[Candidate], price: float) -> frozenset[str]:
    """Return the names of the tools as probable as they are dear at this price of a token; the likeliest is any."""
    best = max((one.scored.probability for one in probable), default=0.0)
    return frozenset(
        one.tool.name for one in probable if one.scored.probability >= min(best, price * one.tokens * one.scored.need)
    )


def _spread(probable: Sequence[Candidate]) -> float:
    """Return the entropy of the servers' shares in the probability of these tools: 0 where all are of one server."""
    shares: dict[str, float] = {}
    for one in probable:
        shares[one.tool.upstream] = shares.get(one.tool.upstream, 0.0) + one.scored.probability
    whole = sum(shares.values())
    return -sum(share / whole * math.log(share / whole) for share in shares.values() if share)
