"""Looks at our files in the state folder without changing any: databases, modes, what ended processes have left."""

import os
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.machine.private_files import PRIVATE_DIR, PRIVATE_FILE
from mcp_dynaload.store.database import BUSY_SECONDS
from mcp_dynaload.store.journal import JOURNAL
from mcp_dynaload.store.running import dead_sockets
from mcp_dynaload.store.sqlite_definitions import DEFINITIONS
from mcp_dynaload.store.sqlite_files import CATALOG, Schema, is_damage, is_locked
from mcp_dynaload.store.sqlite_logins import USER_LOGINS

log = structlog.get_logger()

LEFT_SECONDS = 60.0
"""A file that belongs to no running process is left over after this: a new one is not locked for a moment."""

_OTHERS = 0o077

Trouble = Literal["locked", "damaged", "of another version", "not writable"]


@dataclass(frozen=True, slots=True)
class DatabaseTrouble:
    """A database that cannot be used as it is."""

    path: Path
    schema: Schema
    trouble: Trouble
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseUpgrade:
    """A time when a database was brought to another version of its tables."""

    path: Path
    at: float
    before: int
    now: int


def database_upgrades(locations: Locations) -> Iterator[DatabaseUpgrade]:
    """Yield what the databases tell of their upgrades, oldest first in each; of one that cannot be read, nothing."""
    for path in database_files(locations):
        if not path.exists():
            continue
        try:
            with closing(_reading(path)) as connection:
                has_any = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'upgrades'").fetchone()
                rows = connection.execute("SELECT at, before, now FROM upgrades ORDER BY at") if has_any else ()
                yield from (DatabaseUpgrade(path, at, before, now) for at, before, now in rows)
        except sqlite3.Error as error:  # `database_troubles` tells of it
            log.info("upgrades_unreadable", path=str(path), error=str(error))


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)


def database_files(locations: Locations) -> dict[Path, Schema]:
    """Return our databases, which need not exist."""
    return {
        locations.database_file: CATALOG,
        locations.journal_file: JOURNAL,
        locations.definitions_file: DEFINITIONS,
        locations.user_logins_file: USER_LOGINS,
    }


def database_troubles(locations: Locations) -> Iterator[DatabaseTrouble]:
    """Yield what is wrong with each database that is there; waits shortly for locks."""
    for path, schema in database_files(locations).items():
        if path.exists() and (found := _trouble(path, schema)) is not None:
            yield DatabaseTrouble(path, schema, *found)


def _trouble(path: Path, schema: Schema) -> tuple[Trouble, str] | None:
    if not os.access(path, os.R_OK | os.W_OK) or not os.access(path.parent, os.W_OK):
        return "not writable", "check owner and mode of the file and its folder"
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS)) as connection:
            connection.isolation_level = None
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        if is_damage(error):
            return "damaged", str(error)
        return ("locked" if is_locked(error) else "not writable"), str(error)
    is_old = version not in (0, schema.version)
    return ("of another version", f"{version}, ours is {schema.version}") if is_old else None


def open_to_others(folder: Path) -> Iterator[Path]:
    """Yield what in the folder, itself included, others can read, or the user cannot; a link's target is not ours."""
    if sys.platform == "win32" or not folder.is_dir():
        return
    for path in (folder, *sorted(folder.rglob("*"))):
        if not path.is_symlink() and wanted_mode(path) is not None:
            yield path


def wanted_mode(path: Path) -> int | None:
    """Return the mode that something of ours is to have; None where it is right, or not the user's to change."""
    try:
        found = path.lstat()
    except OSError:  # gone meanwhile
        return None
    if found.st_uid != os.getuid() or not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        return None
    least = PRIVATE_DIR if stat.S_ISDIR(found.st_mode) else PRIVATE_FILE
    mode = stat.S_IMODE(found.st_mode)
    return least if mode & _OTHERS or mode & least != least else None


def left_over(locations: Locations) -> Iterator[Path]:
    """Yield files that processes which ended have left, and nobody reads any more."""
    for folder in (locations.peers_dir, locations.processes_dir):
        if sys.platform != "win32" and folder.is_dir():
            yield from (path for path in sorted(folder.iterdir()) if _is_old(path) and _is_unlocked(path))
            yield from dead_sockets(folder)
    for folder in (locations.config_dir, locations.state_dir, locations.logins_dir):
        if folder.is_dir():
            yield from (path for path in sorted(folder.glob(".*.tmp")) if _is_old(path))


def _is_old(path: Path) -> bool:
    try:
        return path.is_file() and time.time() - path.stat().st_mtime > LEFT_SECONDS
    except OSError:  # gone meanwhile
        return False


def _is_unlocked(path: Path) -> bool:
    import fcntl  # not on Windows, where an open file cannot be deleted anyway

    try:
        with path.open("rb") as opened:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
