"""The SQLite database in the state folder, shared by all our processes: what can be had again, and what was learned."""

import sqlite3
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import structlog

from mcp_dynaload.machine.private_files import PRIVATE_DIR, make_private_file, open_private
from mcp_dynaload.store.sqlite_files import CATALOG, Schema, is_damage, is_locked, renew_tables, version_of
from mcp_dynaload.store.stored_text import restored, storable

BUSY_SECONDS = 0.3
"""How long a lock of another process is waited for: a start waits for it up to three times, and takes a second at most.
Ours hold one for milliseconds."""

REST_SECONDS = 1.0
"""A file that was found locked is left alone for so long: else everything that is asked meanwhile would wait, too."""

RETRY_SECONDS = 0.01

CACHE_KB = 256
"""The pages that a connection keeps, of which a session has several; SQLite's own 2 MB the system keeps, too."""

MAX_UNWRITTEN = 5_000
"""Statements that wait for the end of a lock; more are dropped, oldest first, and counted."""


PROBE = "probe"
"""The session whose row is written to see that writing works."""

log = structlog.get_logger()

Row = tuple[Any, ...]
_Result = TypeVar("_Result")


class Database:
    """A connection that any thread may use, one statement at a time."""

    def __init__(self, path: Path, schema: Schema = CATALOG) -> None:
        """Open or create the file; a broken one is moved aside, and where no file can be, memory serves.

        Losing it costs time, never configuration: the next start lists the servers again.
        """
        self._lock = threading.Lock()
        self._path = path
        self._schema = schema
        self._unwritten: deque[tuple[str, Sequence[Sequence[object]]]] = deque()
        self._dropped = 0
        self._resting_until = 0.0
        self._is_apart = False
        """The file was locked when it was to be opened: memory serves until it is free."""

        self._connection = self._opened()
        self._file = _file_id(path)

    def read(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """Read all rows of a query; none if they cannot be read, which is logged."""
        with self._lock:
            self._catch_up()
            if self._is_resting() and not self._is_apart:
                return []
            try:
                return self._on_sound_file(lambda: self._rows(statement, values))
            except sqlite3.Error as error:
                if is_locked(error):
                    self._rest(error)
                else:
                    log.warning("store_read_failed", error=str(error))
                return []

    def try_read(self, statement: str, values: Sequence[object] = ()) -> list[Row] | None:
        """Read all rows of a query, for a caller who must tell nothing there from nothing to be had: that is None."""
        with self._lock:
            self._catch_up()
            if self._is_apart or self._is_resting():
                return None
            try:
                return self._on_sound_file(lambda: self._rows(statement, values))
            except sqlite3.Error as error:
                if is_locked(error):
                    self._rest(error)
                else:
                    log.warning("store_read_failed", error=str(error))
                return None

    def write(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement for each row, all or none; while the file is locked it waits, a full disk is logged."""
        values = list(rows)
        with self._lock:
            self._catch_up()
            if self._unwritten or self._is_apart or self._is_resting():
                self._keep(statement, values)
                return
            try:
                self._on_sound_file(lambda: self._write(statement, values))
            except sqlite3.Error as error:
                if is_locked(error):
                    self._rest(error)
                    self._keep(statement, values)
                else:
                    log.warning("store_write_failed", error=str(error))

    def try_write(self, statement: str, rows: Iterable[Sequence[object]]) -> str | None:
        """Write at once, for a caller that tells of the error itself, and of a lock; return the error."""
        values = list(rows)
        with self._lock:
            self._catch_up()
            if self._is_apart:
                return f"{self._path} is locked by another process"
            try:
                self._on_sound_file(lambda: self._write(statement, values))
            except sqlite3.Error as error:
                return str(error)
        return None

    def trouble(self) -> str | None:
        """Return the file's problem and its fix; None if it is sound and takes a write. Blocks."""
        with self._lock:
            self._catch_up()
            if self._is_apart or self._unwritten:
                return f"{self._path} is locked by another process: end that, what is to be written waits"
            if not self._connection.execute("PRAGMA database_list").fetchone()[2]:
                return f"nothing can be kept in {self._path}: it is in memory; see the log, free or mend the folder"
            if _file_id(self._path) != self._file:
                return f"{self._path} was moved or removed while it was in use: restart"
            try:
                found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
                self._write("INSERT OR REPLACE INTO sessions VALUES (?, '{}', ?)", [(PROBE, time.time())])
            except sqlite3.Error as error:
                return f"{self._path}: {error}; free the disk, or move the file away, it is made anew"
            return None if found == "ok" else f"{self._path} is damaged ({found}): move it away, it is made anew"

    def close(self) -> None:
        """Write what waits for the end of a lock, as far as that can be had, and close the file."""
        with self._lock:
            self._resting_until = 0.0
            self._catch_up()
            if lost := len(self._unwritten) + self._dropped:
                log.warning("store_not_written", path=str(self._path), lost=lost, error="another process has it locked")
            self._connection.close()

    def _opened(self) -> sqlite3.Connection:
        try:
            return _open(self._path, self._schema)
        except sqlite3.OperationalError as error:  # locked, or else memory would have been opened
            self._is_apart = True
            self._rest(error)
            return _connect(":memory:", self._schema)

    def _is_resting(self) -> bool:
        return time.monotonic() < self._resting_until

    def _rest(self, error: sqlite3.Error) -> None:
        """Leave a locked file alone for a while; the first time it is told."""
        if not self._resting_until:
            consequence = "what is kept is not known, and what is to be kept waits, until it is free"
            log.warning("store_locked", path=str(self._path), error=str(error), consequence=consequence)
        self._resting_until = time.monotonic() + REST_SECONDS

    def _keep(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """Have it written when the file is free; where memory serves it is known there at once."""
        if len(self._unwritten) == MAX_UNWRITTEN:
            self._unwritten.popleft()
            self._dropped += 1
        self._unwritten.append((statement, rows))
        if self._is_apart:
            self._write(statement, rows)

    def _catch_up(self) -> None:
        """Write what waits, if the file is free by now."""
        if not self._resting_until or self._is_resting():
            return
        try:
            if self._is_apart:
                connection = _open(self._path, self._schema)
                self._connection.close()
                self._connection, self._file, self._is_apart = connection, _file_id(self._path), False
            while self._unwritten:
                self._write(*self._unwritten[0])
                self._unwritten.popleft()
        except sqlite3.Error as error:
            if self._unwritten and not is_locked(error):  # it would fail for ever, and what waits behind it with it
                log.warning("store_write_failed", error=str(error))
                self._unwritten.popleft()
            self._rest(error)
        else:
            log.warning("store_free_again", path=str(self._path), lost=self._dropped)
            self._resting_until, self._dropped = 0.0, 0

    def _rows(self, statement: str, values: Sequence[object]) -> list[Row]:
        found = self._connection.execute(statement, storable(values)).fetchall()
        return [tuple(map(restored, row)) for row in found]

    def _write(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        with self._connection:
            self._connection.executemany(statement, map(storable, rows))

    def _on_sound_file(self, work: Callable[[], _Result]) -> _Result:
        """Do the work; if it finds the file damaged, do it again on a new one."""
        try:
            return work()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self._connection.close()
            self._connection = _replace_broken(self._path, self._schema, self._file, error)
            self._file = _file_id(self._path)
            return work()


def _open(path: Path, schema: Schema) -> sqlite3.Connection:
    found = _file_id(path)
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for without end
            return _in_memory(path, schema, OSError("it is no regular file"))
        path.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_DIR)
        make_private_file(path)  # what SQLite puts beside it gets the same mode
        return _connect(str(path), schema)
    except sqlite3.DatabaseError as error:
        if is_locked(error):
            raise
        return _replace_broken(path, schema, found, error) if is_damage(error) else _in_memory(path, schema, error)
    except OSError as error:
        return _in_memory(path, schema, error)


def _in_memory(path: Path, schema: Schema, error: Exception) -> sqlite3.Connection:
    log.warning("store_in_memory", path=str(path), error=str(error))
    return _connect(":memory:", schema)


def _replace_broken(path: Path, schema: Schema, broken: int | None, error: sqlite3.Error) -> sqlite3.Connection:
    try:
        with _alone(path):
            if _file_id(path) == broken:  # or else another process was faster
                log.warning("store_was_broken", path=str(path), moved_to=f"{path.name}.broken", error=str(error))
                _move_aside(path)
            make_private_file(path)
            return _connect(str(path), schema)
    except (sqlite3.Error, OSError) as again:
        return _in_memory(path, schema, again)


def _file_id(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _move_aside(path: Path) -> None:
    path.replace(path.with_name(f"{path.name}.broken"))
    for suffix in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()


@contextmanager
def _alone(path: Path) -> Generator[None]:
    """Keep other processes of ours from replacing the file meanwhile."""
    if sys.platform == "win32":  # a file that others have open cannot be moved there anyway
        yield
        return
    import fcntl

    with open(path.with_name(f"{path.name}.lock"), "ab", opener=open_private) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _connect(name: str, schema: Schema) -> sqlite3.Connection:
    """Open and prepare the file; one that another process is just creating is waited for.

    SQLite's own patience does not cover the switch to the write-ahead log.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        connection = sqlite3.connect(name, timeout=BUSY_SECONDS, check_same_thread=False)
        try:
            _prepare(connection, schema, name)
        except sqlite3.Error as error:
            connection.close()
            if not is_locked(error) or time.monotonic() > deadline:
                raise
            time.sleep(RETRY_SECONDS)
        else:
            return connection


def _prepare(connection: sqlite3.Connection, schema: Schema, name: str) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    if version_of(connection) == schema.version:
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if version_of(connection) != schema.version:  # another process may have been faster
            renew_tables(connection, schema, name)
