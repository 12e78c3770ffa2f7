"""The figures of a run of faults: calls and our programs, kind by kind."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

QUIET = ""
"""The kind of the times between faults."""

MAX_LATENCY_RATIO = 3.0
"""So much longer than between faults the 99th percentile of other servers' calls may be during one."""


@dataclass(slots=True)
class Tally:
    """The counts of a run, while it goes on."""

    kind: str = QUIET
    """The fault that lasts now."""

    calls: int = 0
    refused: int = 0
    """Calls of broken servers that were answered with an error."""

    cancelled: int = 0
    lost: int = 0
    twice: int = 0
    crossed: int = 0
    unhandled: int = 0
    harmed: int = 0
    """Calls of servers that nobody broke which were answered with an error."""

    unrecovered: int = 0
    """Servers that did not answer again after a fault was over."""

    faults: dict[str, int] = field(default_factory=dict[str, int])
    made: dict[str, int] = field(default_factory=dict[str, int])
    """Calls by kind of fault."""

    untouched_ms: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    """How long calls of servers took that nobody broke, by kind of fault."""

    samples: list[tuple[float, int]] = field(default_factory=list[tuple[float, int]])
    """The memory in MB and the open descriptors of all our programs, between faults."""

    notes: list[str] = field(default_factory=list[str])
    """The first things that went wrong, in words."""

    def wrong(self, what: str) -> None:
        """Keep the words for what went wrong; of many, the first."""
        if len(self.notes) < MAX_NOTES:
            self.notes.append(f"{self.kind or 'between faults'}: {what}")


MAX_NOTES = 20


@dataclass(frozen=True, slots=True)
class KindFigures:
    """A kind of fault, and the calls meanwhile."""

    name: str
    faults: int
    calls: int
    p50_ms: float
    p99_ms: float
    """The time of calls to servers that nobody broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosFigures:
    """The figures of a whole run."""

    seconds: float
    seed: int
    calls: int
    refused: int
    cancelled: int
    lost: int
    twice: int
    crossed: int
    unhandled: int
    harmed: int
    unrecovered: int
    leaked_processes: int
    leaked_descriptors: int
    memory_mb: tuple[float, float]
    """The memory of all our programs, early in the run and at its end."""

    quiet: KindFigures
    kinds: tuple[KindFigures, ...]
    notes: tuple[str, ...]

    @property
    def faults(self) -> int:
        """All faults, each of them on one server or program."""
        return sum(kind.faults for kind in self.kinds)

    @property
    def worst_ratio(self) -> float:
        """How much longer than between faults the 99th percentile was in the worst kind."""
        return max((self.ratio(kind) for kind in self.kinds), default=0.0)

    def ratio(self, kind: KindFigures) -> float:
        """Return how much longer the 99th percentile was than between faults."""
        return kind.p99_ms / self.quiet.p99_ms if self.quiet.p99_ms else 0.0

    @property
    def zeros(self) -> dict[str, int]:
        """The counts that must be 0, by what they count."""
        return {
            "calls lost": self.lost,
            "calls answered twice": self.twice,
            "answers crossed": self.crossed,
            "errors unhandled": self.unhandled,
            "calls of untouched servers refused": self.harmed,
            "servers not back after a fault": self.unrecovered,
            "processes leaked": self.leaked_processes,
            "descriptors leaked": self.leaked_descriptors,
        }


def figures_of(tally: Tally, seconds: float, seed: int, leaked_processes: int) -> ChaosFigures:
    """Return the figures of a run that is over."""
    early, late = _early_and_late(tally.samples)
    return ChaosFigures(
        seconds=seconds,
        seed=seed,
        calls=tally.calls,
        refused=tally.refused,
        cancelled=tally.cancelled,
        lost=tally.lost,
        twice=tally.twice,
        crossed=tally.crossed,
        unhandled=tally.unhandled,
        harmed=tally.harmed,
        unrecovered=tally.unrecovered,
        leaked_processes=leaked_processes,
        leaked_descriptors=max(0, round(late[1] - early[1])),
        memory_mb=(early[0], late[0]),
        quiet=_kind(tally, QUIET),
        kinds=tuple(_kind(tally, name) for name in tally.faults),
        notes=tuple(tally.notes),
    )


def _kind(tally: Tally, name: str) -> KindFigures:
    ordered = sorted(tally.untouched_ms.get(name, ()))
    p50, p99 = (ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0 for share in (0.5, 0.99))
    return KindFigures(name, tally.faults.get(name, 0), tally.made.get(name, 0), p50, p99)


def _early_and_late(samples: Sequence[tuple[float, int]]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the medians of memory and descriptors in the second quarter of a run, and in its last."""
    quarter = max(1, len(samples) // 4)
    early, late = samples[quarter : 2 * quarter] or samples, samples[-quarter:]
    if not late:
        return (0.0, 0.0), (0.0, 0.0)
    return _medians(early), _medians(late)


def _medians(samples: Sequence[tuple[float, int]]) -> tuple[float, float]:
    return median(memory for memory, _ in samples), median(descriptors for _, descriptors in samples)
