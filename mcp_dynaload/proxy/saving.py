"""The tokens of a session's list beside all definitions, in numbers and in the few characters shown of them."""

from collections.abc import Collection
from dataclasses import dataclass

from mcp_dynaload.catalog.catalog import Catalog
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
    def percent(self) -> int:
        """The share of all tokens that is saved, in percent; not rounded up, and negative where more are used."""
        return 100 * (self.all_tokens - self.used_tokens) // max(1, self.all_tokens)

    @property
    def in_words(self) -> str:
        """The same as `83% less`, or `24% more` where more are used."""
        return f"{abs(self.percent)}% {'less' if self.percent >= 0 else 'more'}"

    @property
    def summary(self) -> str:
        """The same in a few characters, `7 of 412` and the change in percent; empty while nothing is listed."""
        if not self.listed:
            return ""
        change = f"{_MINUS}{self.percent}%" if self.percent >= 0 else f"+{-self.percent}%"
        return f"{self.listed:,} of {self.tools:,} {_DOT} {change}"


def saving_of(listed: Collection[Tool], catalog: Catalog, overhead_tokens: int) -> Saving:
    """Return what listing these tools of a catalog saves."""
    used = overhead_tokens + sum(catalog.costs[tool.name] for tool in listed)
    return Saving(len(listed), len(catalog.tools), used, catalog.total_cost)
