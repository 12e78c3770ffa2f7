"""The sealed logins of users, in a Redis that any number of our services share."""

from typing import Any

import anyio

from mcp_dynaload.store.batched_questions import BatchedQuestions
from mcp_dynaload.store.redis_connection import Command, RedisConnection

LOGINS = "dynaload:logins:"
"""A hash for each owner behind it: the sealed texts by id."""

PASSING = "dynaload:logins-passing:"
"""A text for each owner and id behind it that is kept for a time only."""

HELD = "dynaload:logins-held:"
"""A text for each id behind it: who holds it."""

_RELEASE = 'if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0'


class RedisLogins:
    """The logins in Redis, a `LoginVault`: while it is away those that were read before are used, and none is made."""

    def __init__(self, remote: RedisConnection) -> None:
        self._questions = BatchedQuestions(remote, "the logins are")

    async def read(self, owner: str, id: str) -> str | None:
        """Return a text; None if there is none, or its time is over."""
        kept, passing = await self._questions.ask(("HGET", LOGINS + owner, id), ("GET", f"{PASSING}{owner}/{id}"))
        return kept or passing

    async def write(self, owner: str, id: str, sealed: str, seconds: float | None = None) -> None:
        """Keep a text, for so many seconds or for good."""
        if seconds is None:
            await self._change(("HSET", LOGINS + owner, id, sealed))
        else:
            await self._change(("SET", f"{PASSING}{owner}/{id}", sealed, "PX", _milliseconds(seconds)))

    async def remove(self, owner: str, id: str) -> None:
        """Forget a text."""
        await self._change(("HDEL", LOGINS + owner, id), ("DEL", f"{PASSING}{owner}/{id}"))

    async def all(self, owner: str) -> dict[str, str]:
        """Return all texts of an owner by id that are kept for good."""
        (found,) = await self._questions.ask(("HGETALL", LOGINS + owner))
        return found

    async def forget(self, owner: str) -> None:
        """Forget all texts of an owner that are kept for good."""
        await self._change(("DEL", LOGINS + owner))

    async def hold(self, id: str, holder: str, seconds: float) -> bool:
        """Let nobody else hold the id for so long; false if somebody does."""
        (done,) = await self._change(("SET", HELD + id, holder, "NX", "PX", _milliseconds(seconds)))
        return bool(done)

    async def release(self, id: str, holder: str) -> None:
        """Hold it no more."""
        await self._change(("EVAL", _RELEASE, 1, HELD + id, holder))

    def close(self) -> None:
        """Let go of it."""
        self._questions.close()

    async def _change(self, *commands: Command) -> list[Any]:
        """Write at once or not at all: an older token must not come after a newer one; cancelled or not, it is done."""
        replies: list[Any] = []
        with anyio.CancelScope(shield=True):
            replies += await self._questions.ask(*commands)
        return replies


def _milliseconds(seconds: float) -> int:
    return max(1, round(1000 * seconds))
