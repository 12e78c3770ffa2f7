"""Measurements of an installation and the points that they are worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mcp_dynaload.measure.chaos.figures import ChaosFigures


class Heading(StrEnum):
    """The five parts of the readiness score, 20 points each."""

    FUNCTIONALITY = "functionality"
    PERFORMANCE = "performance"
    RELIABILITY = "reliability"
    SCALABILITY = "scalability"
    EXPERIENCE = "user experience"


@dataclass(frozen=True, slots=True)
class Check:
    """A thing that was looked at, with the points that it stands for."""

    heading: Heading
    name: str
    points: int
    share: float
    """0 to 1: how much of it holds; below 1 it has failed."""

    measured: str
    target: str

    @property
    def passed(self) -> bool:
        """Whether all of it holds."""
        return self.share >= 1

    @property
    def earned(self) -> float:
        """The points, in tenths."""
        return round(self.points * max(0.0, min(1.0, self.share)), 1)


@dataclass(frozen=True, slots=True)
class Timing:
    """The times of one kind of operation, in milliseconds."""

    name: str
    target_ms: float
    """For the 95th percentile."""

    values_ms: tuple[float, ...]

    def percentile(self, share: float) -> float:
        """Return the least time that this share of all is not over; 0 without any."""
        ordered = sorted(self.values_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def passed(self) -> bool:
        """Whether there are any, and they are fast enough."""
        return bool(self.values_ms) and self.percentile(0.95) < self.target_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The figures of a service under load."""

    sessions: int
    seconds: float
    calls: int
    lost: int
    """Calls that were never answered, or with a protocol error."""

    crossed: int
    """Answers that belong to another call."""

    failed: int
    """Honest error results, of a server that is meant to die."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    prompts: int
    refused: bool
    """One session more than allowed got a clear refusal."""

    memory_mb: tuple[tuple[float, float], ...]
    """Seconds since the start, and the resident memory of the service then."""

    @property
    def memory_growth(self) -> float:
        """The share by which memory grew from the first third, when all sessions are there, to the last."""
        sizes = [size for _, size in self.memory_mb]
        third = len(sizes) // 3
        if not third:
            return 0.0
        early, late = sorted(sizes[third : 2 * third]), sorted(sizes[-third:])
        return late[len(late) // 2] / early[len(early) // 2] - 1


@dataclass(frozen=True, slots=True)
class Validation:
    """The measurements of an installation."""

    servers: int
    tools: int
    is_demo: bool
    timings: tuple[Timing, ...] = ()
    figures: Mapping[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    """Shares by name: measured and least, in percent."""

    checks: tuple[Check, ...] = ()
    loads: Mapping[str, Load] = field(default_factory=dict[str, Load])
    chaos: ChaosFigures | None = None
    notes: tuple[str, ...] = ()
    """Oddities of the servers file that keep nothing from working."""

    @property
    def is_scored(self) -> bool:
        """Whether all five headings were looked at."""
        return {check.heading for check in self.checks} == set(Heading)

    @property
    def score(self) -> float:
        """The score of 100."""
        return round(sum(check.earned for check in self.checks), 1)

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        figures = all(measured >= least for measured, least in self.figures.values())
        return figures and all(check.passed for check in self.checks) and all(one.passed for one in self.timings)


def by_heading(checks: Sequence[Check]) -> dict[Heading, tuple[Check, ...]]:
    """Return the checks under their headings, in the order of these."""
    return {
        heading: found for heading in Heading if (found := tuple(check for check in checks if check.heading is heading))
    }


def at_least(measured: float, least: float) -> float:
    """Return 1 where the least is reached, else the part of the way."""
    return 1.0 if measured >= least else max(0.0, measured / least) if least else 0.0


def yes(holds: bool) -> float:
    """Return 1 if it holds, else 0."""
    return 1.0 if holds else 0.0
