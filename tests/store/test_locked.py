"""A database that another process has locked: nothing waits for it long, and what is to be kept is not lost."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mcp_dynaload.errors import StoreError
from mcp_dynaload.store import database
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.sqlite_usage import SqliteUsage
from mcp_dynaload.store.tokens import Scope, SqliteTokens
from mcp_dynaload.store.usage import KeptSession

PINS = "SELECT tool FROM pins ORDER BY tool"
PIN = "INSERT INTO pins VALUES ('p', ?)"


@contextmanager
def locked(file: Path, mode: str = "WAL") -> Generator[None]:
    """Lock the whole file as another process."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE" if mode == "EXCLUSIVE" else f"PRAGMA journal_mode = {mode}")
        other.execute("BEGIN EXCLUSIVE")
        if mode == "EXCLUSIVE":
            other.execute("CREATE TABLE IF NOT EXISTS mine (x)")
        yield


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with closing(Database(tmp_path / "state.db")) as known:
        known.write(PIN, [("known",)])
    return tmp_path / "state.db"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "REST_SECONDS", 0.0)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)


@pytest.mark.parametrize("mode", ["WAL", "DELETE", "EXCLUSIVE"])
@pytest.mark.proves("locked-store")
def test_what_is_written_while_it_is_locked_is_there_afterwards(file: Path, mode: str) -> None:
    with capture_logs() as logs:
        with locked(file, mode):
            store = Database(file)
            store.write(PIN, [("new",)])
            assert store.trouble() is not None
        assert store.read(PINS) == [("known",), ("new",)]
        assert store.trouble() is None
        store.close()

    events = [entry["event"] for entry in logs]
    assert events[0] == "store_locked"
    assert events[-1] == "store_free_again"
    with closing(Database(file)) as again:
        assert again.read(PINS) == [("known",), ("new",)]


@pytest.mark.proves("locked-store")
def test_what_could_not_be_written_to_the_end_is_told(file: Path) -> None:
    with capture_logs() as logs, locked(file):
        store = Database(file)
        store.write(PIN, [("lost",)])
        store.close()

    assert [(entry["event"], entry.get("lost")) for entry in logs][-1] == ("store_not_written", 1)


@pytest.mark.parametrize("mode", ["WAL", "DELETE", "EXCLUSIVE"])
@pytest.mark.proves("locked-store")
def test_three_stores_on_a_locked_file_are_open_and_used_within_a_second(
    file: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    with locked(file, mode):
        began = time.monotonic()
        stores = [Database(file) for _ in range(3)]
        for store in stores:
            store.read(PINS)
            SqliteUsage(store).kept("s")
        took = time.monotonic() - began

    for store in stores:
        store.close()
    assert took < 1.5


def test_a_locked_one_does_not_say_that_nothing_is_pinned(file: Path) -> None:
    with closing(SqliteUsage(Database(file))) as memory:
        memory.keep_pins("/p", ["log"])
    with locked(file, "EXCLUSIVE"):
        memory = SqliteUsage(Database(file))
        unknown = memory.pins("/p")
    known = memory.pins("/p"), memory.pins("/other")
    memory.close()

    assert (unknown, known) == (None, (("log",), ()))


def test_a_locked_one_does_not_say_that_nothing_is_kept_of_a_session_and_keeps_what_is(file: Path) -> None:
    kept = KeptSession(frozenset({"a"}), mode="conservative")
    with closing(SqliteUsage(Database(file))) as memory:
        memory.keep_session("s", kept)
    with locked(file, "EXCLUSIVE"):
        memory = SqliteUsage(Database(file))
        unknown = memory.kept("s")
        memory.keep_session("s", KeptSession(frozenset({"b"})), over=KeptSession())
    known = memory.kept("s")
    memory.close()

    assert (unknown, known) == (None, kept)


async def test_a_locked_one_does_not_say_that_a_token_is_none_of_ours(file: Path) -> None:
    with closing(Database(file)) as store:
        token = await SqliteTokens(store).create("ann", Scope.USE)
    with locked(file, "EXCLUSIVE"):
        store = Database(file)
        with pytest.raises(StoreError, match="cannot be read now"):
            await SqliteTokens(store).find(token)
    assert await SqliteTokens(store).find(token)
    store.close()


def test_a_statement_that_fails_for_another_reason_does_not_hold_up_the_rest(file: Path) -> None:
    with locked(file):
        store = Database(file)
        store.write("INSERT INTO pins VALUES ('p', 'q', ?)", [("wrong",)])
        store.write(PIN, [("new",)])
    store.read(PINS)
    assert store.read(PINS) == [("known",), ("new",)]
    store.close()
