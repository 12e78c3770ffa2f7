"""How many requests one token and one session may send, to this process or to all replicas together."""

import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import anyio.to_thread

if TYPE_CHECKING:
    from mcp_dynaload.store.redis_connection import RedisConnection

MAX_KEYS = 20_000

_TAKE = """
local now = redis.call('TIME')
local at = now[1] + now[2] / 1000000
local most, per_second = tonumber(ARGV[1]), tonumber(ARGV[1]) / 60
local left, filled_at = unpack(redis.call('HMGET', KEYS[1], 'left', 'at'))
left = math.min(most, tonumber(left or most) + (at - tonumber(filled_at or at)) * per_second)
local wait = 0
if left < 1 then wait = (1 - left) / per_second else left = left - 1 end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'at', tostring(at))
redis.call('EXPIRE', KEYS[1], 120)
return tostring(wait)
"""
"""The bucket of one key, by Redis's clock; full again it need not be kept."""


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


class RedisBuckets:
    """A bucket for each key in Redis; while Redis is away each replica counts by itself."""

    def __init__(self, remote: "RedisConnection", per_minute: int) -> None:
        self._remote = remote
        self._per_minute = per_minute
        self._alone = Buckets(per_minute, time.monotonic)

    async def wait_seconds(self, key: str) -> float:
        """Return 0 when one more is allowed now, which counts it; otherwise how long the sender has to wait."""
        if not self._per_minute:
            return 0.0
        command = ("EVAL", _TAKE, 1, f"dynaload:rate:{key}", self._per_minute)
        replies = await anyio.to_thread.run_sync(self._remote.read, command)
        return await self._alone.wait_seconds(key) if replies is None else float(replies[0])


@contextmanager
def open_rates(url: str, per_minute: int) -> Generator[RateLimit]:
    """Open the buckets in the Redis at `url`, or without one in this process; let go of at exit.

    Raises:
        ConfigError: The URL cannot be used.
    """
    if not url:
        yield Buckets(per_minute, time.monotonic)
        return
    from mcp_dynaload.store.redis_connection import open_redis  # the Redis client, which nobody needs who has no url

    with closing(open_redis(url)) as remote:
        yield RedisBuckets(remote, per_minute)
