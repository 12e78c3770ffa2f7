"""The variables that a repository's settings for the client put into our environment."""

import json
from pathlib import Path

import pytest

from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.configuration import read_configuration


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "project" / ".claude").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    return {"HOME": str(tmp_path / "home"), "CLAUDE_PROJECT_DIR": str(tmp_path / "project")}


def set_in_project(environ: dict[str, str], file: str = "settings.json", **variables: str) -> dict[str, str]:
    """Return the environment in which the client starts us when a project's settings set these."""
    path = Path(environ["CLAUDE_PROJECT_DIR"]) / ".claude" / file
    path.write_text(json.dumps({"env": variables}), encoding="utf-8")
    return {**environ, **variables}


@pytest.mark.proves("trust")
@pytest.mark.parametrize("file", ["settings.json", "settings.local.json"])
def test_a_repository_cannot_move_our_folders(environ: dict[str, str], file: str) -> None:
    moved = set_in_project(environ, file, MCP_DYNALOAD_CONFIG_DIR="evil", MCP_DYNALOAD_STATE_DIR="evil/state")

    assert find_locations(moved) == find_locations(environ)


@pytest.mark.proves("trust")
def test_what_a_repository_sets_is_told_and_does_not_count(environ: dict[str, str], tmp_path: Path) -> None:
    own = {**environ, "MCP_DYNALOAD_STATE_DIR": str(tmp_path / "state")}
    changed = set_in_project(own, DYNAMIC_LOADING_ENABLED="false", MCP_DYNALOAD_LOG_LEVEL="debug", OTHER="1")

    configuration = read_configuration(changed)

    assert configuration.settings.dynamic_loading_enabled
    assert configuration.settings.log_level == "info"
    assert configuration.environ["OTHER"] == "1"
    file = tmp_path / "project" / ".claude" / "settings.json"
    assert [str(problem) for problem in configuration.upstreams.problems] == [
        f"{file}: env.{name} is not used, as it comes with the project; set it in your own settings if you want it"
        for name in ("DYNAMIC_LOADING_ENABLED", "MCP_DYNALOAD_LOG_LEVEL")
    ]


def test_a_harmless_setting_counts_as_it_does_in_the_project_s_own_file(
    environ: dict[str, str], tmp_path: Path
) -> None:
    own = {**environ, "MCP_DYNALOAD_STATE_DIR": str(tmp_path / "state")}

    configuration = read_configuration(set_in_project(own, MCP_DYNALOAD_NOTIFY="true"))

    assert configuration.settings.notify
    assert configuration.upstreams.problems == ()


def test_what_the_user_set_counts_where_the_project_sets_something_else(
    environ: dict[str, str], tmp_path: Path
) -> None:
    set_in_project(environ, MCP_DYNALOAD_CONFIG_DIR="evil")

    assert find_locations({**environ, "MCP_DYNALOAD_CONFIG_DIR": str(tmp_path)}).config_dir == tmp_path


def test_in_the_home_folder_the_same_files_are_the_user_s_own(tmp_path: Path) -> None:
    (tmp_path / ".claude").mkdir()
    home = {"HOME": str(tmp_path), "CLAUDE_PROJECT_DIR": str(tmp_path)}

    own = set_in_project(home, MCP_DYNALOAD_CONFIG_DIR=str(tmp_path / "mine"))

    assert find_locations(own).config_dir == tmp_path / "mine"


@pytest.mark.parametrize("text", ["{", "[]", '{"env": []}', '{"env": {"A": null}}', "[" * 100_000])
def test_settings_that_make_no_sense_change_nothing(environ: dict[str, str], text: str) -> None:
    (Path(environ["CLAUDE_PROJECT_DIR"]) / ".claude" / "settings.json").write_text(text, encoding="utf-8")

    assert find_locations(environ).project_dir == Path(environ["CLAUDE_PROJECT_DIR"])
