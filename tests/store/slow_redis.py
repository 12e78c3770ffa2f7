"""A real Redis behind a slow way: each answer takes a time, which a moved clock or a wait makes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from redis import Redis

from mcp_dynaload.store.redis_connection import RedisConnection, open_redis


@dataclass(slots=True)
class SlowWay:
    """The time that each answer takes, and a clock that shows it."""

    seconds: float = 0.0
    now: float = 0.0
    asked: int = 0
    """How many exchanges there were."""

    def clock(self) -> float:
        return self.now

    def pass_by(self) -> None:
        self.asked += 1
        self.now += self.seconds


@dataclass(slots=True)
class WaitedWay:
    """The same by the clock on the wall."""

    seconds: float = 0.0
    clock: Callable[[], float] = field(default=time.monotonic)
    asked: int = 0

    def pass_by(self) -> None:
        self.asked += 1
        time.sleep(self.seconds)


@dataclass(slots=True)
class _DelayedRedis:
    client: Redis
    way: SlowWay | WaitedWay

    def pipeline(self, transaction: bool) -> Any:
        pipe = self.client.pipeline(transaction)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        execute = pipe.execute  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

        def execute_late(raise_on_error: bool = True) -> list[Any]:
            self.way.pass_by()
            return execute(raise_on_error)

        pipe.execute = execute_late
        return pipe  # pyright: ignore[reportUnknownVariableType]

    def close(self) -> None:
        self.client.close()


def slow_redis(url: str, way: SlowWay | WaitedWay, *, is_awaited: bool = False) -> RedisConnection:
    """Return a connection to the Redis at the other end of the way."""
    client = open_redis(url)._client  # pyright: ignore[reportPrivateUsage] - the client as we configure it
    return RedisConnection(cast(Redis, _DelayedRedis(client, way)), "here", way.clock, is_awaited=is_awaited)


def tire(store: RedisConnection, way: SlowWay, seconds: float) -> None:
    """Have it answer so slowly that it counts as away."""
    way.seconds = seconds
    while store.read(("GET", "x")) is not None:
        pass
