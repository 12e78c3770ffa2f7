"""The outcome of a choice: the tools that a query gets, and the verdict on each ranked one."""

from dataclasses import dataclass
from enum import StrEnum

from mcp_dynaload.ranking.ranker import Scored


class Verdict(StrEnum):
    """The outcome for a ranked tool, in words for the user."""

    CHOSEN = "needed"
    PINNED = "pinned, always loaded"
    NO_NEED = "no tool seems needed"
    BELOW_BOUND = "below the bound"
    TOO_DEAR = "too many tokens for how likely it is"
    NO_ROOM = "too many for one prompt"
    UNSURE = "too many while it is not sure that any is needed"
    REPEATS_CLIENT = "the client does such work itself: a few are enough"
    NO_TOKENS = "over the tokens that the prompt may bring"
    NO_SESSION_ROOM = "over the session's limits"
    UNCLEAR = "may destroy, not clearly meant"
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Judged:
    """A ranked tool and what became of it."""

    scored: Scored
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Choice:
    """The tools that a query gets, and the verdict on each ranked one."""

    names: tuple[str, ...]
    """Most needed first."""

    ranked: tuple[Scored, ...]
    """The best of the ranking, chosen or not, without those that may not be loaded."""

    reason: str
    judged: tuple[Judged, ...]
    """All that was ranked, in its order, each with the reason."""

    terms: int
    """Different terms that the query itself says, without what is around it."""

    @property
    def need(self) -> float:
        """Probability that the query needs any tool."""
        return self.ranked[0].need if self.ranked else 0.0
