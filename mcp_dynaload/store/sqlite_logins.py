"""The sealed logins of a service's users, in a SQLite file of their own in the state folder."""

import time
from collections.abc import Sequence
from pathlib import Path

import anyio.to_thread

from mcp_dynaload.errors import StoreAwayError
from mcp_dynaload.store.database import Database, Row
from mcp_dynaload.store.sqlite_files import Schema

USER_LOGINS = Schema(
    1,
    tables=("holds (id TEXT PRIMARY KEY, holder TEXT NOT NULL, until REAL NOT NULL)",),
    kept=("logins (owner TEXT NOT NULL, id TEXT NOT NULL, sealed TEXT NOT NULL, until REAL, PRIMARY KEY (owner, id))",),
)


class SqliteLogins:
    """The logins in a file that all processes of a machine share: a `LoginVault`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = Database(path, USER_LOGINS)

    async def read(self, owner: str, id: str) -> str | None:
        """Return a text; None if there is none, or its time is over."""
        statement = "SELECT sealed FROM logins WHERE owner = ? AND id = ? AND (until IS NULL OR until > ?)"
        rows = await self._asked(statement, owner, id, time.time())
        return rows[0][0] if rows else None

    async def write(self, owner: str, id: str, sealed: str, seconds: float | None = None) -> None:
        """Keep a text, for so many seconds or for good; those whose time is over are forgotten."""
        until = None if seconds is None else time.time() + seconds
        await self._change("DELETE FROM logins WHERE until < ?", (time.time(),))
        await self._change("INSERT OR REPLACE INTO logins VALUES (?, ?, ?, ?)", (owner, id, sealed, until))

    async def remove(self, owner: str, id: str) -> None:
        """Forget a text."""
        await self._change("DELETE FROM logins WHERE owner = ? AND id = ?", (owner, id))

    async def all(self, owner: str) -> dict[str, str]:
        """Return all texts of an owner by id."""
        statement = "SELECT id, sealed FROM logins WHERE owner = ? AND (until IS NULL OR until > ?)"
        return dict(await self._asked(statement, owner, time.time()))

    async def forget(self, owner: str) -> None:
        """Forget all texts of an owner."""
        await self._change("DELETE FROM logins WHERE owner = ?", (owner,))

    async def hold(self, id: str, holder: str, seconds: float) -> bool:
        """Let nobody else hold the id for so long; false if somebody does."""
        now = time.time()
        await self._change(
            "INSERT INTO holds VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET holder = excluded.holder,"
            " until = excluded.until WHERE holds.until < ?",
            (id, holder, now + seconds, now),
        )
        rows = await self._asked("SELECT holder FROM holds WHERE id = ?", id)
        return bool(rows) and rows[0][0] == holder

    async def release(self, id: str, holder: str) -> None:
        """Hold it no more."""
        await self._change("DELETE FROM holds WHERE id = ? AND holder = ?", (id, holder))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    async def _asked(self, statement: str, *values: object) -> list[Row]:
        rows = await anyio.to_thread.run_sync(self._database.try_read, statement, values)
        if rows is None:
            raise StoreAwayError(f"{self._path} cannot be read now: another process has it locked, or the log says why")
        return rows

    async def _change(self, statement: str, row: Sequence[object]) -> None:
        if error := await anyio.to_thread.run_sync(self._database.try_write, statement, [row]):
            raise StoreAwayError(f"{self._path} cannot be written: {error}")
