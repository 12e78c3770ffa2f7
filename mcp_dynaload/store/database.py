"""The SQLite database in the state folder, shared by all our processes: it only ever holds what can be had again."""

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

SCHEMA_VERSION = 1
BUSY_SECONDS = 5.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS listings (
    fingerprint TEXT PRIMARY KEY, upstream TEXT NOT NULL, listing TEXT NOT NULL, listed_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS costs (text_hash TEXT PRIMARY KEY, tokens INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (session_id TEXT PRIMARY KEY, loaded TEXT NOT NULL, changed_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS followers (
    project TEXT NOT NULL, tool TEXT NOT NULL, follower TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (project, tool, follower)
);
"""

log = structlog.get_logger()

Row = tuple[Any, ...]


class Database:
    """A connection that any thread may use, one statement at a time."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; a broken one is moved aside, and where no file can be, memory serves.

        Losing it costs time, never configuration: the next start lists the servers again.
        """
        self._lock = threading.Lock()
        self._connection = _open(path)

    def read(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """All rows of a query; none if the database has become unreadable, which is logged."""
        with self._lock:
            try:
                return self._connection.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                log.warning("store_read_failed", error=str(error))
                return []

    def write(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for each row, all or none; a full disk or a lock held for too long is logged."""
        with self._lock:
            try:
                with self._connection:
                    self._connection.executemany(statement, rows)
            except sqlite3.Error as error:
                log.warning("store_write_failed", error=str(error))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _connect(str(path))
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            log.warning("store_in_memory", path=str(path), error=str(error))
            return _connect(":memory:")
        log.warning("store_was_broken", path=str(path), moved_to=f"{path.name}.broken", error=str(error))
        _move_aside(path)
        return _connect(str(path))
    except OSError as error:
        log.warning("store_in_memory", path=str(path), error=str(error))
        return _connect(":memory:")


def _connect(name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(name, timeout=BUSY_SECONDS, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        found: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if found != SCHEMA_VERSION:
            _rebuild(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _rebuild(connection: sqlite3.Connection) -> None:
    """Another version's tables hold nothing that cannot be had again."""
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    drops = "".join(f'DROP TABLE IF EXISTS "{name}";' for (name,) in tables if not str(name).startswith("sqlite_"))
    connection.executescript(f"BEGIN; {drops} {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")


def _move_aside(path: Path) -> None:
    path.replace(path.with_name(f"{path.name}.broken"))
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()
