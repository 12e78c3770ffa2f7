"""The tables of our database files, and what SQLite's errors about one mean."""

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of a file."""

    version: int
    tables: tuple[str, ...]
    """The tables that can be had again: another version makes them anew."""

    kept: tuple[str, ...] = ()
    """Learned, or said by the user, so it cannot be had again: another version keeps each of them that is to the
    letter what it would create."""


CATALOG = Schema(
    9,
    tables=(
        "listings (fingerprint TEXT PRIMARY KEY, upstream TEXT NOT NULL, listing TEXT NOT NULL,"
        " listed_at REAL NOT NULL)",
        "costs (text_hash TEXT PRIMARY KEY, tokens INTEGER NOT NULL)",
        "vectors (key TEXT PRIMARY KEY, vector BLOB NOT NULL)",
        "built (key TEXT PRIMARY KEY, digest BLOB NOT NULL, content BLOB NOT NULL)",
        "sessions (session_id TEXT PRIMARY KEY, kept TEXT NOT NULL, changed_at REAL NOT NULL)",
    ),
    kept=(
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
