"""The tools among which is chosen: the ranked ones and those that they presuppose, each with what bars it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.ranking.ranker import CLEAR_PROBABILITY, Scored
from mcp_dynaload.ranking.terms import is_deed_said
from mcp_dynaload.selection.choice import Verdict
from mcp_dynaload.selection.policy import MIN_PROBABILITY


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ranked tool with all that a choice looks at."""

    scored: Scored
    tool: Tool
    tokens: int
    """The cost of its definition."""

    barred: Verdict | None
    """Why it may not be loaded, however needed it is."""

    @property
    def standing(self) -> Verdict | None:
        """The verdict that stands whatever is needed: a pinned tool is there, unless it is withheld."""
        return Verdict.PINNED if self.tool.pinned and self.barred is not Verdict.WITHHELD else self.barred


def candidates(ranked: tuple[Scored, ...], catalog: Catalog, withheld: frozenset[str]) -> tuple[Candidate, ...]:
    """Return the ranked tools of a catalog, a likely one's prerequisites right behind it, as likely as it is."""
    found: list[Candidate] = []
    for scored in _with_prerequisites(ranked, catalog):
        tool = catalog.tool(scored.name)
        found.append(Candidate(scored, tool, catalog.costs[tool.name], _barred(scored, tool, withheld)))
    return tuple(found)


def _with_prerequisites(ranked: tuple[Scored, ...], catalog: Catalog) -> Iterable[Scored]:
    """Return the ranking with the prerequisites, not those that may destroy: a user has to mean that."""
    by_name = {scored.name: scored for scored in ranked}
    found: dict[str, Scored] = {}
    for scored in ranked:
        found.setdefault(scored.name, scored)
        if scored.probability < MIN_PROBABILITY:
            continue
        for name in catalog.prerequisites(catalog.tool(scored.name)):
            if not catalog.tool(name).is_destructive:
                first = by_name.get(name) or replace(scored, name=name, terms=())
                found.setdefault(name, replace(first, probability=max(scored.probability, first.probability)))
    return found.values()


def _barred(scored: Scored, tool: Tool, withheld: frozenset[str]) -> Verdict | None:
    if tool.name in withheld:
        return Verdict.WITHHELD
    if not tool.is_destructive:
        return None
    is_clear = scored.probability >= CLEAR_PROBABILITY and is_deed_said(tool.original_name, scored.terms)
    return None if is_clear else Verdict.UNCLEAR
