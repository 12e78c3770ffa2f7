from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from mcp_dynaload.cli.init import init_command, serve_entry
from mcp_dynaload.cli.uninstall import uninstall
from mcp_dynaload.errors import HostError
from tests.hosts.machine import Machine, bare_machine


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


def command(refreshes: list[str]) -> typer.Typer:
    app = typer.Typer()
    app.command("init")(init_command(lambda: refreshes.append("refreshed")))
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
    assert CliRunner().invoke(app, ["uninstall"], catch_exceptions=False).exit_code == 0
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

    with pytest.raises(HostError, match="add --yes"):
        CliRunner().invoke(command([]), ["init"], catch_exceptions=False)

    assert machine.contents() == before


def test_a_dry_run_asks_nothing(machine: Machine) -> None:
    before = machine.contents()

    done = CliRunner().invoke(command([]), ["init", "--dry-run", "--scope", "user"], catch_exceptions=False)

    assert '+    "dynaload": {' in done.output
    assert machine.contents() == before


def test_the_clients_configuration_folder_may_be_elsewhere(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = machine.root / "claude-work"
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(elsewhere))
    machine.write_json(elsewhere / ".claude.json", {"mcpServers": {"work": {"command": "work"}}})

    CliRunner().invoke(command([]), ["init", "--yes"], catch_exceptions=False)

    assert list(machine.json(elsewhere / ".claude.json")["mcpServers"]) == ["dynaload"]
    assert list(machine.json(machine.state)["mcpServers"]) == ["db"]
    assert (elsewhere / "settings.json").is_file()


def test_the_registered_command_starts_this_installation() -> None:
    entry = serve_entry()

    assert Path(entry["command"]).is_absolute()
    assert entry["args"][-1] == "serve"
