"""Builds the events that tell how a session's list has changed, from what the session knows."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.telemetry.events import ListChanged

MAX_TEXT = 2_000
"""Characters of a prompt, an argument or a result that are kept where the user asked for that."""

PINNED = "pinned by the servers file or its server"


@dataclass(frozen=True, slots=True)
class ListCosts:
    """The costs of lists of tools of a catalog, our own tools and instructions included."""

    catalog: Catalog
    overhead_tokens: int

    def listed(self, names: Iterable[str]) -> int:
        """Return the tokens of a list with these tools in it."""
        return self.overhead_tokens + self.of(names)

    def of(self, names: Iterable[str]) -> int:
        """Return the tokens of these tools' definitions."""
        return sum(self.catalog.costs[name] for name in names)


def list_changed(
    costs: ListCosts,
    why: str,
    added: Sequence[str],
    listed: Collection[str],
    *,
    removed: Iterable[str] = (),
    cache_cost_tokens: int = 0,
) -> ListChanged:
    """Return the event that a list has `added` and lacks `removed` now; `cache_cost_tokens` as `ListChanged` has it."""
    return ListChanged(
        why=why,
        added=tuple(added),
        removed=tuple(removed),
        added_tokens=costs.of(added),
        listed=len(listed),
        listed_tokens=costs.listed(listed),
        cache_cost_tokens=cache_cost_tokens,
    )


def first_lists(costs: ListCosts, listed: Sequence[str], reasons: dict[str, str]) -> Iterable[ListChanged]:
    """Yield the list that a session has from the start, an event for each reason; PINNED where there is none."""
    why = {name: reasons.get(name) or PINNED for name in listed}
    for reason in dict.fromkeys(why.values()):
        yield list_changed(costs, reason, [name for name in listed if why[name] == reason], listed)
