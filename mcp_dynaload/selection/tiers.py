"""The three tiers of a session: listed from the start, listed for the task, not listed."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.selection.policy import BOUNDS, session_tokens, within_tokens
from mcp_dynaload.selection.state import Context, SessionState, advertised, is_pinned, listed_names


class Tier(StrEnum):
    """The readiness of a tool."""

    CORE = "core"
    TASK = "task"
    RESERVE = "reserve"


@dataclass(frozen=True, slots=True)
class Tiers:
    """The names of all tools by tier, in name order."""

    core: tuple[str, ...]
    """Listed: pinned, or usual in this project."""

    task: tuple[str, ...]
    """Listed for what is being done."""

    reserve: tuple[str, ...]
    """Found by a search."""

    def of(self, tier: Tier) -> tuple[str, ...]:
        """Return the names of one tier."""
        return {Tier.CORE: self.core, Tier.TASK: self.task, Tier.RESERVE: self.reserve}[tier]


def tiers_of(state: SessionState, catalog: Catalog, usual: Collection[str]) -> Tiers:
    """Return which tool is in which tier; `usual` are the project's learned ones."""
    listed = dict.fromkeys(advertised(state, catalog))
    pinned = {tool.name for tool in catalog.tools if is_pinned(state, tool)}
    core = dict.fromkeys(name for name in listed if name in pinned or name in usual)
    task = tuple(name for name in listed if name not in core)
    reserve = tuple(tool.name for tool in catalog.tools if tool.name not in listed)
    return Tiers(tuple(core), task, reserve)


def tokens_left(state: SessionState, context: Context) -> int:
    """Return the tokens of definitions that the strategy still allows the session."""
    catalog = context.catalog
    allowed = session_tokens(BOUNDS[state.strategy].min_reduction, catalog.total_cost, context.overhead_tokens)
    return max(0, allowed - sum(catalog.costs[name] for name in listed_names(state, catalog)))


def share_within(names: Collection[str], catalog: Catalog, tokens: int) -> tuple[str, ...]:
    """Return as many of the tools as the tokens pay for, the cheapest first."""
    return within_tokens(sorted(names, key=lambda name: (catalog.costs[name], name)), catalog.costs, tokens)
