"""`mcp-dynaload profile`, in this process."""

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mcp_dynaload.cli.app import app
from mcp_dynaload.config.paths import Locations, find_locations, variables_for
from mcp_dynaload.config.trust import is_trusted, trust_file
from mcp_dynaload.configuration import read_configuration
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.sqlite_usage import SqliteUsage
from mcp_dynaload.store.usage import project_of
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import tool

pytestmark = pytest.mark.proves("profiles")

PROFILES = """\
# mine
notify = true

[profiles.work]
servers = ["git*", "jira"]
pins = ["github__search"]
"""
LISTINGS = {"github": ("search", "create"), "files": ("read",)}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Locations:
    """Return the folders of a user with two servers, whose tools are known, and a profile."""
    for name, value in variables_for(tmp_path).items():
        monkeypatch.setenv(name, value)
    places = find_locations(os.environ)
    write(places.user_settings_file, PROFILES)
    write(places.user_servers_file, json.dumps({"mcpServers": {name: {"command": name} for name in LISTINGS}}))
    configs = read_configuration(os.environ).configs
    with closing(CatalogCache(Database(places.database_file))) as records:
        for name, tools in LISTINGS.items():
            listing = Listing(tools=tuple(tool(one, one) for one in tools))
            records.keep_listing(configs[name].fingerprint(tmp_path), name, listing.as_json())
    return places


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["profile", *words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def told(*words: str) -> Any:
    return json.loads(run(*words, "--json"))


def test_it_lists_and_shows_what_is_in_each(places: Locations) -> None:
    work, everything = told("list")

    assert work == told("show", "work")
    assert work == {
        "name": "work",
        "in_use": False,
        "servers": ["github"],
        "tools": ["github__create", "github__search"],
        "tokens": work["tokens"],
        "pinned": ["github__search"],
        "fit_nothing": ["jira"],
    }
    assert (everything["name"], everything["in_use"], everything["servers"]) == ("none", True, ["files", "github"])
    assert "servers: 'jira' fits nothing here" in run("show", "work")
    assert "in use" in run("list")


def test_it_is_chosen_everywhere_or_in_a_project_and_the_files_keep_what_stands_in_them(places: Locations) -> None:
    assert "in a running one type /dynaload:profile work" in run("use", "work")
    assert places.user_settings_file.read_text() == PROFILES.replace("true\n", 'true\nprofile = "work"\n')
    assert told("show", "work")["in_use"]

    run("use", "none", "--project")
    assert places.project_settings_file.read_text() == 'profile = "none"\n'
    assert "'none' is in use all the same" in run("use", "work")
    run("use", "work", "--project")
    assert told("show", "work")["in_use"]


def test_a_projects_file_that_was_trusted_is_trusted_still(places: Locations) -> None:
    write(places.project_settings_file, "log_level = 'debug'\n")
    run("use", "work", "--project")
    assert not is_trusted(places.project_settings_file, places.state_dir)
    trust_file(places.project_settings_file, places.state_dir)
    run("use", "none", "--project")
    assert is_trusted(places.project_settings_file, places.state_dir)
    assert read_configuration(os.environ).settings.log_level == "debug"


def test_mistakes_say_what_to_write(places: Locations, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="you have no profile 'wrok'; did you mean 'work'"):
        run("use", "wrok")
    with pytest.raises(ConfigError, match="you have no profile 'wrok'; did you mean 'work'"):
        run("show", "wrok")
    write(tmp_path / "elsewhere.toml", "")
    places.project_settings_file.parent.mkdir()
    places.project_settings_file.symlink_to(tmp_path.parent / "elsewhere.toml")
    with pytest.raises(ConfigError, match="is a link that leads out of the project"):
        run("use", "work", "--project")
    write(places.user_settings_file, "")
    assert "[profiles.work]" in run("list")


def test_doctor_tells_of_a_glob_of_the_profile_in_use_that_fits_nothing(places: Locations) -> None:
    run("use", "work")

    done = CliRunner().invoke(app, ["doctor", "--json"], catch_exceptions=False)

    notes = [finding["what"] for finding in json.loads(done.stdout) if finding["level"] == "note"]
    assert "profile 'work', which is in use here: servers 'jira' fits nothing" in notes


def test_a_prompt_is_explained_with_the_tools_of_the_profile_in_use_and_the_pins_of_the_project(
    places: Locations,
) -> None:
    def loaded() -> list[str]:
        done = CliRunner().invoke(app, ["optimize", "read the file", "--json"], catch_exceptions=False)
        return [tool["name"] for tool in json.loads(done.stdout)["tools"]]

    every = loaded()
    run("use", "work")
    with closing(SqliteUsage(Database(places.database_file))) as memory:
        memory.keep_pins(project_of(places.project_dir), ["github__create", "files__read"])

    assert "files__read" in every
    assert loaded() == ["github__create", "github__search"]
