"""The tables of our database files, and what SQLite's errors about one mean."""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass

import structlog

log = structlog.get_logger()

Columns = dict[str, tuple[object, ...]]
"""The columns of a table by name, each with its type and what else is said of it."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of a file."""

    version: int
    tables: tuple[str, ...]
    """The tables that can be had again: another version makes them anew."""

    kept: tuple[str, ...] = ()
    """Learned, or said by the user, so it cannot be had again: another version keeps them, and of one whose columns it
    does not have it takes over what it can and keeps the table aside."""


CATALOG = Schema(
    9,
    tables=(
        "listings (fingerprint TEXT PRIMARY KEY, upstream TEXT NOT NULL, listing TEXT NOT NULL,"
        " listed_at REAL NOT NULL)",
        "costs (text_hash TEXT PRIMARY KEY, tokens INTEGER NOT NULL)",
        "vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL)",
        "built (key TEXT PRIMARY KEY, digest BLOB NOT NULL, content BLOB NOT NULL)",
    ),
    kept=(
        "sessions (session_id TEXT PRIMARY KEY, kept TEXT NOT NULL, changed_at REAL NOT NULL)",
        "followers (project TEXT NOT NULL, tool TEXT NOT NULL, follower TEXT NOT NULL, count INTEGER NOT NULL,"
        " PRIMARY KEY (project, tool, follower))",
        "usage (project TEXT NOT NULL, session TEXT NOT NULL, tool TEXT NOT NULL, calls INTEGER NOT NULL,"
        " missed INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (project, session, tool))",
        "tokens (name TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, scope TEXT NOT NULL, created_at REAL NOT NULL)",
        "pins (project TEXT NOT NULL, tool TEXT NOT NULL, PRIMARY KEY (project, tool))",
        "flows (project TEXT NOT NULL, part TEXT NOT NULL, PRIMARY KEY (project, part))",
    ),
)
"""The catalog's cache and what was learned."""


UPGRADES = "upgrades (at REAL NOT NULL, before INTEGER NOT NULL, now INTEGER NOT NULL)"
"""Made in a file when its tables are replaced by those of another version: when, and from which to which."""


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether the file is no database or a damaged one; other trouble has an exception class of its own."""
    return type(error) is sqlite3.DatabaseError


def is_locked(error: sqlite3.Error) -> bool:
    """Return whether another process has the file; errors of our own making have no code."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of a file's tables; 0 of one that is new."""
    return connection.execute("PRAGMA user_version").fetchone()[0]


def renew_tables(connection: sqlite3.Connection, schema: Schema, path: str) -> None:
    """Replace an older or newer version's tables, which hold nothing that cannot be had again, but for those to keep.

    Tables that we do not know are a newer version's, and stay.
    """
    before = version_of(connection)
    for table in schema.tables:
        connection.execute(f'DROP TABLE IF EXISTS "{_name(table)}"')
        connection.execute(f"CREATE TABLE {table}")
    for table in schema.kept:
        _keep_table(connection, table, before, path)
    if before:
        connection.execute(f"CREATE TABLE IF NOT EXISTS {UPGRADES}")
        connection.execute("INSERT INTO upgrades VALUES (?, ?, ?)", (time.time(), before, schema.version))
    connection.execute(f"PRAGMA user_version = {schema.version}")


def _keep_table(connection: sqlite3.Connection, table: str, before: int, path: str) -> None:
    """Have the table with what is in it; where its columns are others, what they share is taken over."""
    name = _name(table)
    found, wanted = _columns(connection, name), _wanted_columns(table)
    if found == wanted:
        return
    if not found or not connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone():
        connection.execute(f'DROP TABLE IF EXISTS "{name}"')
        connection.execute(f"CREATE TABLE {table}")
        return
    aside = f"{name}_of_version_{before}"
    connection.execute(f'DROP TABLE IF EXISTS "{aside}"')  # it was left so before, and its rows are in this one
    connection.execute(f'ALTER TABLE "{name}" RENAME TO "{aside}"')
    connection.execute(f"CREATE TABLE {table}")
    shared = ", ".join(f'"{column}"' for column in wanted if column in found)
    taken = 0
    if shared:
        taken = connection.execute(f'INSERT OR IGNORE INTO "{name}" ({shared}) SELECT {shared} FROM "{aside}"').rowcount
    log.warning(
        "store_table_of_other_version",
        path=path,
        table=name,
        version=before,
        rows_taken_over=taken,
        kept_as=aside,
        fix="nothing: what another version knew beside it stays in that table",
    )


def _name(table: str) -> str:
    return table.split(" ", 1)[0]


def _columns(connection: sqlite3.Connection, name: str) -> Columns:
    rows = connection.execute(f'PRAGMA table_info("{name}")').fetchall()
    return {column: tuple(rest) for _, column, *rest in rows}


def _wanted_columns(table: str) -> Columns:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE {table}")
        return _columns(connection, _name(table))
