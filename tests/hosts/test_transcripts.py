"""The sessions that Claude Code has kept, as they are read."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mcp_dynaload.hosts.claude_code.transcripts import PastSession, PastTurn, past_sessions, past_turns

DAY = 86_400.0
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()


def call(
    number: int, name: str, session: str = "s", folder: str = "/projects/shop", at: float = NOON, **given: object
) -> str:
    """Return a line of the client's, as 2.1.332 writes it, with one call in it."""
    use = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": given}
    return json.dumps(
        {
            "type": "assistant",
            "sessionId": session,
            "cwd": folder,
            "timestamp": datetime.fromtimestamp(at + number, UTC).isoformat().replace("+00:00", "Z"),
            "message": {"role": "assistant", "content": [{"type": "text", "text": "secret words"}, use]},
        }
    )


def prompt(
    number: float, content: object, session: str = "s", folder: str = "/projects/shop", at: float = NOON, **more: object
) -> str:
    """Return a line with a prompt of the user's."""
    stamp = datetime.fromtimestamp(at + number, UTC).isoformat().replace("+00:00", "Z")
    message = {"role": "user", "content": content}
    return json.dumps(
        {"type": "user", "sessionId": session, "cwd": folder, "timestamp": stamp, "message": message, **more}
    )


def write(config_dir: Path, name: str, *lines: str) -> Path:
    file = config_dir / "projects" / "-projects-shop" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


@pytest.mark.proves("learned-past")
def test_calls_of_servers_and_commands_are_read_by_session_and_folder_in_their_order(tmp_path: Path) -> None:
    write(
        tmp_path,
        "s.jsonl",
        call(2, "mcp__github__get_issue"),
        call(1, "mcp__github__list_issues", query="private"),
        call(3, "Bash", command="gh issue list", description="d"),
        call(4, "WebFetch", url="https://api.github.com/x", prompt="the stars"),
        call(5, "Read", file_path="/etc/hosts"),
        call(6, "mcp__jira__get", session="t", folder="/projects/other"),
        json.dumps({"type": "user", "message": {"content": "mcp__github__get_issue tool_use assistant"}}),
    )

    shop, other = past_sessions(tmp_path, NOON - DAY)

    assert shop.calls == ("mcp__github__list_issues", "mcp__github__get_issue")
    assert shop.commands == (("Bash", "gh issue list"), ("WebFetch", "https://api.github.com/x\nthe stars"))
    assert (shop.id, shop.folder, shop.at) == ("s", "/projects/shop", NOON + 5)
    assert other == PastSession("t", "/projects/other", NOON + 6, ("mcp__jira__get",), ())


def test_a_resumed_session_counts_each_call_once_and_an_agents_calls_count(tmp_path: Path) -> None:
    write(tmp_path, "s.jsonl", call(1, "mcp__a__x"))
    write(tmp_path, "resumed.jsonl", call(1, "mcp__a__x"), call(2, "mcp__a__y"))
    write(tmp_path, "s/subagents/agent.jsonl", call(3, "mcp__a__z"))

    (session,) = past_sessions(tmp_path, NOON - DAY)

    assert session.calls == ("mcp__a__x", "mcp__a__y", "mcp__a__z")


def test_what_is_older_or_cannot_be_read_is_left_out_and_harms_no_other(tmp_path: Path) -> None:
    write(
        tmp_path,
        "s.jsonl",
        call(1, "mcp__a__old", at=NOON - 3 * DAY),
        '{"type": "assistant", "message": {"content": [{"type": "tool_use"',
        call(4, "mcp__a__undated").replace("2026-11", "yesterday"),
        '["assistant", "tool_use"]',
        call(2, "mcp__a__new"),
    )
    old = write(tmp_path, "old.jsonl", call(3, "mcp__a__other"))
    os.utime(old, (NOON - 9 * DAY, NOON - 9 * DAY))
    os.mkfifo(tmp_path / "projects" / "-projects-shop" / "pipe.jsonl")
    (tmp_path / "projects" / "-projects-shop" / "gone.jsonl").symlink_to(tmp_path / "nowhere")

    sessions = past_sessions(tmp_path, NOON - DAY)

    assert [session.calls for session in sessions] == [("mcp__a__new",)]


def test_without_a_client_there_are_none(tmp_path: Path) -> None:
    assert past_sessions(tmp_path / "nowhere", 0) == []


@pytest.mark.proves("learned-past")
def test_the_users_own_prompts_are_read_with_the_calls_that_they_led_to(tmp_path: Path) -> None:
    write(
        tmp_path,
        "s.jsonl",
        prompt(0, "first"),
        call(1, "mcp__a__x"),
        call(2, "Read", file_path="/etc/hosts"),
        prompt(3, [{"type": "tool_result", "tool_use_id": "toolu_2", "content": "of a file"}]),
        call(4, "mcp__a__y"),
        prompt(5, "<command-name>/clear</command-name>"),
        prompt(5.5, "said by the client", isMeta=True),
        prompt(6, "of an agent", isSidechain=True),
        json.dumps({**json.loads(call(7, "mcp__a__z")), "isSidechain": True}),
        prompt(8, [{"type": "text", "text": "second"}]),
        prompt(9, "third"),
        call(10, "mcp__b__x"),
        prompt(11, "of another session", session="t"),
        call(12, "mcp__b__x", session="t"),
        '{"type": "user", "cut',
    )
    write(tmp_path, "resumed.jsonl", prompt(0, "first"), call(1, "mcp__a__x"))

    turns = past_turns(tmp_path, NOON - DAY, {"s"})

    assert turns == {"s": [PastTurn("first", ("mcp__a__x", "mcp__a__y")), PastTurn("third", ("mcp__b__x",))]}
    assert "first" not in repr(turns)
