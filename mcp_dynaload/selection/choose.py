"""Which of the ranked tools a query gets: enough evidence, fair shares for clauses, room and tokens."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.selection.policy import CLEAR_PROBABILITY, Bounds, demanded, room_for_prompt
from mcp_dynaload.selection.query import Query, parts
from mcp_dynaload.selection.ranking import Ranker, Scored
from mcp_dynaload.selection.terms import identifier_terms, prose_terms, verb_terms

RANKED_PER_CLAUSE = 30
"""Tools looked at for each clause."""

LEAST_SHARE = 3
"""Tools that each clause may get however many clauses there are."""

MAX_RANKED = 20
"""Tools kept for explaining."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a query gets."""

    names: tuple[str, ...]
    """Most needed first."""

    ranked: tuple[Scored, ...]
    """The best of the ranking, chosen or not."""

    reason: str


def choose(
    query: Query,
    catalog: Catalog,
    ranker: Ranker,
    bounds: Bounds,
    *,
    withheld: frozenset[str] = frozenset(),
    plan_mode: bool = False,
) -> Choice:
    """The tools that the query needs beside the pinned ones; none if even the best lacks evidence."""
    rankings = [
        tuple(scored for scored in ranker.rank(part, RANKED_PER_CLAUSE) if _may_load(scored, catalog, withheld))
        for part in parts(query)
    ]
    ranked = _merged(rankings)
    if not ranked or ranked[0].probability < demanded(bounds.gate, len(set(prose_terms(query.text)))):
        return Choice((), ranked[:MAX_RANKED], "no tool has enough evidence")
    room = room_for_prompt(sum(tool.pinned for tool in catalog.tools))
    share = max(LEAST_SHARE, ceil(room / len(rankings)))
    accepted = [_accepted(ranking, bounds, ranked[0].probability) for ranking in rankings]
    if plan_mode:
        accepted = [_read_only_first(clause, catalog) for clause in accepted]
    wanted = _merged(clause[:share] for clause in accepted)
    wanted = _read_only_first(wanted, catalog) if plan_mode else wanted
    names = [scored.name for scored in wanted if not tool_of(catalog, scored.name).pinned][:room]
    affordable = within_tokens(names, catalog.costs, bounds.prompt_tokens)
    return Choice(affordable, ranked[:MAX_RANKED], "needed for the prompt")


def tool_of(catalog: Catalog, name: str) -> Tool:
    """The tool that a ranker of this catalog named."""
    tool = catalog.get(name)
    if tool is None:
        raise LookupError(f"the ranker names {name!r}, which is not in the catalog: build it from the same catalog")
    return tool


def _may_load(scored: Scored, catalog: Catalog, withheld: frozenset[str]) -> bool:
    if scored.name in withheld:
        return False
    tool = tool_of(catalog, scored.name)
    return not tool.is_destructive or (scored.probability >= CLEAR_PROBABILITY and _is_told(tool, scored.terms))


def _is_told(tool: Tool, said: tuple[str, ...]) -> bool:
    """Whether what the tool's name says it does was said, if its name says that."""
    verbs = verb_terms().intersection(identifier_terms(tool.original_name))
    return bool(verbs.intersection(said)) if verbs else bool(said)


def _read_only_first(ranking: tuple[Scored, ...], catalog: Catalog) -> tuple[Scored, ...]:
    return tuple(sorted(ranking, key=lambda scored: not tool_of(catalog, scored.name).is_read_only))


def _accepted(ranking: tuple[Scored, ...], bounds: Bounds, best_of_all: float) -> tuple[Scored, ...]:
    best = ranking[0].probability if ranking else 0.0
    # A clause that asks for nothing by itself is measured against the whole prompt.
    least = max(bounds.floor, bounds.ratio * (best if best >= bounds.gate else best_of_all))
    return tuple(scored for scored in ranking if scored.probability >= least)


def _merged(rankings: Iterable[tuple[Scored, ...]]) -> tuple[Scored, ...]:
    """All tools once, with their best score of any ranking, best first."""
    best: dict[str, Scored] = {}
    for ranking in rankings:
        for scored in ranking:
            if scored.name not in best or scored.score > best[scored.name].score:
                best[scored.name] = scored
    return tuple(sorted(best.values(), key=lambda scored: (-scored.score, scored.name)))


def within_tokens(names: Iterable[str], costs: Mapping[str, int], tokens: int) -> tuple[str, ...]:
    """The names in order, leaving out each that the tokens left no longer pay for."""
    kept: list[str] = []
    for name in names:
        if costs[name] <= tokens:
            tokens -= costs[name]
            kept.append(name)
    return tuple(kept)
