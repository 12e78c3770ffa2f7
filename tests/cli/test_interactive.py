"""`mcp-dynaload interactive`, piped and at a terminal."""

import json
import os
import pty
import select
import subprocess
from typing import Any

import pytest

from mcp_dynaload.cli.call_arguments import parse_arguments
from mcp_dynaload.errors import DynaloadError
from tests.cli.conftest import Shell
from tests.programs import PYTHON
from tests.waiting import HANG_SECONDS


@pytest.fixture
def stocked(shell: Shell, notes_server: dict[str, Any]) -> Shell:
    shell.write_servers(notes_server)
    return shell


def test_lines_of_a_pipe_are_answered_one_by_one(stocked: Shell) -> None:
    lines = [
        "search the notes in the knowledge base",
        "/load-category knowledge",
        '/call knowledge__search_notes {"query": "rounding"}',
        '/call knowledge__search_notes query="rounding"',
        "/call knowledge__search_notes query=2024",
        "",
        "/tools",
        "/clear",
        "/tools",
        "/load-category knowledge",
        "/exit",
        "/tools",
    ]

    done = stocked.run("interactive", "--json", "--strategy", "conservative", stdin="\n".join(lines))
    replies = [json.loads(line) for line in done.stdout.splitlines()]

    assert (done.returncode, len(replies)) == (0, 9)
    query, command, called, called_again, with_digits, loaded, cleared, left, _ = replies
    assert "knowledge__search_notes" in query["added"]
    assert query["strategy"] == "conservative"
    assert command["success"]
    assert called["content"] == called_again["content"]
    assert "ounding" in called["content"][0]["text"]
    assert not with_digits.get("isError"), "digits are text where the tool wants text"
    assert len(loaded["tools"]) == 13
    assert (cleared, left) == ({"cleared": True}, {"tools": ["find_tools"]})

    later = stocked.run("interactive", "--json", stdin="/tools")

    assert set(json.loads(later.stdout)["tools"]) < set(loaded["tools"]), "not what the last one had loaded"


def test_text_shows_what_was_loaded_and_a_wrong_line_tells_what_is_right(stocked: Shell) -> None:
    lines = [
        "search the notes in the knowledge base",
        "/lode-tier 1",
        "/etc/hosts: search the notes in the knowledge base about it",
        "/call knowledge__search_note x",
        "/call",
        "/help",
    ]

    done = stocked.run("interactive", stdin="\n".join(lines))

    assert done.returncode == 1
    assert "+ knowledge__search_notes" in done.stdout
    assert "There is no command 'lode-tier'. Did you mean 'load-tier'?" in done.stdout
    assert "'x' is no argument: write name=value, name=\"two words\", or one JSON object" in done.stdout
    assert "/call needs a tool" in done.stdout
    assert "/exit   leave" in done.stdout
    assert "unload-category <category>" in done.stdout


def test_an_unknown_tool_is_told_with_the_nearest(stocked: Shell) -> None:
    done = stocked.run(
        "interactive", "--json", stdin="/call knowledge__serch_notes\n/call knowledge__search_notes [1]\n"
    )
    unknown, odd = (json.loads(line)["error"] for line in done.stdout.splitlines())

    assert "Did you mean 'knowledge__search_notes'" in unknown
    assert odd.startswith("'[1]' is no argument: write name=value")


@pytest.mark.proves("plain-json")
def test_arguments_that_are_almost_json_are_refused_and_words_are_words() -> None:
    for number in ("NaN", "-Infinity", "1e400", "[" * 100_000):
        with pytest.raises(DynaloadError, match="are no JSON object"):
            parse_arguments("a__echo", f'{{"x": {number}}}', {})

    assert parse_arguments("a__echo", "x=NaN y=1e400 z=2", {}) == {"x": "NaN", "y": "1e400", "z": 2}


FORECAST = {
    "properties": {
        "city": {"type": "string"},
        "zip": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "days": {"type": ["integer", "string"]},
        "unit": {"$ref": "#/$defs/Unit"},
        "points": {"type": "array"},
    },
    "$defs": {"Unit": {"enum": ["1", "2"]}},
}


@pytest.mark.parametrize(
    ("typed", "arguments"),
    [
        ('city="New York" days=3', {"city": "New York", "days": 3}),
        ("city='New \"York\"'  zip=01234", {"city": 'New "York"', "zip": "01234"}),
        ("city=12345 zip=12345 unit=1", {"city": "12345", "zip": "12345", "unit": "1"}),
        ("city=true zip=null days=x", {"city": "true", "zip": None, "days": "x"}),
        ('points=[1, {"a": "b c"}] city=[1]', {"points": [1, {"a": "b c"}], "city": "[1]"}),
        ('days="3" other=3 city=', {"days": "3", "other": 3, "city": ""}),
        (r"city=C:\new\it's", {"city": r"C:\new\it's"}),
    ],
)
def test_a_value_is_what_the_tool_wants_and_quotes_hold_words_together(typed: str, arguments: dict[str, Any]) -> None:
    assert parse_arguments("ok__get_forecast", typed, FORECAST) == arguments


@pytest.mark.parametrize("typed", ['city="New York', "city='New York", 'city="New"York'])
def test_a_quote_that_does_not_end_is_told_with_its_argument(typed: str) -> None:
    with pytest.raises(DynaloadError, match="the value of 'city' does not end with its quote"):
        parse_arguments("ok__get_forecast", typed, FORECAST)


def test_at_a_terminal_tab_completes_and_the_history_is_the_users_own(stocked: Shell) -> None:
    ours, theirs = pty.openpty()
    environ = {**stocked.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    command = [PYTHON, "-m", "mcp_dynaload", "interactive"]
    process = subprocess.Popen(command, cwd=stocked.project, env=environ, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    screen = _read_until(ours, "dynaload>")
    for typed, answer in (
        (b"/load-cat\t", "egory"),
        (b" knowl\t", "edge"),
        (b"\r", "Callable from your next prompt on"),
    ):
        os.write(ours, typed)
        screen += _read_until(ours, answer)
    os.write(ours, b"/exit\r")
    code = process.wait(timeout=HANG_SECONDS)
    os.close(ours)
    history = stocked.state_dir / "interactive.history"

    assert code == 0
    assert "12 tools of category 'knowledge'" in screen
    assert "+/load-category knowledge" in history.read_text()
    assert history.stat().st_mode & 0o777 == 0o600


def _read_until(terminal: int, text: str) -> str:
    """Return what the terminal shows up to this text; the process's own end ends it, too."""
    shown = ""
    while text not in shown:
        ready, _, _ = select.select([terminal], [], [], HANG_SECONDS)
        assert ready, f"{text!r} was not shown: {shown!r}"
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:
            break
    return shown
