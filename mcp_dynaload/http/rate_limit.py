"""How many requests one token and one session may send."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

MAX_KEYS = 20_000


class RateLimit(Protocol):
    """A count of requests by key: in memory here, in Redis for many machines."""

    async def wait_seconds(self, key: str) -> float:
        """Return 0 when one more is allowed now, which counts it; otherwise how long the sender has to wait."""
        ...


@dataclass(slots=True)
class _Bucket:
    left: float
    filled_at: float


class Buckets:
    """A bucket for each key, from which a request takes one and which fills evenly; it holds a minute's worth."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    async def wait_seconds(self, key: str) -> float:
        """Return 0 when one more is allowed now, which counts it; otherwise how long the sender has to wait."""
        if not self._per_minute:
            return 0.0
        now, per_second = self._clock(), self._per_minute / 60
        bucket = self._buckets.pop(key, None) or _Bucket(self._per_minute, now)
        bucket.left = min(self._per_minute, bucket.left + (now - bucket.filled_at) * per_second)
        bucket.filled_at = now
        self._buckets[key] = bucket  # as the newest
        if len(self._buckets) > MAX_KEYS:
            del self._buckets[next(iter(self._buckets))]
        if bucket.left < 1:
            return (1 - bucket.left) / per_second
        bucket.left -= 1
        return 0.0
