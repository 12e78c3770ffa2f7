"""What a ranker is: the seam between how tools are scored and how they are chosen."""

from dataclasses import dataclass
from typing import Protocol

from mcp_dynaload.selection.query import Query


@dataclass(frozen=True, slots=True)
class Scored:
    """A tool with the evidence that a query needs it."""

    name: str
    """Advertised name."""

    score: float
    """Order within one ranking; not comparable between queries."""

    probability: float
    """That the tool is needed, between 0 and 1: comparable between queries."""

    terms: tuple[str, ...]
    """The query's terms that speak for it, strongest first."""


class Ranker(Protocol):
    """Orders the tools of one catalog for a query."""

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """The best `limit` tools, best first, equal ones in name order; tools without any evidence are left out."""
        ...
