"""Access tokens in a Redis that any number of our services share: a name has one, and only its hash is kept."""

import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import structlog

from mcp_dynaload.errors import StoreAwayError, StoreError
from mcp_dynaload.store.redis_connection import Command, RedisConnection
from mcp_dynaload.store.remembered_tokens import RememberedTokens
from mcp_dynaload.store.tokens import PREFIX, Scope, TokenRecord, hash_of, refuse_to_forget

NAMES = "dynaload:tokens"
"""A hash: the digest of each name's token."""

RECORDS = "dynaload:token-records"
"""A hash: what is known of each digest, as JSON."""

MADE = "dynaload:tokens-were-made"
"""There once a token was made, and still when the last is revoked."""

RENEW_SECONDS = 1.0
"""Tokens that were let in unasked are asked for so long afterwards, all together."""

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class _Lookup:
    """A token that somebody waits for."""

    digest: str
    is_asked: bool = False
    replies: list[Any] | None = None
    """The answer, once it is asked for; None: there was none."""


class RedisTokens:
    """The tokens in Redis: while it is away this process lets in whom it let in before, and makes or revokes none."""

    def __init__(self, remote: RedisConnection, clock: Callable[[], float] = time.monotonic) -> None:
        self._remote = remote
        self._remembered = RememberedTokens(clock)
        self._lookups: list[_Lookup] = []
        self._looking = anyio.Lock()
        self._unasked: set[str] = set()
        self._renewing = threading.Lock()
        self._renewal: threading.Timer | None = None
        self._has_any = True
        self._were_made: bool | None = None

    async def find(self, token: str) -> TokenRecord | None:
        """Return the token's record; None if it is no token of ours.

        A token that was let in before is let in without an answer, too, and asked for soon afterwards.

        Raises:
            StoreAwayError: Redis does not answer, so nobody can tell.
        """
        digest = hash_of(token)  # a token is 256 bits of chance: a plain hash of it cannot be turned around
        if self._remembered.is_known(digest):
            replies = await self._ask(("HGET", RECORDS, digest))
            if replies is not None:
                return self._noted(digest, replies[0])
            if (record := self._remembered.recent(digest)) is not None:
                self._renew_later(digest)
                return record
        replies = await self._looked_up(digest)
        if replies is not None:
            return self._noted(digest, replies[0])
        self._remembered.note_unanswered()
        if (record := self._remembered.last(digest)) is not None:
            self._renew_later(digest)
            return record
        raise StoreAwayError("the Redis of store_url does not answer whether the access token is valid; try again")

    def _noted(self, digest: str, content: str | None) -> TokenRecord | None:
        record = None if content is None else _record(content)
        self._remembered.note(digest, record)
        return record

    async def _looked_up(self, digest: str) -> list[Any] | None:
        """Wait for the answer; those who come while others are asked for are asked for together."""
        lookup = _Lookup(digest)
        self._lookups.append(lookup)
        async with self._looking:
            if not lookup.is_asked:
                together = tuple(self._lookups)
                replies = await self._ask(*(("HGET", RECORDS, one.digest) for one in together), is_awaited=True)
                for place, one in enumerate(together):
                    one.is_asked, one.replies = True, None if replies is None else [replies[place]]
                self._lookups = self._lookups[len(together) :]
        return lookup.replies

    def _renew_later(self, digest: str) -> None:
        """Ask for a token that was let in unasked, though Redis be slow."""
        with self._renewing:
            self._unasked.add(digest)
            if self._renewal is None:
                self._renewal = threading.Timer(RENEW_SECONDS, self._renew)
                self._renewal.daemon = True
                self._renewal.start()

    def _renew(self) -> None:
        with self._renewing:
            digests, self._unasked, self._renewal = tuple(self._unasked), set(), None
        replies = self._remote.read(*(("HGET", RECORDS, digest) for digest in digests), is_awaited=True)
        for digest, content in zip(digests, replies or (), strict=False):
            self._noted(digest, content)

    async def has_any(self) -> bool:
        """Return whether there is a token now.

        While Redis is away this is the last known answer, and yes before there was one.
        """
        replies = await self._ask(("EXISTS", RECORDS))
        if replies is not None:
            self._has_any = bool(replies[0])
        return self._has_any

    async def were_made(self) -> bool | None:
        """Return whether there ever was a token.

        While Redis is away this is the last known answer, and None before there was one.
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
            StoreAwayError: Redis is away.
        """
        (found,) = await self._asked("the tokens could not be read", ("HGETALL", RECORDS))
        known = (record for content in found.values() if (record := _record(content)))
        return sorted(known, key=lambda record: record.name)

    async def revoke(self, name: str) -> bool:
        """Forget the token of a name; whether there was one.

        Raises:
            StoreAwayError: Redis is away.
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
            raise StoreAwayError(f"{failing}: the Redis of store_url cannot be reached; the log says why")
        return replies


def _record(content: str) -> TokenRecord | None:
    """Return what is known of a token; None, which lets nobody in, where it is not as this version writes it."""
    try:
        stored = json.loads(content)
        return TokenRecord(str(stored["name"]), Scope(stored["scope"]), float(stored["created_at"]))
    except (KeyError, ValueError, TypeError) as error:
        log.warning("token_unreadable", store=RECORDS, error=str(error), fix="revoke it where it was made")
        return None
