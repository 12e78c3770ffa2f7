import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mcp_dynaload.cli.audit import parse_since
from mcp_dynaload.errors import ConfigError
from tests.cli.conftest import Shell
from tests.faults.proxy import Place, connected
from tests.faults.scripted import entry, tool
from tests.programs import PYTHON

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
DESK = {"tools": [tool("search_tickets", "Search the tickets of the account"), tool("echo")]}


@pytest.mark.parametrize(
    ("text", "seconds_ago"),
    [("90s", 90), ("2h", 7_200), ("7d", 604_800), ("2026-11-25T11:00:00+00:00", 3_600), ("2026-11-24T12:00Z", 86_400)],
)
def test_a_time_is_so_long_ago_or_a_date(text: str, seconds_ago: float) -> None:
    assert parse_since(text, NOW) == NOW - seconds_ago


@pytest.mark.parametrize("text", ["", "yesterday", "5", "2026-13-01", pytest.param("9" * 5_000 + "d", id="digits")])
def test_what_is_no_time_is_explained(text: str) -> None:
    with pytest.raises(ConfigError, match="2026-11-25T14:30"):
        parse_since(text, NOW)


@pytest.mark.proves("journal")
async def test_two_stdio_processes_write_the_journal_that_audit_shows(tmp_path: Path, shell: Shell) -> None:
    place = Place(tmp_path, {"desk": entry("desk", offers=DESK)}, python=PYTHON)
    await place.fill_cache()
    async with connected(place) as one, connected(place) as other:
        await one.hook("UserPromptSubmit", prompt="search the tickets, password hunter2", session_id="first-session")
        await one.text("desk__search_tickets", secret="hunter2")
        await other.hook("UserPromptExpansion", command_name="dynaload:pin", command_args="desk__echo", session_id="b")
        await other.text("desk__echo")

    state = str(place.state)
    entries = json.loads(shell.run("audit", "--json", MCP_DYNALOAD_STATE_DIR=state).stdout)["entries"]
    kinds = Counter(one["kind"] for one in entries)
    assert (kinds["prompt_served"], kinds["tool_called"], kinds["command_run"]) == (1, 2, 1)
    assert kinds["session_closed"] >= 2
    assert {"configuration", "pins"} == {one["what"] for one in entries if one["kind"] == "configuration_changed"}
    assert "hunter2" not in json.dumps(entries)

    calls = json.loads(
        shell.run("audit", "--kind", "tool_called", "--session", "b", "--json", MCP_DYNALOAD_STATE_DIR=state).stdout
    )
    assert [(one["tool"], one["outcome"], one["session"]) for one in calls["entries"]] == [("desk__echo", "ok", "b")]
    text = shell.run("audit", "--since", "1h", MCP_DYNALOAD_STATE_DIR=state, COLUMNS="250").stdout
    assert "desk__search_tickets" in text
    assert "needed for the prompt" in text


def test_audit_without_a_journal_and_with_a_wrong_kind_says_so(shell: Shell) -> None:
    assert "Nothing in the last 24h in" in shell.run("audit").stdout
    assert "Nothing since 2026-11-25 in" in shell.run("audit", "--since", "2026-11-25").stdout
    wrong = shell.run("audit", "--kind", "calls")
    assert wrong.returncode != 0
    assert "there are: " in wrong.stderr
    assert "tool_called" in wrong.stderr


def test_a_journal_that_is_no_file_is_not_said_to_have_nothing_in_it(shell: Shell) -> None:
    (shell.state_dir / "journal.db").mkdir(parents=True)

    done = shell.run("audit")

    assert (done.returncode, done.stdout) == (2, "")
    assert "journal.db: cannot be read (it is no regular file); move it away" in done.stderr


def test_a_journal_that_is_damaged_is_told_beside_what_the_new_one_holds(shell: Shell) -> None:
    shell.state_dir.mkdir(parents=True)
    (shell.state_dir / "journal.db").write_bytes(b"no database" * 1_000)

    first, second = shell.run("audit"), shell.run("audit")

    assert "journal.db was damaged: it is now journal.db.broken, and a new one was begun" in first.stderr
    assert "Nothing in the last 24h in" in first.stdout
    assert (shell.state_dir / "journal.db.broken").exists()
    assert second.stderr == ""
