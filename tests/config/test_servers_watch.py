"""Servers files that change under a running session: which servers hold then."""

import json
import os
from pathlib import Path

import pytest

from mcp_dynaload.config.paths import Locations
from mcp_dynaload.config.servers_file import UpstreamsRead
from mcp_dynaload.config.servers_watch import change_between, stamp_of, watched_files, with_kept
from mcp_dynaload.config.trust import forget, trust_file
from tests.servers_files import places_in, read, servers, write


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    return places_in(tmp_path)


def read_after(places: Locations, before: UpstreamsRead, *explicit: Path) -> dict[str, str]:
    """Return the servers that hold after the files have changed, with their commands."""
    held = with_kept(before.upstreams, read(places, *explicit), places.state_dir)
    return {config.name: config.command for config in held.upstreams}


@pytest.mark.proves("live-servers")
def test_a_broken_file_keeps_its_servers_and_another_files_change_counts(places: Locations) -> None:
    write(places.user_servers_file, servers(a={"command": "a"}))
    project = write(places.project_servers_file, servers(p={"command": "p"}))
    trust_file(project, places.state_dir)
    before = read(places)

    write(places.user_servers_file, '{"mcpServers": {')
    write(project, servers(q={"command": "q"}))
    trust_file(project, places.state_dir)

    assert read_after(places, before) == {"a": "a", "q": "q"}


@pytest.mark.proves("live-servers")
def test_a_mistake_in_an_entry_keeps_that_server_as_it_was(places: Locations) -> None:
    write(places.user_servers_file, servers(a={"command": "a"}, b={"command": "b"}))
    before = read(places)

    write(places.user_servers_file, servers(a={"command": 5}, b={"command": "c"}))

    assert read_after(places, before) == {"a": "a", "b": "c"}


def test_what_is_disabled_or_taken_out_is_gone(places: Locations) -> None:
    write(places.user_servers_file, servers(a={"command": "a"}, b={"command": "b"}, c={"command": "c"}))
    before = read(places)

    write(places.user_servers_file, servers(a={"command": "a", "disabled": True}, c={"command": "c"}))

    assert read_after(places, before) == {"c": "c"}


@pytest.mark.proves("trust")
def test_a_project_file_that_changes_starts_nothing_new_until_it_is_trusted_and_keeps_what_was(
    places: Locations,
) -> None:
    write(places.user_servers_file, servers(p={"command": "user"}))
    project = write(places.project_servers_file, servers(p={"command": "p"}))
    trust_file(project, places.state_dir)
    before = read(places)
    write(project, servers(p={"command": "evil"}, q={"command": "evil"}))

    kept = read_after(places, before)
    trust_file(project, places.state_dir)

    assert kept == {"p": "p"}
    assert read_after(places, before) == {"p": "evil", "q": "evil"}


@pytest.mark.proves("trust")
def test_trust_that_is_withdrawn_ends_the_projects_servers(places: Locations) -> None:
    project = write(places.project_servers_file, servers(p={"command": "p"}))
    trust_file(project, places.state_dir)
    before = read(places)

    forget(project, places.state_dir)

    assert read_after(places, before) == {}


def test_a_named_file_that_is_missing_for_a_while_keeps_its_servers(places: Locations, tmp_path: Path) -> None:
    file = write(tmp_path / "named.json", servers(a={"command": "a"}))
    before = read(places, file)

    file.unlink()

    assert read_after(places, before, file) == {"a": "a"}


def test_a_change_tells_which_servers_need_a_new_start(places: Locations) -> None:
    entries = {name: {"command": name, "env": {"A": "1"}} for name in ("same", "pinned", "other", "moved", "gone")}
    write(places.user_servers_file, servers(**entries))
    old = {config.name: config for config in read(places).upstreams}

    pinned = {"command": "pinned", "env": {"A": "1"}, "dynaload": {"pin": ["*"]}}
    other = {"command": "other", "env": {"A": "2"}}
    moved = {"command": "moved", "env": {"A": "1"}, "dynaload": {"cwd": "tools"}}
    now = servers(new={"command": "n"}, other=other, pinned=pinned, moved=moved, same=entries["same"])
    write(places.user_servers_file, f"// moved\n\n{json.dumps(now)}")
    change = change_between(old, {config.name: config for config in read(places).upstreams})

    assert (change.added, change.removed) == (("new",), ("gone",))
    assert (change.restarted, change.adjusted) == (("other", "moved"), ("pinned",))


def test_the_files_that_count_are_looked_at(places: Locations, tmp_path: Path) -> None:
    files = watched_files(places, ())
    empty = stamp_of(files)
    write(places.user_servers_file, servers())
    written = stamp_of(files)

    assert empty == (None, None, None)
    assert written[0] is not None
    assert watched_files(places, [tmp_path / "x"]) == (tmp_path / "x",)


@pytest.mark.proves("live-servers", "bounded")
def test_a_pipe_is_read_once_and_one_in_the_place_of_a_file_keeps_its_servers(
    places: Locations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.machine.bounded_files.PIPE_SECONDS", 0.05)
    file = tmp_path / "named.json"
    file.write_text(json.dumps({"mcpServers": {"a": {"command": "x"}}}))
    before = read(places, file)
    file.unlink()
    os.mkfifo(file)

    assert stamp_of([file]) == (None,)
    assert read_after(places, before, file) == {"a": "x"}
    assert "nothing came through the pipe" in str(read(places, file).problems[0])
