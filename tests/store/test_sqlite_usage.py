import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mcp_dynaload.store import sqlite_usage as local
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.sqlite_files import CATALOG
from mcp_dynaload.store.sqlite_usage import SqliteUsage
from mcp_dynaload.store.usage import Calls, KeptSession


def tools_of(memory: SqliteUsage) -> list[dict[str, Calls]]:
    return [dict(session.tools) for session in memory.sessions("/project")]


def test_another_version_keeps_what_was_learned(tmp_path: Path) -> None:
    path = tmp_path / "dynaload.db"
    with closing(SqliteUsage(Database(path))) as memory:
        memory.note("/project", "s", {"log": Calls(1)})
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"INSERT INTO costs VALUES ('a', 1); PRAGMA user_version = {CATALOG.version - 1};")

    with closing(Database(path)) as database:
        assert database.read("SELECT * FROM costs") == []
        assert tools_of(SqliteUsage(database)) == [{"log": Calls(1)}]


def test_a_learned_table_of_another_shape_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "dynaload.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE usage (other TEXT); INSERT INTO usage VALUES ('x');")

    with closing(SqliteUsage(Database(path))) as memory:
        memory.note("/project", "s", {"log": Calls(1)})
        assert tools_of(memory) == [{"log": Calls(1)}]


def test_only_the_latest_sessions_loaded_sets_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "MAX_LOADED_SETS", 2)
    with closing(SqliteUsage(Database(tmp_path / "dynaload.db"))) as memory:
        for session in ("first", "second", "third"):
            memory.keep_session(session, KeptSession(frozenset({"a"})))

        kept = [memory.kept(session) for session in ("first", "second", "third")]
        assert [len(one.loaded) for one in kept if one is not None] == [0, 1, 1]
