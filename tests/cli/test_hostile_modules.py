"""A repository's Python files are never run by us, whatever the command: no process of ours imports from there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.cli.init import serve_entry
from mcp_dynaload.demo import embedded_servers
from mcp_dynaload.machine.own_process import module_command
from tests.cli.conftest import Shell
from tests.cli.hostile import hostile_shell, imported

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("mcp-dynaload")

COMMANDS = {
    "--version": "",
    "--help": "",
    "refresh --json": "",
    "serve": "",
    "doctor --json --config {one}": "",
    "tools repository": "",
    "optimize 'which issues are open?'": "",
    "interactive": "which issues are open?\n/session-info\n",
    "demo": "",
    "demo --scenario-types basic_optimization --json": "",
    "validate --performance --json --config {one}": "",
    "stats": "",
    "audit": "",
    "logs": "",
    "trust .mcp-dynaload/servers.json": "",
    "token list": "",
    "init --dry-run": "",
    "init --scope project --dry-run": "",
    "uninstall": "",
}
"""Each command with what is typed into it; of `bench`, `test_bench.py` tells. The first that needs servers lists the
user's two, for the others, too; those that start servers whatever is known of them have `{one}`."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    shell = hostile_shell(tmp_path_factory.mktemp("hostile"))
    embedded = embedded_servers()
    shell.write_servers({name: embedded[name] for name in ("git", "knowledge")})
    shell.write_servers({"knowledge": embedded["knowledge"]}, one_server(shell))
    return shell


def one_server(shell: Shell) -> Path:
    return shell.folder / "one.json"


def test_the_trap_works(hostile: Shell) -> None:
    command = [sys.executable, "-m", "mcp_dynaload", "--version"]
    subprocess.run(command, cwd=hostile.project, env=hostile.environ, check=False, capture_output=True)

    assert "mcp_dynaload" in imported(hostile)
    (hostile.folder / "imported").unlink()


@pytest.mark.proves("foreign-code")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs_nothing_of_the_project(hostile: Shell, command: str) -> None:
    subprocess.run(
        f"{PROGRAM} {command.format(one=one_server(hostile))}",
        shell=True,
        cwd=hostile.project,
        env=hostile.environ,
        input=COMMANDS[command],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert imported(hostile) == ""


@pytest.mark.proves("foreign-code")
def test_the_embedded_servers_are_started_without_the_project_on_their_path(hostile: Shell) -> None:
    client = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    requests: list[Json] = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "git__repo_status", "arguments": {}}},
    ]
    process = subprocess.run(
        [str(PROGRAM), "serve"],
        cwd=hostile.project,
        env=hostile.environ,
        input="".join(json.dumps(request) + "\n" for request in requests),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert process.returncode == 0
    assert imported(hostile) == ""


@pytest.mark.proves("foreign-code")
def test_what_is_registered_with_a_client_runs_nothing_of_the_project(
    hostile: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(hostile.folder / "python"))
    monkeypatch.setenv("PATH", str(hostile.folder))
    without_script = serve_entry()["args"]
    of_a_clone = json.loads((ROOT / "claude_mcp.json").read_text())["mcpServers"]["dynaload"]["args"]
    monkeypatch.undo()

    for arguments in (without_script, of_a_clone):
        command = [sys.executable, *arguments[:-1], "--version"]
        environ = {**hostile.environ, "PYTHONPATH": "."}
        subprocess.run(command, cwd=hostile.project, env=environ, check=True, capture_output=True)

    assert imported(hostile) == ""


def test_a_module_of_ours_is_run_by_one_function_only() -> None:
    starts = [
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "mcp_dynaload").rglob("*.py")
        if '"-m", "mcp_dynaload' in file.read_text("utf-8")
    ]

    assert starts == []
    assert module_command("mcp_dynaload", "serve")[1:] == ["-P", "-E", "-m", "mcp_dynaload", "serve"]
