"""Approved and held definitions, in a SQLite file of their own in the state folder."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from mcp_dynaload.catalog.pinning import DefinitionElement, Key
from mcp_dynaload.errors import StoreAwayError
from mcp_dynaload.store.database import Database, Row
from mcp_dynaload.store.definitions import (
    HELD_SECONDS,
    MAX_VERSIONS,
    HeldDefinition,
    PinnedServer,
    in_order,
    still_rejected,
)
from mcp_dynaload.store.sqlite_files import Schema

DEFINITIONS = Schema(
    1,
    tables=(),
    kept=(
        "servers (name TEXT PRIMARY KEY, seen_at REAL NOT NULL, entries TEXT NOT NULL, unsettled TEXT NOT NULL,"
        " clean TEXT NOT NULL)",
        "approved (server TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL,"
        " content TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (server, kind, name, digest))",
        "held (server TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,"
        " digest TEXT NOT NULL, content TEXT NOT NULL, reason TEXT NOT NULL, is_entry_changed INTEGER NOT NULL,"
        " at REAL NOT NULL, is_rejected INTEGER NOT NULL, PRIMARY KEY (server, source, kind, name))",
    ),
)
"""All of it is the user's word, and cannot be had again."""


class SqliteDefinitions:
    """The definitions in a file that all our processes share."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = Database(path, DEFINITIONS)

    def server(self, name: str) -> PinnedServer | None:
        """Return what is known of a server; None if it was never seen."""
        rows = self._read("SELECT * FROM servers WHERE name = ?", name)
        if not rows:
            return None
        _, seen_at, entries, unsettled, clean = rows[0]
        return PinnedServer(name, seen_at, tuple(json.loads(entries)), tuple(json.loads(unsettled)), clean)

    def approved(self, server: str) -> dict[Key, frozenset[str]]:
        """Return the digests of a server's approved definitions."""
        found: dict[Key, set[str]] = {}
        for kind, name, digest in self._read("SELECT kind, name, digest FROM approved WHERE server = ?", server):
            found.setdefault((kind, name), set()).add(digest)
        return {key: frozenset(digests) for key, digests in found.items()}

    def contents(self, server: str, keys: Iterable[Key]) -> dict[Key, str]:
        """Return the version approved last of each of these definitions, as far as it is known."""
        of_one = "FROM approved WHERE server = ? AND kind = ? AND name = ?"
        statement = f"SELECT content {of_one} ORDER BY at DESC, rowid DESC LIMIT 1"
        rows = {key: self._read(statement, server, *key) for key in keys}
        return {key: found[0][0] for key, found in rows.items() if found}

    def keep(self, server: PinnedServer, joined: Sequence[DefinitionElement]) -> None:
        """Store what is known of a server, and definitions that join the approved ones."""
        now = time.time()
        rows = [(server.name, *one.key, one.digest, one.content, now) for one in joined]
        self._write("INSERT OR IGNORE INTO approved VALUES (?, ?, ?, ?, ?, ?)", rows)
        entries, unsettled = json.dumps(server.entries), json.dumps(server.unsettled)
        row = (server.name, server.seen_at, entries, unsettled, server.clean)
        self._write("INSERT OR REPLACE INTO servers VALUES (?, ?, ?, ?, ?)", [row])

    def hold(self, server: str, source: str, held: Sequence[HeldDefinition]) -> None:
        """Store what is held back of a server as this source offers it, in place of what was before."""
        before = [one for one in self.held() if one.server == server]
        rejected = still_rejected(before)
        now = [replace(one, is_rejected=(one.key, one.digest) in rejected) for one in held]
        if {(one.key, one.digest) for one in before if one.source == source} == {(o.key, o.digest) for o in now}:
            return
        self._write("DELETE FROM held WHERE server = ? AND source = ?", [(server, source)])
        self._write("DELETE FROM held WHERE at < ?", [(time.time() - HELD_SECONDS,)])
        self._write("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_row_of, now))

    def held(self) -> tuple[HeldDefinition, ...]:
        """Return all that is held back, by server, kind and name."""
        return in_order(map(_held_of, self._read("SELECT * FROM held")))

    def approve(self, held: Sequence[HeldDefinition]) -> None:
        """Take exactly these versions for approved."""
        now = time.time()
        rows = [(one.server, one.kind, one.name, one.digest, one.content, now) for one in held]
        self._write("INSERT OR REPLACE INTO approved VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._write(
            "DELETE FROM approved WHERE server = ?1 AND kind = ?2 AND name = ?3 AND digest NOT IN (SELECT digest FROM "
            "approved WHERE server = ?1 AND kind = ?2 AND name = ?3 ORDER BY at DESC, rowid DESC LIMIT ?4)",
            [(one.server, one.kind, one.name, MAX_VERSIONS) for one in held],
        )
        self._write(
            "DELETE FROM held WHERE server = ? AND kind = ? AND name = ? AND digest = ?",
            [(one.server, one.kind, one.name, one.digest) for one in held],
        )

    def reject(self, held: Sequence[HeldDefinition]) -> None:
        """Note that the user does not want these versions."""
        self._write(
            "UPDATE held SET is_rejected = 1 WHERE server = ? AND kind = ? AND name = ? AND digest = ?",
            [(one.server, one.kind, one.name, one.digest) for one in held],
        )

    def version(self) -> str:
        """Return what differs whenever another process may have written."""
        return str(self._read("PRAGMA data_version")[0][0])

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _read(self, statement: str, *values: object) -> list[Row]:
        rows = self._database.try_read(statement, values)
        if rows is None:
            raise StoreAwayError(f"{self._path} cannot be read now: another process has it locked, or the log says why")
        return rows

    def _write(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        if error := self._database.try_write(statement, rows):
            raise StoreAwayError(f"{self._path} cannot be written: {error}")


def _row_of(one: HeldDefinition) -> tuple[object, ...]:
    head = (one.server, one.source, one.kind, one.name, one.digest, one.content, one.reason)
    return (*head, one.is_entry_changed, one.at, one.is_rejected)


def _held_of(row: Row) -> HeldDefinition:
    server, source, kind, name, digest, content, reason, is_entry_changed, at, is_rejected = row
    return HeldDefinition(
        server, source, kind, name, digest, content, reason, bool(is_entry_changed), at, bool(is_rejected)
    )
