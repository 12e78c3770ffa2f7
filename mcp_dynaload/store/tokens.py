"""Access tokens of a service: whose, and for what; a token itself is nowhere, only its hash."""

import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import anyio.to_thread

from mcp_dynaload.errors import StoreAwayError, StoreError
from mcp_dynaload.store.database import Database

PREFIX = "dyn_"
"""How our tokens begin, so that a leaked one is recognised."""


class Scope(StrEnum):
    """The scope of a token; each includes those before it."""

    USE = "use"
    CONTROL = "control"
    ADMIN = "admin"

    @property
    def included(self) -> tuple["Scope", ...]:
        """The scope itself and those it includes."""
        scopes = tuple(Scope)
        return scopes[: scopes.index(self) + 1]


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """The record of a token."""

    name: str
    """The user or program that has it."""

    scope: Scope
    created_at: float


class TokenStore(Protocol):
    """The store of tokens: in SQLite here, in Redis for many machines."""

    async def find(self, token: str) -> TokenRecord | None:
        """Return the token's record; None if it is no token of ours.

        Raises:
            StoreAwayError: Nobody can tell now.
        """
        ...

    async def has_any(self) -> bool:
        """Return whether there is a token now."""
        ...

    async def were_made(self) -> bool | None:
        """Return whether there ever was a token: revoking the last one opens nothing. None where nobody can tell."""
        ...

    async def create(self, name: str, scope: Scope) -> str:
        """Make a token and return it, this once.

        Raises:
            StoreError: The name has one, or it cannot be stored.
        """
        ...

    async def all(self) -> list[TokenRecord]:
        """Return all records, by name."""
        ...

    async def revoke(self, name: str) -> bool:
        """Forget the token of a name; whether there was one."""
        ...

    async def forget(self) -> None:
        """Forget that there were tokens: a service on a loopback address is open to this machine again.

        Raises:
            StoreError: There are some, or it cannot be stored.
        """
        ...


_Row = tuple[str, str, str, float]

_MARK: _Row = ("", "", Scope.USE.value, 0.0)
"""A row that says that there were tokens; no token has an empty name or digest."""


class SqliteTokens:
    """The tokens in our database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, token: str) -> TokenRecord | None:
        """Return the token's record; None if it is no token of ours.

        Raises:
            StoreAwayError: The database cannot be read now, so nobody can tell.
        """
        # A token is 256 bits of chance: a plain hash of it cannot be turned around.
        statement, digest = "SELECT name, scope, created_at FROM tokens WHERE digest = ?", hash_of(token)
        rows = await anyio.to_thread.run_sync(self._database.try_read, statement, (digest,))
        if rows is None:
            raise StoreAwayError("the database of the access tokens cannot be read now; the log says why")
        return _record_of(rows[0]) if rows else None

    async def has_any(self) -> bool:
        """Return whether there is a token now."""
        return bool(await self._read("SELECT name, scope, created_at FROM tokens WHERE name != '' LIMIT 1"))

    async def were_made(self) -> bool:
        """Return whether there ever was a token."""
        return bool(await self._read("SELECT name, scope, created_at FROM tokens LIMIT 1"))

    async def create(self, name: str, scope: Scope) -> str:
        """Make a token and return it, this once.

        Raises:
            StoreError: The name has one, or it cannot be stored.
        """
        if await self._of(name) is not None:
            raise StoreError(f"there is a token for {name!r}; revoke it first: mcp-dynaload token revoke {name}")
        token = PREFIX + secrets.token_urlsafe(32)
        row = (name, hash_of(token), str(scope), time.time())
        await self._insert(_MARK, row)
        if await self.find(token) is None:
            raise StoreAwayError(f"the token for {name!r} could not be stored; the log says why")
        return token

    async def all(self) -> list[TokenRecord]:
        """Return all records, by name."""
        return await self._read("SELECT name, scope, created_at FROM tokens WHERE name != '' ORDER BY name")

    async def revoke(self, name: str) -> bool:
        """Forget the token of a name; whether there was one."""
        was_there = await self._of(name) is not None
        if was_there:
            await self._insert(_MARK)
        await anyio.to_thread.run_sync(self._database.write, "DELETE FROM tokens WHERE name = ?", [(name,)])
        return was_there

    async def forget(self) -> None:
        """Forget that there were tokens.

        Raises:
            StoreError: There are some, or it cannot be stored.
        """
        refuse_to_forget(await self.all())
        write = self._database.try_write
        if error := await anyio.to_thread.run_sync(write, "DELETE FROM tokens WHERE name = ''", [()]):
            raise StoreAwayError(f"that there were tokens could not be forgotten: {error}")

    async def _insert(self, *rows: _Row) -> None:
        await anyio.to_thread.run_sync(self._database.write, "INSERT OR IGNORE INTO tokens VALUES (?, ?, ?, ?)", rows)

    async def _of(self, name: str) -> TokenRecord | None:
        rows = await self._read("SELECT name, scope, created_at FROM tokens WHERE name = ?", name)
        return rows[0] if rows else None

    async def _read(self, statement: str, *values: str) -> list[TokenRecord]:
        rows = await anyio.to_thread.run_sync(self._database.read, statement, values)
        return [_record_of(row) for row in rows]


def _record_of(row: Sequence[Any]) -> TokenRecord:
    name, scope, created_at = row
    return TokenRecord(str(name), Scope(scope), float(created_at))


def refuse_to_forget(records: Sequence[TokenRecord]) -> None:
    """Let nobody forget that there were tokens while there are some.

    Raises:
        StoreError: There are.
    """
    if records:
        names = ", ".join(record.name for record in records)
        raise StoreError(f"there are tokens, of {names}: revoke each first: mcp-dynaload token revoke NAME")


def hash_of(token: str) -> str:
    """Return the hash that is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
