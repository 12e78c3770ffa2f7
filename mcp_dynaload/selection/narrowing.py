"""A part of the catalog, and a ranker that knows no other tools."""

from collections.abc import Callable
from dataclasses import replace

from mcp_dynaload.catalog.catalog import Catalog, build_catalog
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import Ranker, Scored


def narrowed_catalog(catalog: Catalog, has: Callable[[Tool], bool], pins: Callable[[str], bool]) -> Catalog:
    """Return the tools that `has` takes; those that `pins` takes by name are listed from the start."""
    kept = [tool for tool in catalog.tools if has(tool)]
    return build_catalog((replace(tool, pinned=tool.pinned or pins(tool.name)) for tool in kept), catalog.costs)


class NarrowedRanker:
    """A ranker of a catalog's part, by a ranker of the whole."""

    def __init__(self, ranker: Ranker, part: Catalog, tools: int) -> None:
        self._ranker = ranker
        self._part = part
        self._outside = tools - len(part.tools)

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """Return the best `limit` tools of the part; it is needed no more probably than all of its tools together.

        So nothing is loaded in the place of a tool outside, for which alone a prompt asks.
        """
        ranked = self._ranker.rank(query, limit + self._outside)
        inside = [scored for scored in ranked if self._part.get(scored.name) is not None]
        need = sum(scored.probability for scored in inside)
        return tuple(replace(scored, need=min(scored.need, need)) for scored in inside[:limit])
