"""How many sessions each token has at other replicas."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

import anyio.to_thread

if TYPE_CHECKING:
    from mcp_dynaload.store.redis_connection import Command, RedisConnection

REPEAT_SECONDS = 20.0
"""Between two times that a replica tells its counts."""

LEASE_SECONDS = 60
"""For so long a count holds: those of a replica that was killed end by themselves."""

_TELL = """
local now = tonumber(redis.call('TIME')[1])
if tonumber(ARGV[2]) == 0 then return redis.call('HDEL', KEYS[1], ARGV[1]) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. (now + tonumber(ARGV[3])))
return redis.call('EXPIRE', KEYS[1], ARGV[3])
"""

_SUM = """
local now, sum = tonumber(redis.call('TIME')[1]), 0
local told = redis.call('HGETALL', KEYS[1])
for place = 1, #told, 2 do
    local count, ends = string.match(told[place + 1], '(%d+) (%d+)')
    if tonumber(ends) < now then redis.call('HDEL', KEYS[1], told[place])
    elseif told[place] ~= ARGV[1] then sum = sum + tonumber(count) end
end
return sum
"""


class SessionCounts(Protocol):
    """The count of sessions here, told to other replicas, and of theirs."""

    async def tell(self, sender: str, sessions: int) -> None:
        """Say how many sessions somebody has here; once in `REPEAT_SECONDS` at least."""
        ...

    async def elsewhere(self, sender: str) -> int:
        """Return how many sessions a sender has at the other replicas."""
        ...


class NoOthers:
    """A process that serves alone."""

    async def tell(self, sender: str, sessions: int) -> None:
        """Do nothing: nobody is there to be told."""

    async def elsewhere(self, sender: str) -> int:
        """Return 0."""
        return 0


class RedisCounts:
    """The counts in Redis; while it is away each replica counts by itself."""

    def __init__(self, remote: "RedisConnection") -> None:
        self._remote = remote
        self._replica = uuid4().hex

    async def tell(self, sender: str, sessions: int) -> None:
        """Say how many sessions somebody has here; once in `REPEAT_SECONDS` at least."""
        await self._ask("EVAL", _TELL, 1, _key(sender), self._replica, sessions, LEASE_SECONDS)

    async def elsewhere(self, sender: str) -> int:
        """Return how many sessions a sender has at the other replicas."""
        return await self._ask("EVAL", _SUM, 1, _key(sender), self._replica) or 0

    async def _ask(self, *command: str | int) -> int | None:
        asked: Command = command
        replies = await anyio.to_thread.run_sync(self._remote.read, asked)
        return None if replies is None else int(replies[0])


def _key(sender: str) -> str:
    return f"dynaload:sessions:{sender}"


@contextmanager
def open_session_counts(url: str) -> Generator[SessionCounts]:
    """Open the counts in the Redis at `url`, or without one none; let go of at exit.

    Raises:
        ConfigError: The URL cannot be used.
    """
    if not url:
        yield NoOthers()
        return
    from mcp_dynaload.store.redis_connection import open_redis  # the Redis client, which nobody needs who has no url

    with closing(open_redis(url)) as remote:
        yield RedisCounts(remote)
