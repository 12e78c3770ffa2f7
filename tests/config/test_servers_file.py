"""Servers files: which are read, merged and trusted."""

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.servers_file import FileRead, UpstreamOptions, UpstreamsRead
from mcp_dynaload.config.trust import trust_file
from tests.servers_files import places_in, read, servers, write


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    return places_in(tmp_path)


ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config" / "servers.example.json"


def test_without_any_file_there_is_no_upstream_and_no_problem(places: Locations) -> None:
    assert read(places) == UpstreamsRead(
        (),
        (),
        (
            FileRead(places.user_servers_file, "user", "absent"),
            FileRead(places.project_servers_file, "project", "absent"),
        ),
    )


def test_user_and_project_are_merged_and_the_projects_entry_wins(places: Locations) -> None:
    write(places.user_servers_file, servers(a={"command": "user-a"}, b={"command": "user-b"}))
    write(places.project_servers_file, servers(c={"command": "project-c"}, a={"command": "project-a"}))
    trust_file(places.project_servers_file, places.state_dir)

    result = read(places)

    assert [(upstream.name, upstream.command) for upstream in result.upstreams] == [
        ("a", "project-a"),
        ("b", "user-b"),
        ("c", "project-c"),
    ]
    assert result.upstreams[0].source == places.project_servers_file
    assert result.problems == ()
    assert result.files == (
        FileRead(places.user_servers_file, "user", "read", ("a", "b")),
        FileRead(places.project_servers_file, "project", "read", ("c", "a")),
    )


def test_a_winning_entry_that_is_broken_does_not_bring_the_other_back(places: Locations) -> None:
    write(places.user_servers_file, servers(a={"command": "user-a"}))
    write(places.project_servers_file, servers(a={}))

    result = read(places, trust_all=True)

    assert result.upstreams == ()
    assert [problem.file for problem in result.problems] == [places.project_servers_file]


def test_explicit_files_replace_both_and_the_later_wins(places: Locations, tmp_path: Path) -> None:
    write(places.user_servers_file, servers(user={"command": "x"}))
    write(places.project_servers_file, servers(project={"command": "x"}))
    first = write(tmp_path / "1.json", servers(a={"command": "first"}, b={"command": "first"}))
    second = write(tmp_path / "2.json", servers(a={"command": "second"}))

    result = read(places, first, second)

    assert {upstream.name: upstream.command for upstream in result.upstreams} == {"a": "second", "b": "first"}
    assert result.files == (
        FileRead(first, "explicit", "read", ("a", "b")),
        FileRead(second, "explicit", "read", ("a",)),
    )


def test_an_explicit_file_that_is_not_there_is_a_problem(places: Locations, tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"

    result = read(places, missing)

    assert result.files == (FileRead(missing, "explicit", "absent"),)
    assert [str(problem) for problem in result.problems] == [
        f"{missing}: does not exist; name an existing file after --config"
    ]


def test_a_relative_explicit_file_is_reported_absolute(
    places: Locations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "1.json", servers())

    assert read(places, Path("1.json")).files == (FileRead(tmp_path / "1.json", "explicit", "read"),)


def test_a_broken_file_does_not_stop_the_other(places: Locations) -> None:
    write(places.user_servers_file, "{")
    write(places.project_servers_file, servers(a={"command": "x"}))

    result = read(places, trust_all=True)

    assert [upstream.name for upstream in result.upstreams] == ["a"]
    assert result.files[0].state == "broken"


def test_a_projects_file_starts_nothing_until_trusted(places: Locations) -> None:
    write(places.user_servers_file, servers(a={"command": "user"}))
    project = write(places.project_servers_file, servers(a={"command": "evil"}, b={}))

    result = read(places)

    assert [upstream.command for upstream in result.upstreams] == ["user"]
    assert result.files[1] == FileRead(project, "project", "untrusted", ("a", "b"))
    assert [str(problem) for problem in result.problems] == [
        f"{project}: is new or has changed, so nothing in it ('a', 'b') is started; "
        f"if you trust it, run: mcp-dynaload trust {project}"
    ]


def test_a_projects_file_that_changed_after_it_was_trusted_starts_nothing(places: Locations) -> None:
    write(places.project_servers_file, servers(a={"command": "x"}))
    trust_file(places.project_servers_file, places.state_dir)
    write(places.project_servers_file, servers(a={"command": "evil"}))

    assert read(places).upstreams == ()


def test_trust_for_all_skips_the_question(places: Locations) -> None:
    write(places.project_servers_file, servers(a={"command": "x"}))

    result = read(places, trust_all=True)

    assert ([upstream.name for upstream in result.upstreams], result.problems) == (["a"], ())


def test_an_explicit_file_is_trusted_because_the_user_named_it(places: Locations) -> None:
    project = write(places.project_servers_file, servers(a={"command": "x"}))

    assert [upstream.name for upstream in read(places, project).upstreams] == ["a"]


def test_a_broken_record_of_trust_is_a_problem_and_no_trust(places: Locations) -> None:
    write(places.project_servers_file, servers(a={"command": "x"}))
    write(places.trust_file, "{")

    result = read(places)

    assert result.upstreams == ()
    assert f"{places.trust_file} is not valid JSON" in str(result.problems[0])


def test_a_path_with_a_space_is_quoted_in_the_command(places: Locations) -> None:
    spaced = replace(places, project_dir=places.project_dir / "my project")
    project = write(spaced.project_servers_file, servers())

    assert str(read(spaced).problems[0]).endswith(f"run: mcp-dynaload trust '{project}'")


def test_the_clients_file_starts_the_clones_own_environment() -> None:
    assert json.loads((ROOT / "claude_mcp.json").read_text("utf-8")) == servers(
        dynaload={"command": ".venv/bin/python", "args": ["-P", "-E", "-m", "mcp_dynaload", "serve"]}
    )


def test_the_example_has_every_kind_of_server_and_every_option(places: Locations) -> None:
    result = read(places, EXAMPLE, environ={"ISSUES_TOKEN": "t", "MONITORING_KEY": "k"})

    assert result.problems == ()
    assert {upstream.transport for upstream in result.upstreams} == {"stdio", "sse", "http"}
    assert {key for upstream in result.upstreams for key in upstream.entry} == {
        "type", "command", "args", "env", "url", "headers", "dynaload"
    }  # fmt: skip
    shown = {option for upstream in result.upstreams for option in upstream.entry.get("dynaload", {})}
    assert shown == {option.name for option in fields(UpstreamOptions)}


def test_the_clients_file_of_this_repository_is_not_a_servers_file(places: Locations) -> None:
    result = read(places, ROOT / "claude_mcp.json")

    assert result.upstreams == ()
    assert "would start mcp-dynaload behind itself" in str(result.problems[0])
