"""The command that Claude Code asks for its status line, again and again, while it runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_dynaload.store.status_lines import StatusLines
from tests.cli.conftest import Shell
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("status")

LINE = "dynaload 7 of 412 · \N{MINUS SIGN}94%"
HEAVY = ("mcp", "mcp_types", "typer", "pydantic", "anyio", "asyncio", "structlog", "sqlite3", "numpy")


@pytest.fixture
def running(shell: Shell) -> Shell:
    StatusLines(shell.state_dir / "status").keep("known", LINE)
    StatusLines(shell.state_dir / "status").keep("hostile", "\x1b]0;owned\x07 two\nlines \u202e")
    return shell


def told(session_id: object, **more: object) -> str:
    """Return Claude Code's input for a status line: the session and much else."""
    return json.dumps({"session_id": session_id, "model": {"id": "claude-sonnet-5"}, "workspace": {}, **more})


def test_the_line_of_the_session_is_printed(running: Shell) -> None:
    done = running.run("statusline", stdin=told("known"))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{LINE}\n", "")


@pytest.mark.parametrize(
    ("stdin", "reason"),
    [
        (told("unknown"), "no session 'unknown' of ours runs on this machine"),
        (told("../journal.db"), "no session '../journal.db' of ours runs on this machine"),
        (told(7), "the JSON on stdin has no 'session_id'"),
        ("[]", "the JSON on stdin has no 'session_id'"),
        ("", "nothing on stdin: Claude Code gives its status line JSON there"),
        ("{not json", "what is on stdin is not JSON (Expecting property name"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_what_cannot_be_told_is_an_empty_line_and_the_reason_only_where_it_is_wanted(
    running: Shell, stdin: str, reason: str
) -> None:
    quiet, verbose = (running.run("statusline", *more, stdin=stdin) for more in ((), ("--verbose",)))
    assert [(done.returncode, done.stdout) for done in (quiet, verbose)] == [(0, "\n")] * 2
    assert quiet.stderr == ""
    assert reason in verbose.stderr


def test_without_any_state_there_is_an_empty_line(shell: Shell) -> None:
    done = shell.run("statusline", stdin=told("known"), MCP_DYNALOAD_STATE_DIR=str(shell.folder / "none"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")
    assert not (shell.folder / "none").exists()


def test_nothing_in_a_line_acts_on_the_terminal(running: Shell) -> None:
    done = running.run("statusline", stdin=told("hostile"))
    assert done.stdout == "\\x1b]0;owned\\x07 two\\nlines \\u202e\n"


def test_it_imports_nothing_heavy(running: Shell, tmp_path: Path) -> None:
    program = (
        "import sys; sys.argv[1:] = ['statusline']\n"
        "from mcp_dynaload.cli import main; main()\n"
        "print(sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=running.project,
        env=running.environ,
        input=told("known"),
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=True,
    )
    assert done.stdout == f"{LINE}\n"
    assert [name for name in HEAVY if f"'{name}'" in done.stderr] == []


def test_help_lists_it(shell: Shell) -> None:
    assert "statusline" in shell.run("--help").stdout
    assert "statusLine" in shell.run("statusline", "--help").stdout
