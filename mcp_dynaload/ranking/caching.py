"""Rankings kept for a while: the same query of the same catalog is not ranked again."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from mcp_dynaload.ranking.query import Query
from mcp_dynaload.ranking.ranker import Ranker, Scored

Ranking = tuple[Scored, ...]
_Key = tuple[str, Query, int]


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """The hits and misses of the cache since the process began."""

    hits: int = 0
    misses: int = 0
    rankings: int = 0
    """Kept now."""

    @property
    def hit_rate(self) -> float:
        """The share of the rankings asked for that were there; 0 before the first."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0


class RankingCache:
    """The rankings asked for last, for all rankers of a process; any thread may use it."""

    def __init__(
        self, clock: Callable[[], float], seconds: float, size: int, lock: AbstractContextManager[object]
    ) -> None:
        """Keep at most `size` rankings for `seconds` each; with none of either it is off. Holds `lock` briefly."""
        self._clock, self._seconds, self._size, self._lock = clock, seconds, size, lock
        self._kept: dict[_Key, tuple[float, Ranking]] = {}
        """With the time at which each was made, in order of last use."""

        self._hits = self._misses = 0
        self._is_enabled = seconds > 0 and size > 0

    @property
    def is_enabled(self) -> bool:
        """Whether rankings are kept."""
        return self._is_enabled

    def enable(self) -> None:
        """Keep rankings from now on, unless the settings leave no room for any."""
        self._is_enabled = self._seconds > 0 and self._size > 0

    def disable(self) -> None:
        """Forget all rankings and keep no more."""
        self._is_enabled = False
        self.clear()

    def clear(self) -> int:
        """Forget all rankings; returns how many there were."""
        with self._lock:
            many = len(self._kept)
            self._kept.clear()
        return many

    def counts(self) -> CacheCounts:
        """Return the hits and misses."""
        with self._lock:
            return CacheCounts(self._hits, self._misses, len(self._kept))

    def find(self, key: _Key) -> Ranking | None:
        """Return the ranking kept under the key, if it is not too old."""
        with self._lock:
            made_at, ranking = self._kept.pop(key, (0.0, None))
            if ranking is None or self._clock() - made_at >= self._seconds:
                self._misses += 1
                return None
            self._hits += 1
            self._kept[key] = made_at, ranking
            return ranking

    def has(self, key: _Key) -> bool:
        """Return whether `find` would find it; counts nothing."""
        with self._lock:
            made_at, ranking = self._kept.get(key, (0.0, None))
            return ranking is not None and self._clock() - made_at < self._seconds

    def keep(self, key: _Key, ranking: Ranking) -> None:
        """Keep a ranking; those that have not been asked for the longest make room."""
        with self._lock:
            self._kept.pop(key, None)
            if self._is_enabled:
                self._kept[key] = self._clock(), ranking
            while len(self._kept) > self._size:
                del self._kept[next(iter(self._kept))]


class CachedRanker:
    """A ranker that asks the cache first."""

    def __init__(self, ranker: Ranker, cache: RankingCache, version: str) -> None:
        """Take what the rankings depend on beside query and limit: the catalog's version and the kind of ranker."""
        self._ranker, self._cache, self._version = ranker, cache, version

    def has(self, query: Query, limit: int) -> bool:
        """Return whether the answer is kept from a while ago."""
        return self._cache.has((self._version, query, limit))

    def rank(self, query: Query, limit: int) -> Ranking:
        """Return the ranker's answer, now or a while ago."""
        if not self._cache.is_enabled:
            return self._ranker.rank(query, limit)
        key = (self._version, query, limit)
        found = self._cache.find(key)
        if found is None:
            # Outside of the lock: of two threads with the same question both may work, but none waits.
            found = self._ranker.rank(query, limit)
            self._cache.keep(key, found)
        return found
