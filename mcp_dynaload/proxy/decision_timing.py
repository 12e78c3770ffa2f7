"""Where the time of a decision goes."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from mcp_dynaload.ranking.caching import CachedRanker
from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import Ranker, Scored


@dataclass(slots=True)
class DecisionTiming:
    """The stopwatch of a decision; afterwards it knows how long that took."""

    ranking_seconds: float = 0.0
    choosing_seconds: float = 0.0
    """The whole step, ranking included, without any wait for an index."""

    refresh_seconds: float = 0.0
    """Until the client had read the list."""

    total_seconds: float = 0.0
    was_kept: bool | None = None
    """Whether the ranking came from the cache; None if none was needed."""

    @contextmanager
    def choosing(self) -> Generator[None]:
        """Count the time within as that of the step."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.choosing_seconds += time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class TimedRanker:
    """A ranker whose time is noted."""

    ranker: Ranker
    watch: DecisionTiming

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """Return the ranker's answer."""
        self.watch.was_kept = isinstance(self.ranker, CachedRanker) and self.ranker.has(query, limit)
        started = time.perf_counter()
        try:
            return self.ranker.rank(query, limit)
        finally:
            self.watch.ranking_seconds += time.perf_counter() - started
