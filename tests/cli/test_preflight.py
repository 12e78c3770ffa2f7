"""`preflight`: each thing by which a run without a user would fail, told by the exit status."""

import json
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
import typer
from typer.testing import CliRunner

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.cli import preflight as module
from mcp_dynaload.cli.preflight import ANSWER_SECONDS, LOOKING_SECONDS, preflight
from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from mcp_dynaload.hosts.findings import Finding, RunProblem
from mcp_dynaload.logins.login import Login, RegisteredClient, key_of
from mcp_dynaload.logins.store import LoginStore
from mcp_dynaload.masking import Masker
from mcp_dynaload.store.database import Database
from tests.hosts.test_login_probe import server_answering
from tests.waiting import HANG_SECONDS


@dataclass(frozen=True)
class Machine:
    """A user's machine on which nothing is wrong."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def servers_file(self) -> Path:
        return self.root / "config" / "servers.json"

    @property
    def state(self) -> Path:
        return self.root / "state"

    def servers(self, **entries: Json) -> None:
        put(self.servers_file, {"mcpServers": entries})

    def claude(self, script: str) -> None:
        program = self.root / "bin" / "claude"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def problems(self, *arguments: str) -> list[dict[str, Any]]:
        app = typer.Typer()
        app.command()(preflight)
        done = CliRunner().invoke(app, ["--json", *arguments], catch_exceptions=False)
        said = json.loads(done.stdout)
        assert done.exit_code == said["status"] == min((one["status"] for one in said["problems"]), default=0)
        assert [one["what"] for one in said["problems"] if not one["fix"] and "; " not in one["what"]] == []
        return said["problems"]

    def kinds(self, *arguments: str) -> list[int]:
        return [one["status"] for one in self.problems(*arguments)]


def put(path: Path, document: Json) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), "utf-8")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path.resolve())
    variables = {
        "HOME": machine.home,
        "CLAUDE_PROJECT_DIR": machine.project,
        "MCP_DYNALOAD_CONFIG_DIR": machine.root / "config",
        "MCP_DYNALOAD_STATE_DIR": machine.state,
        "PATH": f"{machine.root / 'bin'}:{os.environ['PATH']}",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    monkeypatch.setattr(module, "LOOKING_SECONDS", HANG_SECONDS)
    monkeypatch.setattr(module, "ANSWER_SECONDS", HANG_SECONDS)
    machine.project.mkdir()
    machine.state.mkdir(mode=0o700)
    machine.claude("echo 2.1.332")
    put(machine.home / ".claude.json", {"mcpServers": {"dynaload": {"command": "/bin/sh", "args": ["serve"]}}})
    put(machine.home / ".claude" / "settings.json", hook_settings())
    machine.servers(clock={"command": "sh"})
    return machine


@pytest.fixture
def silent_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.proves("preflight")
def test_where_nothing_is_wrong_the_status_is_0(machine: Machine) -> None:
    assert machine.problems() == []


@pytest.mark.proves("preflight")
@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"command": "no-such-program-here"}, RunProblem.PROGRAM),
        ({"command": "./tools/no-such"}, RunProblem.PROGRAM),
        ({"command": "sh", "dynaload": {"cwd": "no-such-folder"}}, RunProblem.PROGRAM),
        ({"command": "sh", "env": {"TOKEN": "${NO_SUCH_VARIABLE}"}}, RunProblem.VARIABLE),
        ({"command": ["sh"]}, RunProblem.SERVERS_FILE),
        ({"url": "http://127.0.0.1:9/mcp"}, RunProblem.UNREACHABLE),
    ],
)
def test_an_entry_that_would_not_work_is_told(machine: Machine, entry: Json, kind: RunProblem) -> None:
    machine.servers(odd=entry, clock={"command": "sh"})

    (problem,) = machine.problems()

    assert problem["status"] == kind
    assert "odd" in problem["what"]


@pytest.mark.proves("preflight")
@pytest.mark.parametrize(
    ("login", "kinds"),
    [
        ({}, [RunProblem.LOGIN]),
        ({"access_token": "planted-token"}, []),
        ({"access_token": "planted-token", "received_at": 0.0, "expires_at": 1.0}, [RunProblem.LOGIN]),
        ({"refresh_token": "planted-token", "received_at": 0.0, "expires_at": 1.0}, []),
    ],
)
def test_a_server_that_wants_a_login_is_told_unless_there_is_one(
    machine: Machine, login: dict[str, Any], kinds: list[int]
) -> None:
    with server_answering(401) as (url, seen):
        machine.servers(far={"type": "http", "url": url})
        config = UpstreamConfig(name="far", transport="http", url=url)
        client = RegisteredClient(client_id="c", redirect_uri="http://127.0.0.1:1/callback")
        store = LoginStore(find_locations(os.environ).logins_dir, Masker())
        kept = Login(issuer="https://i.example", token_endpoint="https://i.example/token", client=client, **login)
        anyio.run(store.write, key_of(config), kept)

        assert machine.kinds() == kinds
        assert seen == ["POST initialize None"]


def test_an_authorization_of_the_entry_that_is_refused_is_told(machine: Machine) -> None:
    with server_answering(401) as (url, _):
        machine.servers(far={"type": "http", "url": url, "headers": {"Authorization": "Bearer planted-token"}})
        (problem,) = machine.problems()

    assert problem["status"] == RunProblem.LOGIN
    assert "refuses the Authorization of its entry (401)" in problem["what"]
    assert "planted" not in str(problem)


def test_a_server_that_is_disabled_is_not_looked_at(machine: Machine) -> None:
    machine.servers(off={"command": "no-such-program-here", "disabled": True})

    assert machine.kinds() == []


def test_a_fix_is_told_whole_though_it_names_a_secret(machine: Machine) -> None:
    machine.servers(a={"command": "sh", "env": {"TOKEN": "${NO_SUCH_TOKEN}"}})
    app = typer.Typer()
    app.command()(preflight)

    text = CliRunner().invoke(app, []).output

    assert "write ${NO_SUCH_TOKEN:-default}" in text
    assert "write ${NO_SUCH_TOKEN:-default}" in machine.problems()[0]["fix"]


def test_all_problems_are_told_and_the_smallest_is_the_status(machine: Machine) -> None:
    machine.servers(a={"command": "no-such-program-here", "args": ["${NO_SUCH_VARIABLE}"]})
    machine.claude("echo 1.0.0")

    assert machine.kinds() == [RunProblem.VARIABLE, RunProblem.PROGRAM, RunProblem.CLIENT]


def test_a_broken_servers_file_is_told(machine: Machine) -> None:
    machine.servers_file.write_text("{")

    assert machine.kinds() == [RunProblem.SERVERS_FILE]


def test_a_broken_settings_file_is_told(machine: Machine) -> None:
    (machine.root / "config" / "dynaload.toml").write_text("token_budget = 'much'\n")

    assert machine.kinds() == [RunProblem.SETTINGS]


def test_a_projects_file_without_trust_is_told_unless_the_run_trusts_it(machine: Machine) -> None:
    put(machine.project / ".mcp-dynaload" / "servers.json", {"mcpServers": {"b": {"command": "sh"}}})

    assert machine.kinds() == [RunProblem.UNTRUSTED]
    assert machine.kinds("--trust") == []


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({}, RunProblem.REGISTRATION),
        (
            {"mcpServers": {"dynaload": {"command": "/no/such/mcp-dynaload", "args": ["serve"]}}},
            RunProblem.REGISTRATION,
        ),
    ],
)
def test_a_client_that_does_not_start_us_is_told(machine: Machine, document: Json, kind: RunProblem) -> None:
    put(machine.home / ".claude.json", document)

    assert machine.kinds() == [kind]


def test_hooks_that_are_missing_or_of_another_version_are_told(machine: Machine) -> None:
    settings = machine.home / ".claude" / "settings.json"
    old = hook_settings()
    old["hooks"]["Stop"][0]["hooks"][0]["timeout"] = 5
    put(settings, old)
    (stale,) = machine.problems()
    put(settings, {})
    (missing,) = machine.problems()

    assert (stale["status"], missing["status"]) == (RunProblem.HOOKS, RunProblem.HOOKS)
    assert "hooks of another version of ours are in the settings: Stop" in stale["what"]
    assert "hooks missing" in missing["what"]


def test_a_client_that_is_not_there_or_does_not_run_is_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.claude("exit 3")
    assert machine.kinds() == [RunProblem.CLIENT]

    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert machine.kinds() == [RunProblem.CLIENT]


def test_a_database_that_is_locked_or_damaged_is_told(machine: Machine) -> None:
    path = find_locations(os.environ).database_file
    with closing(Database(path)):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        (locked,) = machine.problems()
        other.execute("ROLLBACK")
    assert machine.problems() == []
    path.write_bytes(b"no database at all" * 100)
    (damaged,) = machine.problems()

    assert (locked["status"], damaged["status"]) == (RunProblem.DATABASE, RunProblem.DATABASE)
    assert "is locked" in locked["what"]
    assert "is damaged" in damaged["what"]


def test_a_state_folder_that_cannot_be_is_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine.root / "file").write_text("")
    monkeypatch.setenv("MCP_DYNALOAD_STATE_DIR", str(machine.root / "file" / "state"))

    assert machine.kinds() == [RunProblem.STATE]


def test_a_state_folder_that_is_still_to_be_made_is_none(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCP_DYNALOAD_STATE_DIR", str(machine.root / "to" / "be" / "made"))

    assert machine.kinds() == []


@pytest.mark.proves("preflight")
def test_what_hangs_keeps_nobody_waiting(machine: Machine, silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOKING_SECONDS", LOOKING_SECONDS)
    monkeypatch.setattr(module, "ANSWER_SECONDS", ANSWER_SECONDS)
    machine.claude("exec sleep 30")
    machine.servers(silent={"url": f"http://127.0.0.1:{silent_port}/mcp"})
    begun = time.monotonic()

    kinds = machine.kinds()
    # On a busy machine either may be given up before it has said so itself.
    assert set(kinds) <= {RunProblem.UNREACHABLE, RunProblem.CLIENT, RunProblem.UNKNOWN}
    assert len(kinds) > 1
    assert time.monotonic() - begun < LOOKING_SECONDS + 1


def test_in_words_each_problem_has_its_status_and_its_fix(machine: Machine) -> None:
    machine.servers(odd={"command": "no-such-program-here"})
    app = typer.Typer()
    app.command()(preflight)

    done = CliRunner().invoke(app, [], catch_exceptions=False)

    assert done.exit_code == RunProblem.PROGRAM
    assert done.stdout == (
        "  14 server odd: the program 'no-such-program-here' was not found\n"
        "      → install it, or give its full path in the entry\n"
    )


@pytest.mark.proves("sandbox")
def test_a_server_that_cannot_be_contained_as_its_entry_asks_is_a_programs_problem(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"command": "sh", "dynaload": {"sandbox": {"network": True}}}
    machine.servers(a=there, b={"command": "sh", "dynaload": {"sandbox": {"read": ["/nowhere"]}}})
    app = typer.Typer()
    app.command()(preflight)

    named = CliRunner().invoke(app, ["--json"], catch_exceptions=False).stdout
    monkeypatch.setenv("PATH", str(machine.root))
    without = CliRunner().invoke(app, [], catch_exceptions=False)

    assert "server b is not started: sandbox.read names '/nowhere', which does not exist" in named
    assert "server a is not started" not in named
    assert "server a is not started: its sandbox cannot be kept, as bubblewrap (bwrap) is not installed" in (
        " ".join(without.stdout.split())
    )


def test_a_look_that_fails_or_hangs_keeps_no_other_from_being_told() -> None:
    held = threading.Event()

    def failing() -> list[Finding]:
        raise ValueError("odd")

    def hanging() -> list[Finding]:
        held.wait(HANG_SECONDS)
        return []

    sound = Finding("ok", "sound")
    found = module.looked_at({"one": failing, "two": hanging, "three": lambda: [sound]}, 0.2)
    held.set()

    assert [finding.what for finding in found] == [
        "one could not be looked at: odd",
        "two took longer than 0.2 s to be looked at",
        "sound",
    ]
    assert [finding.problem for finding in found] == [RunProblem.UNKNOWN, RunProblem.UNKNOWN, None]
    assert all(finding.fix for finding in found[:2])
