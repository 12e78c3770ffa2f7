import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from mcp_dynaload.cli.init import init_command, serve_entry
from mcp_dynaload.cli.learn import offer_learning
from mcp_dynaload.cli.uninstall import uninstall
from mcp_dynaload.configuration import read_configuration
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.sqlite_usage import SqliteUsage
from mcp_dynaload.store.usage import project_of
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import tool
from tests.hosts.machine import Machine, bare_machine
from tests.hosts.test_transcripts import call, write


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = bare_machine(tmp_path)
    machine.write_json(machine.state, {"mcpServers": {"db": {"command": "db"}}})
    variables = {
        "HOME": machine.home,
        "CLAUDE_PROJECT_DIR": machine.project,
        "MCP_DYNALOAD_CONFIG_DIR": machine.locations.config_dir,
        "MCP_DYNALOAD_STATE_DIR": machine.locations.state_dir,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    return machine


def command(refreshes: list[str], refresh: Callable[[], None] = lambda: None) -> typer.Typer:
    def refreshed() -> None:
        refreshes.append("refreshed")
        refresh()

    app = typer.Typer()
    app.command("init")(init_command(refreshed, offer_learning))
    app.command()(uninstall)
    return app


def test_init_and_uninstall_from_the_command_line(machine: Machine) -> None:
    before = machine.contents()
    refreshes: list[str] = []
    app = command(refreshes)

    done = CliRunner().invoke(app, ["init", "--yes"], catch_exceptions=False)

    assert done.exit_code == 0
    assert "Behind the proxy: db" in done.output
    assert machine.json(machine.state) == {"mcpServers": {"dynaload": serve_entry()}}
    assert refreshes == ["refreshed"]
    after = machine.contents()
    planned = CliRunner().invoke(app, ["uninstall", "--dry-run"], catch_exceptions=False)
    assert (machine.contents(), planned.exit_code) == (after, 0)
    assert '-    "dynaload": {' in planned.output
    undone = CliRunner().invoke(app, ["uninstall"], catch_exceptions=False)
    assert undone.exit_code == 0
    assert f"stay in {machine.locations.state_dir}: delete it" in " ".join(undone.output.split())
    assert machine.contents() == before


def test_a_client_that_does_not_run_gets_hooks_in_its_settings(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = machine.write(machine.root / "bin" / "claude", "#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    done = CliRunner().invoke(command([]), ["init", "--yes"], catch_exceptions=False)

    assert done.exit_code == 0
    assert "--version` failed" in done.output
    assert "UserPromptSubmit" in machine.json(machine.user_settings)["hooks"]


def test_without_a_terminal_and_without_yes_nothing_happens(machine: Machine) -> None:
    before = machine.contents()

    with pytest.raises(ConfigError, match="add --yes"):
        CliRunner().invoke(command([]), ["init"], catch_exceptions=False)

    assert machine.contents() == before


def test_a_dry_run_asks_nothing(machine: Machine) -> None:
    before = machine.contents()

    done = CliRunner().invoke(command([]), ["init", "--dry-run", "--scope", "user"], catch_exceptions=False)

    assert '+    "dynaload": {' in done.output
    assert machine.contents() == before


def test_who_says_no_is_told_that_nothing_was_changed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = machine.contents()
    monkeypatch.setattr("typer.testing._NamedTextIOWrapper.isatty", lambda stream: True, raising=False)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]

    done = CliRunner().invoke(command([]), ["init"], input="n\n", catch_exceptions=False)

    assert done.output.rstrip().endswith("Nothing was changed.")
    assert done.exit_code == 1
    assert machine.contents() == before


def test_the_clients_configuration_folder_may_be_elsewhere(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = machine.root / "claude-work"
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(elsewhere))
    machine.write_json(elsewhere / ".claude.json", {"mcpServers": {"work": {"command": "work"}}})

    CliRunner().invoke(command([]), ["init", "--yes"], catch_exceptions=False)

    assert list(machine.json(elsewhere / ".claude.json")["mcpServers"]) == ["dynaload"]
    assert list(machine.json(machine.state)["mcpServers"]) == ["db"]
    assert (elsewhere / "settings.json").is_file()


def test_what_others_have_too_names_us_where_every_program_finds_us_and_else_says_so(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{scripts}:/usr/bin:/bin")  # as in an active virtual environment
    told = CliRunner().invoke(command([]), ["init", "--dry-run", "--scope", "project"], catch_exceptions=False).output
    tools = machine.write(machine.root / "bin" / "mcp-dynaload", "")
    tools.chmod(0o755)
    monkeypatch.setenv("PATH", f"{scripts}:{tools.parent}:/usr/bin:/bin")

    done = CliRunner().invoke(command([]), ["init", "--yes", "--scope", "project"], catch_exceptions=False)

    assert "which others of the project do not have: install mcp-dynaload" in told
    assert "is a path of this machine" not in done.output
    own = machine.json(machine.project_servers)["mcpServers"]["dynaload"]
    assert (own["command"], own["args"]) == ("mcp-dynaload", ["serve"])


def test_the_registered_command_starts_this_installation() -> None:
    entry = serve_entry()

    assert Path(entry["command"]).is_absolute()
    assert entry["args"][-1] == "serve"


@pytest.fixture
def past(machine: Machine) -> Machine:
    """Return a machine on which the client has called a tool of the server that is to move."""
    now = time.time() - 1000
    lines = (call(number, "mcp__db__query", "s", str(machine.project), now) for number in range(2))
    write(machine.home / ".claude", "s.jsonl", *lines)
    return machine


def listed() -> None:
    """Store what the moved server lists, as `refresh` does."""
    configuration = read_configuration(os.environ)
    places = configuration.locations
    with closing(CatalogCache(Database(places.database_file))) as records:
        fingerprint = configuration.configs["db"].fingerprint(places.project_dir)
        records.keep_listing(fingerprint, "db", Listing(tools=(tool("query", "Query the database"),)).as_json())


def learned(machine: Machine) -> dict[str, int]:
    with closing(SqliteUsage(Database(machine.locations.database_file))) as usage:
        sessions = usage.sessions(project_of(machine.project))
    return {name: calls.times for session in sessions for name, calls in session.tools.items()}


@pytest.mark.proves("learned-past")
def test_with_yes_past_sessions_are_read_only_if_the_command_says_so(past: Machine) -> None:
    app = command([], listed)

    done = CliRunner().invoke(app, ["init", "--yes"], catch_exceptions=False)

    assert "kept 1 session of the last 60 days. `mcp-dynaload learn --from-transcripts` begins" in done.output
    assert learned(past) == {}
    done = CliRunner().invoke(app, ["init", "--yes", "--learn"], catch_exceptions=False)
    assert "Nothing to do." in done.output
    assert "Learned from 1 session." in done.output
    assert learned(past) == {"db__query": 2}


@pytest.mark.proves("learned-past")
@pytest.mark.parametrize(("answer", "learns"), [("y", {"db__query": 2}), ("n", {})])
def test_at_a_terminal_it_asks_whether_to_learn_from_them(
    past: Machine, monkeypatch: pytest.MonkeyPatch, answer: str, learns: dict[str, int]
) -> None:
    def is_terminal(stream: object) -> bool:
        return True

    monkeypatch.setattr("typer.testing._NamedTextIOWrapper.isatty", is_terminal, raising=False)

    done = CliRunner().invoke(command([], listed), ["init"], input=f"y\n{answer}\n", catch_exceptions=False)

    assert "Learn from them which tools each project uses?" in done.output
    assert learned(past) == learns


def test_where_there_are_none_or_nothing_is_counted_it_does_not_speak_of_learning(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Claude Code has kept" not in CliRunner().invoke(command([], listed), ["init", "--yes"]).output
    monkeypatch.setenv("METRICS_COLLECTION_ENABLED", "false")
    CliRunner().invoke(command([]), ["uninstall"])
    write(machine.home / ".claude", "s.jsonl", call(1, "mcp__db__query", "s", str(machine.project), time.time()))
    assert "Claude Code has kept" not in CliRunner().invoke(command([], listed), ["init", "--yes"]).output
