"""Learned, pinned and loaded tools are kept alike in the state folder and in a Redis."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mcp_dynaload.store import redis_usage as shared_memory
from mcp_dynaload.store import sqlite_usage as local
from mcp_dynaload.store.backends import open_usage
from mcp_dynaload.store.usage import Calls, KeptSession, UsageStore, project_of

DAY = 86_400.0
LOADED = KeptSession(frozenset({"log"}))
Opening = Callable[[], UsageStore]


@pytest.fixture
def memory(url: str, tmp_path: Path) -> Iterator[UsageStore]:
    with open_usage(url, tmp_path / "dynaload.db") as opened:
        yield opened


@pytest.fixture
def other(url: str, tmp_path: Path) -> Iterator[UsageStore]:
    """Return another process's."""
    with open_usage(url, tmp_path / "dynaload.db") as opened:
        yield opened


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1_000_000_000.0]
    monkeypatch.setattr(local.time, "time", lambda: now[0])
    return now


def tools_of(memory: UsageStore, project: str = "/project") -> list[dict[str, Calls]]:
    return [dict(session.tools) for session in memory.sessions(project)]


def test_what_a_session_did_adds_up_the_latest_session_first(memory: UsageStore, clock: list[float]) -> None:
    memory.note("/project", "first", {"log": Calls(2), "status": Calls()})
    clock[0] += DAY
    memory.note("/project", "second", {"log": Calls()})
    memory.note("/elsewhere", "third", {"log": Calls(9)})
    clock[0] += DAY
    memory.note("/project", "first", {"log": Calls(1), "commit": Calls(1, was_missed=True)})

    assert tools_of(memory) == [
        {"log": Calls(3), "status": Calls(), "commit": Calls(1, was_missed=True)},
        {"log": Calls()},
    ]
    assert [session.at for session in memory.sessions("/project")] == [clock[0], clock[0] - DAY]


def test_a_tool_that_was_searched_once_in_a_session_stays_missed_in_it(memory: UsageStore) -> None:
    memory.note("/project", "s", {"log": Calls(1, was_missed=True)})
    memory.note("/project", "s", {"log": Calls(1)})

    assert tools_of(memory) == [{"log": Calls(2, was_missed=True)}]


def test_a_past_session_is_noted_with_its_own_time_and_known_by_its_id(memory: UsageStore, clock: list[float]) -> None:
    memory.note("/project", "now", {"log": Calls(1)})
    memory.note("/project", "past", {"status": Calls(2)}, clock[0] - DAY)

    assert memory.noted("/project") == {"now", "past"}
    assert memory.noted("/elsewhere") == frozenset()
    assert tools_of(memory) == [{"log": Calls(1)}, {"status": Calls(2)}]
    assert [session.at for session in memory.sessions("/project")] == [clock[0], clock[0] - DAY]


def test_nothing_noted_is_no_session(memory: UsageStore) -> None:
    memory.note("/project", "s", {})

    assert memory.sessions("/project") == ()


def test_only_a_projects_latest_sessions_are_kept(
    memory: UsageStore, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (local, shared_memory):
        monkeypatch.setattr(module, "MAX_SESSIONS", 2)
    for name in ("one", "two", "three"):
        memory.note("/project", name, {name: Calls(1)})
        clock[0] += 1

    assert tools_of(memory) == [{"three": Calls(1)}, {"two": Calls(1)}]


def test_a_project_that_is_long_left_is_forgotten(memory: UsageStore, clock: list[float]) -> None:
    memory.note("/old", "s", {"log": Calls(1)})
    clock[0] += 366 * DAY
    memory.note("/project", "s", {"log": Calls(1)})

    assert memory.projects() == ("/project",)


def test_followers_are_ordered_by_how_often_they_came_and_chance_does_not_count(memory: UsageStore) -> None:
    came = ("twice", "often", "often", "twice", "often", "once", "also_twice", "also_twice")
    memory.note_followings("/project", [("tool", follower) for follower in came[:3]])
    memory.note_followings("/project", [("tool", follower) for follower in came[3:]])
    memory.note_followings("/elsewhere", [("tool", "other")])
    memory.note_followings("/elsewhere", [])

    assert memory.followers("/project", "tool") == ("often", "also_twice", "twice")
    assert memory.followers("/project", "tool", limit=1) == ("often",)
    assert memory.followers("/elsewhere", "tool") == ()


def test_the_rarest_followers_of_a_project_are_forgotten(memory: UsageStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (local, shared_memory):
        monkeypatch.setattr(module, "MAX_FOLLOWERS", 2)
    memory.note_followings("/elsewhere", [("tool", "kept")])
    memory.note_followings("/project", [("tool", "a")] * 2 + [("tool", "b")] * 3 + [("tool", "rare")])

    assert memory.followings("/project") == (("tool", "b", 3), ("tool", "a", 2))
    assert memory.followings("/elsewhere") == (("tool", "kept", 1),)


def test_forgetting_takes_the_calls_and_what_follows_what_of_the_named_projects(memory: UsageStore) -> None:
    for project in ("/project", "/elsewhere"):
        memory.note(project, "s", {"log": Calls(1)})
        memory.note_followings(project, [("log", "status")] * 2)
        memory.keep_pins(project, ["log"])

    memory.forget(["/project"])

    assert memory.projects() == ("/elsewhere",)
    assert (memory.sessions("/project"), memory.followings("/project")) == ((), ())
    assert memory.followings("/elsewhere") == (("log", "status", 2),)
    assert memory.pins("/project") == ("log",)


def test_pins_are_kept_by_project_until_they_are_forgotten(memory: UsageStore) -> None:
    assert memory.keep_pins("/shop", ["b", "a"]) is None
    memory.keep_pins("/shop", ["a"])
    memory.keep_pins("/shop", [])
    memory.keep_pins("/other", ["c"])
    assert memory.forget_pins("/shop", ["b", "c"]) is None
    memory.forget_pins("/shop", [])

    assert (memory.pins("/shop"), memory.pins("/other")) == (("a",), ("c",))


def test_what_a_project_was_told_of_is_kept_once(memory: UsageStore) -> None:
    memory.keep_flows("/shop", ["PRIVATE mail", "OUTWARD chat"])
    memory.keep_flows("/shop", ["PRIVATE mail"])
    memory.keep_flows("/shop", [])

    assert memory.flows("/shop") == {"PRIVATE mail", "OUTWARD chat"}
    assert memory.flows("/other") == frozenset()


def test_what_a_session_is_to_get_again_is_kept(memory: UsageStore) -> None:
    assert memory.kept("s") == KeptSession()
    whole = KeptSession(frozenset({"b", "a"}), frozenset({"c"}), "work", "aggressive", is_flow_allowed=True)

    memory.keep_session("s", LOADED)
    memory.keep_session("s", whole)
    memory.keep_session("other", LOADED)

    assert (memory.kept("s"), memory.kept("other")) == (whole, LOADED)


def test_what_could_not_be_read_of_a_session_is_not_overwritten(memory: UsageStore, other: UsageStore) -> None:
    later = KeptSession(frozenset({"status"}))
    memory.keep_session("known", LOADED)
    for session in ("known", "new"):
        other.keep_session(session, later, over=KeptSession())
        other.keep_session(session, KeptSession(), over=later)

    assert (memory.kept("known"), memory.kept("new")) == (LOADED, KeptSession())


def test_what_another_version_kept_of_a_session_is_read_as_far_as_it_is_known() -> None:
    older, newer = '{"loaded": ["a"], "unloaded": []}', '{"loaded": ["a"], "mode": "turbo", "colour": {"of": "it"}}'

    assert KeptSession.from_text(older) == KeptSession(frozenset({"a"}))
    assert KeptSession.from_text(newer) == KeptSession(frozenset({"a"}), mode="turbo")
    for nothing in ("[]", "{", '{"loaded": 5}', "null"):
        assert KeptSession.from_text(nothing) == KeptSession()


def test_names_may_hold_any_character(memory: UsageStore) -> None:
    project, session, tool = '/a b:"c" (dana)', 'é:"[1]', "server: tool 1"
    memory.note(project, session, {tool: Calls(1, was_missed=True)})
    memory.note_followings(project, [(tool, "b")])
    memory.keep_pins(project, [tool])
    kept = KeptSession(frozenset({tool}), profile=tool)
    memory.keep_session(session, kept)

    assert tools_of(memory, project) == [{tool: Calls(1, was_missed=True)}]
    assert memory.followings(project) == ((tool, "b", 1),)
    assert (memory.pins(project), memory.kept(session), memory.projects()) == ((tool,), kept, (project,))


def test_another_process_sees_at_once_what_was_kept(memory: UsageStore, other: UsageStore) -> None:
    memory.note("/project", "s", {"log": Calls(1)})
    other.note("/project", "s", {"log": Calls(2)})
    memory.keep_pins("/project", ["log"])
    memory.keep_session("s", LOADED)

    assert tools_of(other) == tools_of(memory) == [{"log": Calls(3)}]
    assert (other.pins("/project"), other.kept("s")) == (("log",), LOADED)


def test_no_count_is_lost_when_many_write_at_once(memory: UsageStore, other: UsageStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        for number in range(100):
            threads.submit((memory, other)[number % 2].note, "/project", "s", {"log": Calls(1)})

    assert tools_of(memory) == [{"log": Calls(100)}]


def test_a_project_is_the_git_root_or_else_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "repository" / "deep" / "folder"
    inside.mkdir(parents=True)
    assert project_of(inside) == str(inside)

    (tmp_path / "repository" / ".git").write_text("gitdir: elsewhere")
    assert project_of(inside) == project_of(tmp_path / "repository") == str(tmp_path / "repository")
