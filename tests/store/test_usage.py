"""What is kept of projects."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mcp_dynaload.store import usage as usage_module
from mcp_dynaload.store.database import SCHEMA_VERSION, Database
from mcp_dynaload.store.records import Records
from mcp_dynaload.store.usage import Calls, Usage, project_of

DAY = 86_400.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1_000_000_000.0]
    monkeypatch.setattr(usage_module.time, "time", lambda: now[0])
    return now


@pytest.fixture
def usage(tmp_path: Path) -> Iterator[Usage]:
    with closing(Usage(Database(tmp_path / "dynaload.db"))) as opened:
        yield opened


def tools_of(usage: Usage, project: str = "/project") -> list[dict[str, Calls]]:
    return [dict(session.tools) for session in usage.sessions(project)]


def test_what_a_session_did_adds_up_the_latest_session_first(usage: Usage, clock: list[float]) -> None:
    usage.note("/project", "first", {"log": Calls(2), "status": Calls()})
    clock[0] += DAY
    usage.note("/project", "second", {"log": Calls()})
    usage.note("/elsewhere", "third", {"log": Calls(9)})
    clock[0] += DAY
    usage.note("/project", "first", {"log": Calls(1), "commit": Calls(1, was_missed=True)})

    assert tools_of(usage) == [
        {"log": Calls(3), "status": Calls(), "commit": Calls(1, was_missed=True)},
        {"log": Calls()},
    ]
    assert [session.at for session in usage.sessions("/project")] == [clock[0], clock[0] - DAY]


def test_a_tool_that_was_searched_once_in_a_session_stays_missed_in_it(usage: Usage) -> None:
    usage.note("/project", "s", {"log": Calls(1, was_missed=True)})
    usage.note("/project", "s", {"log": Calls(1)})

    assert tools_of(usage) == [{"log": Calls(2, was_missed=True)}]


def test_nothing_noted_is_no_session(usage: Usage) -> None:
    usage.note("/project", "s", {})

    assert usage.sessions("/project") == ()


def test_only_a_projects_latest_sessions_are_kept(
    usage: Usage, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_module, "MAX_SESSIONS", 2)
    for name in ("one", "two", "three"):
        usage.note("/project", name, {name: Calls(1)})
        clock[0] += 1

    assert tools_of(usage) == [{"three": Calls(1)}, {"two": Calls(1)}]


def test_a_project_that_is_long_left_is_forgotten(usage: Usage, clock: list[float]) -> None:
    usage.note("/old", "s", {"log": Calls(1)})
    clock[0] += 366 * DAY
    usage.note("/project", "s", {"log": Calls(1)})

    assert usage.projects() == ("/project",)


def test_forgetting_takes_the_calls_and_what_follows_what_of_the_named_projects(usage: Usage, tmp_path: Path) -> None:
    with closing(Records(Database(tmp_path / "dynaload.db"))) as records:
        for project in ("/project", "/elsewhere"):
            usage.note(project, "s", {"log": Calls(1)})
            records.note_followings(project, [("log", "status")] * 2)

    usage.forget(["/project"])

    assert usage.projects() == ("/elsewhere",)
    assert (usage.sessions("/project"), usage.followings("/project")) == ((), ())
    assert usage.followings("/elsewhere") == (("log", "status", 2),)


def test_a_project_is_the_git_root_or_else_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "repository" / "deep" / "folder"
    inside.mkdir(parents=True)
    assert project_of(inside) == str(inside)

    (tmp_path / "repository" / ".git").write_text("gitdir: elsewhere")
    assert project_of(inside) == project_of(tmp_path / "repository") == str(tmp_path / "repository")


def test_another_version_keeps_what_was_learned(tmp_path: Path) -> None:
    path = tmp_path / "dynaload.db"
    with closing(Usage(Database(path))) as usage:
        usage.note("/project", "s", {"log": Calls(1)})
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"INSERT INTO costs VALUES ('a', 1); PRAGMA user_version = {SCHEMA_VERSION - 1};")

    with closing(Database(path)) as database:
        assert database.read("SELECT * FROM costs") == []
        assert tools_of(Usage(database)) == [{"log": Calls(1)}]


def test_a_learned_table_of_another_shape_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "dynaload.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE usage (other TEXT); INSERT INTO usage VALUES ('x');")

    with closing(Usage(Database(path))) as usage:
        usage.note("/project", "s", {"log": Calls(1)})
        assert tools_of(usage) == [{"log": Calls(1)}]
