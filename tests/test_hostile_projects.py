"""Opening a repository: its files neither fill nor mute us, before it is trusted."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.servers_file import UpstreamsRead, read_upstreams
from mcp_dynaload.config.trust import trust_file
from mcp_dynaload.configuration import read_configuration
from tests.servers_files import places_in, servers, write

FILES = ("servers.json", "dynaload.toml", "categories.toml")


def endless(file: Path) -> None:
    file.symlink_to("/dev/zero")


def waiting(file: Path) -> None:
    os.mkfifo(file)


def standard_input(file: Path) -> None:
    file.symlink_to("/dev/stdin")


def huge(file: Path) -> None:
    file.write_bytes(b" " * 50_000_000)


def loop(file: Path) -> None:
    file.symlink_to(file.name)


def folder(file: Path) -> None:
    file.mkdir()


@pytest.mark.proves("trust")
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("make", [endless, waiting, standard_input, huge, loop, folder])
def test_a_file_that_is_none_is_told_and_the_user_s_own_count(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    places = places_in(tmp_path)
    write(places.user_servers_file, servers(mine={"command": "mine"}))
    places.project_config_dir.mkdir(parents=True)
    make(places.project_config_dir / name)
    variables = {"CLAUDE_PROJECT_DIR": places.project_dir, "MCP_DYNALOAD_CONFIG_DIR": places.config_dir}

    configuration = read_configuration({"HOME": str(tmp_path), **{key: str(value) for key, value in variables.items()}})

    assert list(configuration.configs) == ["mine"]
    (problem,) = configuration.upstreams.problems
    assert str(places.project_config_dir / name) in str(problem)


@pytest.fixture
def linked(tmp_path: Path) -> Locations:
    """Return a project whose servers file is a link to one outside."""
    places = places_in(tmp_path)
    outside = write(tmp_path / "outside.json", servers(theirs={"command": "theirs"}))
    places.project_config_dir.mkdir(parents=True)
    places.project_servers_file.symlink_to(outside)
    return places


def read(places: Locations) -> UpstreamsRead:
    return read_upstreams(places, explicit=(), environ={}, trust_all=False)


@pytest.mark.proves("trust")
def test_a_servers_file_outside_the_project_is_not_read_before_it_is_trusted(linked: Locations) -> None:
    found = read(linked)

    assert found.upstreams == ()
    assert [str(problem) for problem in found.problems] == [
        f"{linked.project_servers_file}: is a link that leads out of the project, so it is not read;"
        f" if you trust it, run: mcp-dynaload trust {linked.project_servers_file}"
    ]


def test_a_servers_file_outside_the_project_is_read_when_the_user_trusts_the_link(linked: Locations) -> None:
    trust_file(linked.project_servers_file, linked.state_dir)

    assert [upstream.name for upstream in read(linked).upstreams] == ["theirs"]
