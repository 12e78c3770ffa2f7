"""The tokens of a session's list beside all definitions, in numbers and in the few characters shown of them."""

from collections.abc import Collection
from dataclasses import dataclass

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.cost import reduction
from mcp_dynaload.catalog.tool import Tool

_MINUS, _DOT = "\N{MINUS SIGN}", "\N{MIDDLE DOT}"


@dataclass(frozen=True, slots=True)
class Saving:
    """The listed tools beside those of the catalog."""

    listed: int
    tools: int
    used_tokens: int
    """The tokens of the listed definitions and of what we add ourselves."""

    all_tokens: int

    @property
    def share(self) -> float:
        """The share of all tokens that is saved; negative where more are used."""
        return reduction(self.all_tokens, self.used_tokens)

    @property
    def summary(self) -> str:
        """The same in a few characters, `7 of 412` and the change in percent; empty while nothing is listed."""
        if not self.listed:
            return ""
        percent = 100 * (self.all_tokens - self.used_tokens) // max(1, self.all_tokens)
        change = f"{_MINUS}{percent}%" if percent >= 0 else f"+{-percent}%"
        return f"{self.listed:,} of {self.tools:,} {_DOT} {change}"


def saving_of(listed: Collection[Tool], catalog: Catalog, overhead_tokens: int) -> Saving:
    """Return what listing these tools of a catalog saves."""
    used = overhead_tokens + sum(catalog.costs[tool.name] for tool in listed)
    return Saving(len(listed), len(catalog.tools), used, catalog.total_cost)
