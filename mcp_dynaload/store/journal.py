"""The journal's rows: what happened, for looking back; written by all our processes, kept for a while."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol

from mcp_dynaload.store.database import Database
from mcp_dynaload.store.sqlite_files import Schema

DAY_SECONDS = 86_400.0

PRUNE_EVERY = 500
"""Rows written between two looks at what is too old or too much."""

MAX_READ = 100_000

JOURNAL = Schema(
    1,
    tables=(),
    kept=(
        "entries (id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL, session TEXT NOT NULL,"
        " user TEXT NOT NULL, project TEXT NOT NULL, upstream TEXT NOT NULL, tool TEXT NOT NULL,"
        " outcome TEXT NOT NULL, ms REAL, request_bytes INTEGER, result_bytes INTEGER, fact TEXT NOT NULL)",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An event as it is kept."""

    at: float
    """Seconds since 1970."""

    kind: str
    session: str = ""
    user: str = ""
    project: str = ""
    upstream: str = ""
    tool: str = ""
    outcome: str = ""
    ms: float | None = None
    request_bytes: int | None = None
    result_bytes: int | None = None
    fact: str
    """All of it, as JSON."""


COLUMNS = tuple(field.name for field in fields(Row))
"""As the table has them, after the id."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that was written."""

    id: int
    """Rises with each row of the journal."""

    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The entries to read; what is not given does not matter."""

    since: float | None = None
    kinds: tuple[str, ...] = ()
    session: str = ""
    """The beginning of a session's id: lists show no more of it."""

    project: str | None = None
    after: int | None = None
    """Entries with a higher id only."""

    limit: int = MAX_READ
    """The most events; of more, the newest are taken."""


class JournalStore(Protocol):
    """The place where the journal is kept; both methods block."""

    def append(self, rows: Sequence[Row]) -> str | None:
        """Write rows, all or none; returns what went wrong."""
        ...

    def read(self, wanted: Wanted) -> list[Entry]:
        """Read the wanted entries, oldest first."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class SqliteJournal:
    """A file in the state folder, shared by all processes."""

    def __init__(self, path: Path, days: float, rows: int, clock: Callable[[], float] = time.time) -> None:
        """Keep entries for so many days, and at most so many; opens the file, which blocks."""
        self._database = Database(path, JOURNAL)
        self._days, self._rows, self._clock = days, rows, clock
        self._unpruned = PRUNE_EVERY

    def append(self, rows: Sequence[Row]) -> str | None:
        """Write rows, and forget what is too old or too much; returns what went wrong."""
        values = [tuple(getattr(row, name) for name in COLUMNS) for row in rows]
        error = self._database.try_write(f"INSERT INTO entries VALUES (NULL{', ?' * len(COLUMNS)})", values)
        self._unpruned += len(values)
        if error is None and self._unpruned >= PRUNE_EVERY:
            self._unpruned = 0
            error = self._prune()
        return error

    def read(self, wanted: Wanted) -> list[Entry]:
        """Read the wanted entries, oldest first; none if they cannot be read, which is logged."""
        found = self._database.read(*_query(wanted))
        return [Entry(number, _row_of(columns)) for number, *columns in reversed(found)]

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _prune(self) -> str | None:
        oldest = self._clock() - self._days * DAY_SECONDS
        return self._database.try_write("DELETE FROM entries WHERE at < ?", [(oldest,)]) or self._database.try_write(
            "DELETE FROM entries WHERE id <= (SELECT max(id) FROM entries) - ?", [(self._rows,)]
        )


def _query(wanted: Wanted) -> tuple[str, list[object]]:
    conditions: list[tuple[str, object]] = []
    if wanted.since is not None:
        conditions.append(("at >= ?", wanted.since))
    if wanted.session:
        conditions.append(("instr(session, ?) = 1", wanted.session))
    if wanted.project is not None:
        conditions.append(("project = ?", wanted.project))
    if wanted.after is not None:
        conditions.append(("id > ?", wanted.after))
    parts, values = [part for part, _ in conditions], [value for _, value in conditions]
    if wanted.kinds:
        parts.append(f"kind IN ({','.join('?' * len(wanted.kinds))})")
        values += wanted.kinds
    where = f"WHERE {' AND '.join(parts)} " if parts else ""
    return f"SELECT * FROM entries {where}ORDER BY id DESC LIMIT ?", [*values, wanted.limit]


def _row_of(columns: Sequence[object]) -> Row:
    return Row(**dict(zip(COLUMNS, columns, strict=True)))  # pyright: ignore[reportArgumentType] - as the table has them
