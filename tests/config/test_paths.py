"""Where files are looked for."""

from pathlib import Path

import pytest

from mcp_dynaload.config.paths import Locations, find_locations
from mcp_dynaload.errors import ConfigError


def test_variables_name_the_three_folders(tmp_path: Path) -> None:
    found = find_locations(
        {
            "MCP_DYNALOAD_CONFIG_DIR": str(tmp_path / "config"),
            "MCP_DYNALOAD_STATE_DIR": str(tmp_path / "state"),
            "CLAUDE_PROJECT_DIR": str(tmp_path / "project"),
        }
    )

    assert found == Locations(tmp_path / "config", tmp_path / "state", tmp_path / "project")


def test_without_variables_the_folders_are_the_platforms_and_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    found = find_locations({})

    assert found.project_dir == tmp_path
    assert found.config_dir.name == found.state_dir.name == "mcp-dynaload"
    assert found.config_dir.is_absolute()
    assert found.config_dir != found.state_dir


def test_an_empty_variable_counts_as_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert find_locations({"CLAUDE_PROJECT_DIR": ""}).project_dir == tmp_path


def test_a_relative_folder_is_taken_from_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert find_locations({"MCP_DYNALOAD_STATE_DIR": "state"}).state_dir == tmp_path / "state"


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    assert find_locations({"MCP_DYNALOAD_STATE_DIR": "~/state"}).state_dir == tmp_path / "state"


def test_the_home_of_nobody_is_an_error_that_names_the_variable() -> None:
    with pytest.raises(ConfigError, match=r"MCP_DYNALOAD_STATE_DIR='~no-such-person/x'"):
        find_locations({"MCP_DYNALOAD_STATE_DIR": "~no-such-person/x"})


def test_every_file_is_in_its_folder() -> None:
    places = Locations(Path("/config"), Path("/state"), Path("/project"))

    assert places.user_servers_file == Path("/config/servers.json")
    assert places.user_settings_file == Path("/config/dynaload.toml")
    assert places.project_servers_file == Path("/project/.mcp-dynaload/servers.json")
    assert places.project_settings_file == Path("/project/.mcp-dynaload/dynaload.toml")
    assert places.database_file == Path("/state/dynaload.db")
    assert places.logs_dir == Path("/state/logs")
    assert places.trust_file == Path("/state/trust.json")
    assert places.backups_dir == Path("/state/backups")
