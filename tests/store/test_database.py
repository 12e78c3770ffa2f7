import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mcp_dynaload.measure.chaos.faults import DATABASES, open_once, other_version
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.sqlite_files import CATALOG
from tests.waiting import HANG_SECONDS

COST = "INSERT OR REPLACE INTO costs VALUES (?, ?)"

OPEN_AND_WRITE = """
import sys
from pathlib import Path
from mcp_dynaload.store.database import Database
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
database = Database(Path(sys.argv[1]))
database.write("INSERT OR REPLACE INTO costs VALUES (?, ?)", [(sys.argv[2], 1)])
database.close()
"""


def costs(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT text_hash FROM costs")}


def test_what_was_written_is_there_for_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "dynaload.db"
    with closing(Database(path)) as database:
        database.write(COST, [("a", 1), ("b", 2)])
    with closing(Database(path)) as database:
        assert database.read("SELECT * FROM costs ORDER BY text_hash") == [("a", 1), ("b", 2)]


def test_the_folder_is_the_users_own(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "state" / "dynaload.db")):
        assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_processes_that_create_the_database_at_once_all_keep_what_they_write(tmp_path: Path) -> None:
    path = tmp_path / "dynaload.db"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AND_WRITE, str(path), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=HANG_SECONDS)[0] for process in processes]

    assert said == [""] * 4
    assert costs(path) == {"0", "1", "2", "3"}


def test_threads_that_open_the_database_at_once_all_keep_what_they_write(tmp_path: Path) -> None:
    for attempt in range(10):
        path = tmp_path / str(attempt) / "dynaload.db"
        together = threading.Barrier(8)

        def write(number: int, path: Path = path, together: threading.Barrier = together) -> None:
            together.wait()
            with closing(Database(path)) as database:
                database.write(COST, [(str(number), number)])

        with capture_logs() as logs:
            threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert logs == []
        assert costs(path) == {str(number) for number in range(8)}


def test_a_file_that_is_no_database_is_moved_aside_and_work_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "dynaload.db"
    path.write_bytes(b"this is no database" * 100)
    (tmp_path / "dynaload.db-wal").write_bytes(b"left over")
    with capture_logs() as logs, closing(Database(path)) as database:
        database.write(COST, [("a", 1)])

    assert [entry["event"] for entry in logs] == ["store_was_broken"]
    assert costs(path) == {"a"}
    assert (tmp_path / "dynaload.db.broken").read_bytes() == b"this is no database" * 100


def test_threads_that_find_a_broken_file_at_once_all_go_on(tmp_path: Path) -> None:
    for attempt in range(10):
        path = tmp_path / str(attempt) / "dynaload.db"
        path.parent.mkdir()
        path.write_bytes(b"this is no database" * 100)
        together = threading.Barrier(4)
        worked: list[int] = []

        def write(number: int, path: Path = path, together: threading.Barrier = together) -> None:
            together.wait()
            with closing(Database(path)) as database:
                database.write(COST, [(str(number), number)])
                worked.append(len(database.read("SELECT * FROM costs WHERE text_hash = ?", (str(number),))))  # noqa: B023

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert worked == [1, 1, 1, 1]


def test_a_database_with_damaged_pages_is_replaced_when_it_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "dynaload.db"
    with closing(Database(path)) as database:
        database.write(COST, [(f"{number:064}", number) for number in range(2000)])
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)

    with capture_logs() as logs, closing(Database(path)) as database:
        assert database.read("SELECT * FROM costs") == []
        database.write(COST, [("a", 1)])
        assert database.read("SELECT * FROM costs") == [("a", 1)]
    assert "store_was_broken" in [entry["event"] for entry in logs]
    assert costs(path) == {"a"}


@pytest.mark.parametrize("obstacle", ["folder is a file", "database is a folder", "database is a pipe"])
def test_where_no_file_can_be_memory_serves_and_a_warning_says_so(tmp_path: Path, obstacle: str) -> None:
    path = tmp_path / "state" / "dynaload.db"
    if obstacle == "folder is a file":
        path.parent.write_text("")
    elif obstacle == "database is a pipe":
        path.parent.mkdir()
        os.mkfifo(path)
    else:
        path.mkdir(parents=True)
    with capture_logs() as logs, closing(Database(path)) as database:
        database.write(COST, [("a", 1)])
        assert database.read("SELECT * FROM costs") == [("a", 1)]
    assert [(entry["event"], entry["path"]) for entry in logs] == [("store_in_memory", str(path))]


def test_another_versions_tables_are_made_anew_and_those_that_we_do_not_know_stay(tmp_path: Path) -> None:
    path = tmp_path / "dynaload.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE costs (other TEXT); CREATE TABLE later (x); PRAGMA user_version = 999;")

    with closing(Database(path)) as database:
        database.write(COST, [("a", 1)])
        assert database.read("PRAGMA user_version") == [(CATALOG.version,)]
        assert database.read("SELECT * FROM later") == []


OTHER_VERSIONS = """
CREATE TABLE pins (
    project TEXT NOT NULL, tool TEXT NOT NULL, PRIMARY KEY (project, tool)
);
CREATE TABLE tokens (name TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, scope TEXT NOT NULL, created_at REAL NOT NULL,
    owner TEXT NOT NULL);
CREATE TABLE sessions (session_id TEXT PRIMARY KEY, loaded TEXT NOT NULL, changed_at REAL NOT NULL);
INSERT INTO pins VALUES ('/shop', 'mail__send');
INSERT INTO tokens VALUES ('dana', 'd1', 'write', 1.0, 'ops');
INSERT INTO sessions VALUES ('one', '["mail__send"]', 1.0);
"""


@pytest.mark.parametrize("version", [1, 999])
def test_what_the_user_said_to_an_older_or_newer_version_is_not_lost(tmp_path: Path, version: int) -> None:
    path = tmp_path / "dynaload.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"{OTHER_VERSIONS} PRAGMA user_version = {version};")

    with capture_logs() as logs, closing(Database(path)) as database:
        assert database.read("SELECT * FROM pins") == [("/shop", "mail__send")]
        assert database.read("SELECT * FROM tokens") == [("dana", "d1", "write", 1.0)]
        assert database.read("SELECT * FROM sessions") == []
        assert database.read(f"SELECT owner FROM tokens_of_version_{version}") == [("ops",)]
        assert database.read(f"SELECT loaded FROM sessions_of_version_{version}") == [('["mail__send"]',)]
    told = {(entry["table"], entry["rows_taken_over"], entry["path"]) for entry in logs}
    assert told == {("tokens", 1, str(path)), ("sessions", 0, str(path))}


@pytest.mark.proves("chaos")
@pytest.mark.parametrize(("name", "kept"), [("dynaload.db", "pins"), ("definitions.db", "approved")])
def test_versions_that_renew_a_database_at_once_lose_nothing_that_cannot_be_had_again(
    tmp_path: Path, name: str, kept: str
) -> None:
    path, schema = tmp_path / name, DATABASES[name]
    with closing(Database(path, schema)) as database:
        columns = len(database.read(f"SELECT * FROM pragma_table_info('{kept}')"))
        database.write(f"INSERT INTO {kept} VALUES ({', '.join('?' * columns)})", [["mine"] * columns])
        begin = threading.Barrier(3)

        def keep_opening(later: int) -> None:
            begin.wait(HANG_SECONDS)
            for _ in range(10):
                open_once(path, other_version(schema, later) if later else schema)

        threads = [threading.Thread(target=keep_opening, args=(later,)) for later in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(HANG_SECONDS)
        open_once(path, schema)

        assert database.read(f"SELECT * FROM {kept}") == [("mine",) * columns]


def test_a_failing_statement_is_logged_and_changes_nothing(tmp_path: Path) -> None:
    with capture_logs() as logs, closing(Database(tmp_path / "dynaload.db")) as database:
        database.write(COST, [("a", 1), ("b", None)])
        assert database.read("SELECT * FROM costs") == []
        assert database.read("SELECT * FROM nothing") == []
    assert [entry["event"] for entry in logs] == ["store_write_failed", "store_read_failed"]


@pytest.mark.proves("odd-definitions")
@pytest.mark.parametrize("text", ["\ud800", "a\udfffb é", "\ufdd0", "\ufdd0zz", "é\0", "\ufdd0\ud800"])
def test_a_text_with_half_a_character_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    with closing(Database(tmp_path / "dynaload.db")) as database:
        database.write(COST, [(text, 1), ("other", 2)])
        assert database.read("SELECT * FROM costs WHERE text_hash = ?", [text]) == [(text, 1)]
        assert set(database.read("SELECT text_hash FROM costs")) == {(text,), ("other",)}
