"""`mcp-dynaload learn`: the sessions before us, from the client's own files."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.hosts.test_transcripts import call, prompt, write

pytestmark = pytest.mark.proves("learned-past")

ASKED = "anything on zanzibar, and what came of it?"
"""No word of it is in a definition."""

SEARCH, READ = "knowledge__search_notes", "knowledge__get_note"


@pytest.fixture
def past(shell: Shell, notes_server: Mapping[str, Any]) -> Shell:
    """Return a shell whose client has called a server's tools in three sessions, directly and behind us."""
    shell.write_servers(notes_server)
    shell.run("refresh")
    now, project = time.time() - 1000, str(shell.project)
    for number in range(3):
        write(
            shell.folder / "home" / ".claude",
            f"{number}.jsonl",
            prompt(10 * number - 1, ASKED, f"s{number}", project, now),
            call(10 * number, "mcp__knowledge__search_notes", f"s{number}", project, now),
            call(10 * number + 1, f"mcp__dynaload__{READ}", f"s{number}", project, now, note="a secret"),
            call(10 * number + 2, "mcp__jira__get_issue", f"s{number}", project, now),
            call(10 * number + 3, "mcp__dynaload__find_tools", f"s{number}", project, now),
        )
    return shell


def learned(shell: Shell, *options: str) -> dict[str, Any]:
    done = shell.run("learn", "--from-transcripts", "--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_stores_names_and_counts_by_project_once_and_stats_show_them(past: Shell) -> None:
    shown, first, again = learned(past, "--dry-run"), learned(past), learned(past)
    (project,) = first["projects"]
    stats = json.loads(past.run("stats", "--json").stdout)

    assert project == {
        "project": str(past.project),
        "sessions": 3,
        "new_sessions": 3,
        "tools": {SEARCH: 3, READ: 3},
        "newest_called": 2,
        "newest_known_before": 2,
    }
    assert first["other_servers"] == {"jira": 3}
    replay = first["replay"]
    assert (replay["prompts"], replay["called"], replay["listed_learned"]) == (1, 2, 2)
    assert replay["tokens_learned"] > 0
    assert shown["projects"] == first["projects"]
    assert again["projects"][0]["new_sessions"] == 0
    assert {tool["name"]: tool["uses"] for tool in stats["tools"]} == {SEARCH: 3, READ: 3}
    assert next(tool for tool in stats["tools"] if tool["name"] == SEARCH)["followed_by"] == {READ: 3}
    stored = b"".join(file.read_bytes() for file in past.state_dir.glob("dynaload.db*"))
    assert b"a secret" not in stored
    assert b"secret words" not in stored
    assert b"zanzibar" not in b"".join(file.read_bytes() for file in past.state_dir.rglob("*") if file.is_file())


def test_it_says_what_it_did_and_how_to_take_it_back_works(past: Shell) -> None:
    done = past.run("learn", "--from-transcripts")
    past.run("stats", "--forget", "--yes")
    stats = json.loads(past.run("stats", "--json").stdout)

    assert "2 of 2" in done.stdout
    assert "jira (3)" in done.stdout
    assert "Their prompts that called tools (1), played again: of the 2 tools that they called" in done.stdout
    assert "zanzibar" not in done.stdout + done.stderr
    assert "Learned from 3 sessions." in done.stdout
    assert stats["tools"] == []


def test_without_a_source_or_with_a_wrong_time_it_says_what_to_write(shell: Shell) -> None:
    nothing = shell.run("learn")
    wrong = shell.run("learn", "--from-transcripts", "--since", "long ago")

    assert (nothing.returncode, wrong.returncode) == (2, 2)
    assert "--from-transcripts" in nothing.stderr
    assert "'long ago' is no time" in wrong.stderr
