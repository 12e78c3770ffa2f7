"""A ranker: the seam between how tools are scored and how they are chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mcp_dynaload.ranking.query import Query

CLEAR_PROBABILITY = 0.3
"""From here on the words clearly mean the tool: what a destructive one needs."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A tool with the evidence that a query needs it."""

    name: str
    """Advertised name."""

    score: float
    """Order within one ranking, worth against cost; not comparable between queries."""

    probability: float
    """That the tool is needed, between 0 and 1: comparable between queries."""

    terms: tuple[str, ...]
    """The query's terms that speak for it, strongest first."""

    need: float = 1.0
    """Probability that the query needs any tool: the same for all tools of a ranking; 0.5 where it is undecided."""

    repeats_client: bool = False
    """Whether it is of a server that does what the client's own tools do: files, a shell, git, fetching."""


class Ranker(Protocol):
    """An order of the tools of one catalog for a query."""

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """Return the best `limit` tools for all clauses together, best first, equal ones in name order.

        Tools without any evidence are left out.
        """
        ...


class Anticipating(Ranker, Protocol):
    """A ranker that reads a prompt together with those before it, and can do a part of that ahead."""

    def anticipate(self, earlier: tuple[str, ...]) -> None:
        """Work out what the next prompt needs to know of these, newest first: it is faster then, and no other."""
        ...


def highest(ranked: Sequence[Scored]) -> float:
    """Return the probability of the likeliest tool, 0 for none."""
    return max((scored.probability for scored in ranked), default=0.0)


def near_highest(ranked: Sequence[Scored], share: float) -> tuple[Scored, ...]:
    """Return the tools that have at least this share of the probability of the likeliest."""
    least = share * highest(ranked)
    return tuple(scored for scored in ranked if scored.probability >= least)
