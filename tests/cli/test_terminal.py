"""A server's words are text on the terminal, whatever they are."""

import json
import subprocess
import sys

import pytest

from tests.cli.conftest import Shell

HOSTILE = "\x1b]0;owned\x07\x1b[2J[/foo] [bold]x[/bold] \u202eoff\u2066 \U000e0041\x9b31m"

SERVER = """
import json, sys
hostile = json.loads(sys.argv[1])
print(hostile, file=sys.stderr, flush=True)
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    results = {
        "initialize": {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "instructions": hostile,
                       "serverInfo": {"name": hostile, "version": hostile}},
        "tools/list": {"tools": [{"name": "wipe", "description": hostile, "inputSchema": {"type": "object"}}]},
        "ping": {},
    }
    answer = {"jsonrpc": "2.0", "id": message["id"]}
    if message["method"] in results:
        answer["result"] = results[message["method"]]
    else:
        answer["error"] = {"code": -32000, "message": hostile}
    print(json.dumps(answer), flush=True)
"""
DYING = "import json, sys; sys.exit(json.loads(sys.argv[1]))"


@pytest.fixture
def hostile(shell: Shell) -> Shell:
    entry = {"command": sys.executable, "args": ["-c", SERVER, json.dumps(HOSTILE)]}
    dying = {"command": sys.executable, "args": ["-c", DYING, json.dumps(HOSTILE)]}
    shell.write_servers({"odd": entry, "dying": dying})
    shell.run("refresh")
    return shell


@pytest.mark.proves("terminal")
@pytest.mark.parametrize(
    "command",
    [
        ["refresh"],
        ["doctor"],
        ["tools"],
        ["tools", "wipe"],
        ["optimize", "wipe [/foo]", "--explain"],
        ["logs", "odd"],
        ["logs", "dying"],
        ["logs"],
        ["audit"],
        ["stats"],
    ],
    ids=" ".join,
)
def test_a_command_prints_nothing_that_acts_on_the_terminal(hostile: Shell, command: list[str]) -> None:
    done = hostile.run(*command)

    assert "Traceback" not in done.stderr
    assert_plain(done)


@pytest.mark.proves("terminal")
def test_slash_commands_print_nothing_that_acts_on_the_terminal(hostile: Shell) -> None:
    lines = ("/find wipe", "/why odd__wipe", "/session-info", "/tier-status", "/list-categories", "/call odd__wipe")

    done = hostile.run("interactive", stdin="\n".join(lines) + "\n")

    assert "wipe" in done.stdout
    assert_plain(done)


def test_logs_are_shown_raw_if_that_is_asked_for(hostile: Shell) -> None:
    assert HOSTILE in hostile.run("logs", "odd", "--raw").stdout


def assert_plain(done: subprocess.CompletedProcess[str]) -> None:
    for text in (done.stdout, done.stderr):
        assert text.replace("\n", "").replace("\t", "").isprintable()
