"""Access tokens in a Redis that any number of our services share: a name has one, and only its hash is kept."""

import json
import secrets
import time
from functools import partial
from typing import Any

import anyio.to_thread
import structlog

from mcp_dynaload.errors import StoreError
from mcp_dynaload.store.redis_connection import Command, RedisConnection
from mcp_dynaload.store.tokens import PREFIX, Scope, TokenRecord, hash_of, refuse_to_forget

NAMES = "dynaload:tokens"
"""A hash: the digest of each name's token."""

RECORDS = "dynaload:token-records"
"""A hash: what is known of each digest, as JSON."""

MADE = "dynaload:tokens-were-made"
"""There once a token was made, and still when the last is revoked."""

MAX_REMEMBERED = 10_000

log = structlog.get_logger()


class RedisTokens:
    """The tokens in Redis: while it is away this process lets in whom it let in before, and makes or revokes none."""

    def __init__(self, remote: RedisConnection) -> None:
        self._remote = remote
        self._remembered: dict[str, TokenRecord] = {}
        self._has_any = True
        self._were_made = True

    async def find(self, token: str) -> TokenRecord | None:
        """Return the token's record; None if it is no token of ours."""
        digest = hash_of(token)  # a token is 256 bits of chance: a plain hash of it cannot be turned around
        replies = await self._ask(("HGET", RECORDS, digest))
        if replies is None:
            if (known := self._remembered.get(digest)) is not None:
                return known
            replies = await self._ask(("HGET", RECORDS, digest), is_awaited=True)
        if replies is None:
            return None
        self._remembered.pop(digest, None)
        if replies[0] is None:
            return None
        if (record := _record(replies[0])) is None:
            return None
        self._remembered[digest] = record
        if len(self._remembered) > MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        return record

    async def has_any(self) -> bool:
        """Return whether there is a token now.

        While Redis is away this is the last known answer, and yes before there was one.
        """
        replies = await self._ask(("EXISTS", RECORDS))
        if replies is not None:
            self._has_any = bool(replies[0])
        return self._has_any

    async def were_made(self) -> bool:
        """Return whether there ever was a token.

        While Redis is away this is the last known answer, and yes before there was one.
        """
        replies = await self._ask(("EXISTS", RECORDS, MADE))
        if replies is not None:
            self._were_made = bool(replies[0])
        return self._were_made

    async def create(self, name: str, scope: Scope) -> str:
        """Make a token and return it, this once.

        Raises:
            StoreError: The name has one, or it cannot be stored.
        """
        token = PREFIX + secrets.token_urlsafe(32)
        digest = hash_of(token)
        (is_first,) = await self._asked(f"the token for {name!r} could not be stored", ("HSETNX", NAMES, name, digest))
        if not is_first:
            raise StoreError(f"there is a token for {name!r}; revoke it first: mcp-dynaload token revoke {name}")
        record = json.dumps({"name": name, "scope": scope, "created_at": time.time()})
        commands: tuple[Command, ...] = (("SET", MADE, 1), ("HSET", RECORDS, digest, record))
        await self._asked(f"the token for {name!r} could not be stored", *commands)
        return token

    async def all(self) -> list[TokenRecord]:
        """Return all records, by name.

        Raises:
            StoreError: Redis is away.
        """
        (found,) = await self._asked("the tokens could not be read", ("HGETALL", RECORDS))
        known = (record for content in found.values() if (record := _record(content)))
        return sorted(known, key=lambda record: record.name)

    async def revoke(self, name: str) -> bool:
        """Forget the token of a name; whether there was one.

        Raises:
            StoreError: Redis is away.
        """
        failing = f"the token of {name!r} could not be revoked"
        (digest,) = await self._asked(failing, ("HGET", NAMES, name))
        if digest is None:
            return False
        await self._asked(failing, ("SET", MADE, 1), ("HDEL", NAMES, name), ("HDEL", RECORDS, digest))
        return True

    async def forget(self) -> None:
        """Forget that there were tokens.

        Raises:
            StoreError: There are some, or Redis is away.
        """
        refuse_to_forget(await self.all())
        await self._asked("that there were tokens could not be forgotten", ("DEL", MADE))

    async def _ask(self, *commands: Command, is_awaited: bool = False) -> list[Any] | None:
        """Ask at once or not at all: what concerns access does not wait for better times, but may for an answer."""
        return await anyio.to_thread.run_sync(partial(self._remote.read, *commands, is_awaited=is_awaited))

    async def _asked(self, failing: str, *commands: Command) -> list[Any]:
        replies = await self._ask(*commands, is_awaited=True)
        if replies is None:
            raise StoreError(f"{failing}: the Redis of store_url cannot be reached; the log says why")
        return replies


def _record(content: str) -> TokenRecord | None:
    """Return what is known of a token; None, which lets nobody in, where it is not as this version writes it."""
    try:
        stored = json.loads(content)
        return TokenRecord(str(stored["name"]), Scope(stored["scope"]), float(stored["created_at"]))
    except (KeyError, ValueError, TypeError) as error:
        log.warning("token_unreadable", store=RECORDS, error=str(error), fix="revoke it where it was made")
        return None
