"""Times counted in fixed buckets: small, mergeable, good enough for percentiles."""

from bisect import bisect_left
from dataclasses import dataclass, field

from mcp_dynaload.by_key import ByKey

BUCKETS_MS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000)
"""Upper ends; what is longer is in one more bucket."""


@dataclass(frozen=True, slots=True)
class Times(ByKey):
    """The times of a histogram, in milliseconds; all 0 before the first time."""

    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    buckets: tuple[int, ...]
    """How many in each of `BUCKETS_MS` and beyond."""


@dataclass(slots=True)
class Histogram:
    """A histogram of times."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_MS) + 1))
    sum_ms: float = 0.0
    max_ms: float = 0.0

    def note(self, ms: float) -> None:
        """Count one more time."""
        self.counts[bisect_left(BUCKETS_MS, ms)] += 1
        self.sum_ms += ms
        self.max_ms = max(self.max_ms, ms)

    def times(self) -> Times:
        """Return the average and the percentiles."""
        count = sum(self.counts)
        p50, p95, p99 = (self._percentile(share, count) for share in (0.5, 0.95, 0.99))
        mean = self.sum_ms / count if count else 0.0
        return Times(count, mean, p50, p95, p99, self.max_ms, tuple(self.counts))

    def _percentile(self, share: float, count: int) -> float:
        """Return a percentile, within its bucket by proportion."""
        rank, before = share * count, 0
        for index, many in enumerate(self.counts):
            if many and before + many >= rank:
                low = BUCKETS_MS[index - 1] if index else 0.0
                high = min(BUCKETS_MS[index], self.max_ms) if index < len(BUCKETS_MS) else self.max_ms
                return low + (max(high, low) - low) * (rank - before) / many
            before += many
        return 0.0
