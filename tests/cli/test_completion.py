"""The names that a shell offers when Tab is pressed."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mcp_dynaload.cli.app import app
from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.machine.logs import LOG_FILE

PROGRAM = "mcp-dynaload"


def offered(line: str) -> list[str]:
    """Return what bash offers for the last word of a line."""
    environ = {"_MCP_DYNALOAD_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    return CliRunner().invoke(app, [], env=environ, prog_name=PROGRAM).stdout.split()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def test_commands_options_and_their_values_are_offered() -> None:
    assert offered(f"{PROGRAM} do") == ["doctor"]
    assert "--follow" in offered(f"{PROGRAM} logs --f")
    assert "revoke" in offered(f"{PROGRAM} token ")


def test_servers_are_offered_whose_log_can_be_shown(home: Path) -> None:
    assert offered(f"{PROGRAM} logs ") == []
    folder = find_locations({"HOME": str(home)}).logs_dir
    folder.mkdir(parents=True)
    for name in ("github.log", "gitlab.log", "jira.log", LOG_FILE):
        (folder / name).touch()

    assert offered(f"{PROGRAM} logs git") == ["github", "gitlab"]
    assert offered(f"{PROGRAM} logs ") == ["github", "gitlab", "jira"]


def test_profiles_and_programs_are_offered(home: Path) -> None:
    assert offered(f"{PROGRAM} profile use ") == ["none"]
    file = find_locations({"HOME": str(home)}).user_settings_file
    file.parent.mkdir(parents=True)
    file.write_text("[profiles.work]\n[profiles.writing]\n")

    assert offered(f"{PROGRAM} profile show w") == ["work", "writing"]
    file.write_text("[profiles")
    assert offered(f"{PROGRAM} profile use ") == ["none"]
    assert offered(f"{PROGRAM} init --client c") == ["claude-desktop", "cursor", "codex"]
    assert offered(f"{PROGRAM} init --from-host a") == ["all"]
