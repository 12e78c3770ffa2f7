"""Which of the ranked tools a query gets: until few of the needed ones are left out, within room and tokens."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.selection.policy import CLEAR_PROBABILITY, Bounds, room_for_prompt
from mcp_dynaload.selection.query import Query
from mcp_dynaload.selection.ranking import Ranker, Scored
from mcp_dynaload.selection.terms import identifier_terms, verb_terms

RANKED = 60
"""Tools looked at."""

MAX_EXPLAINED = 20
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
    ranked = tuple(scored for scored in ranker.rank(query, RANKED) if _may_load(scored, catalog, withheld))
    if not _needs_any(ranked, bounds):
        return Choice((), ranked[:MAX_EXPLAINED], "no tool has enough evidence")
    wanted = [
        scored
        for group in (_read_only_first(ranked, catalog) if plan_mode else (ranked,))
        for scored in _until_few_are_left_out(group, bounds.left_out)
    ]
    room = room_for_prompt(sum(tool.pinned for tool in catalog.tools), len(catalog.tools))
    names = [scored.name for scored in wanted if not tool_of(catalog, scored.name).pinned][:room]
    affordable = within_tokens(names, catalog.costs, bounds.prompt_tokens)
    return Choice(affordable, ranked[:MAX_EXPLAINED], "needed for the prompt")


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


def _read_only_first(ranked: tuple[Scored, ...], catalog: Catalog) -> tuple[tuple[Scored, ...], ...]:
    """The tools that only read, then the others."""
    reading = tuple(scored for scored in ranked if tool_of(catalog, scored.name).is_read_only)
    return reading, tuple(scored for scored in ranked if scored not in reading)


def _needs_any(ranked: tuple[Scored, ...], bounds: Bounds) -> bool:
    best = max((scored.probability for scored in ranked), default=0.0)
    return best >= bounds.least and ranked[0].need >= bounds.need


def _until_few_are_left_out(ranked: tuple[Scored, ...], left_out: float) -> tuple[Scored, ...]:
    """The first tools, until those behind have at most this share of all the probability there is."""
    whole = left = sum(scored.probability for scored in ranked)
    for count, scored in enumerate(ranked):
        if left <= left_out * whole:
            return ranked[:count]
        left -= scored.probability
    return ranked


def within_tokens(names: Iterable[str], costs: Mapping[str, int], tokens: int) -> tuple[str, ...]:
    """The names in order, leaving out each that the tokens left no longer pay for."""
    kept: list[str] = []
    for name in names:
        if costs[name] <= tokens:
            tokens -= costs[name]
            kept.append(name)
    return tuple(kept)
