import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.servers_file import read_upstreams
from mcp_dynaload.errors import HostError, UpstreamError
from mcp_dynaload.hosts.claude_code.backups import write_edits
from mcp_dynaload.hosts.claude_code.client_version import MODS_VERSION
from mcp_dynaload.hosts.claude_code.files import Scope
from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from mcp_dynaload.hosts.claude_code.installation import UserDialogue, install
from mcp_dynaload.hosts.claude_code.pending_edits import FileEdit
from mcp_dynaload.hosts.claude_code.wiring import PLUGIN_FOLDER
from tests.hosts.machine import DATA, ENTRY, DeclinedError, bare_machine, used_machine

MOVED = ("github", "filesystem", "time", "postgres", "browser.tools", "grafana", "sentry", "linear", "intranet")


@pytest.mark.proves("init")
@pytest.mark.parametrize("scope", ["user", "project", "local"])
def test_what_is_shown_is_the_golden_diff(tmp_path: Path, scope: Scope) -> None:
    machine = replace(used_machine(tmp_path), client_version=MODS_VERSION)

    machine.init(scope, is_dry_run=True)

    shown = "\n".join(machine.shown).replace(str(machine.root), "@ROOT@").replace(str(PLUGIN_FOLDER), "@PLUGIN@")
    assert shown == (DATA / f"golden_{scope}.txt").read_text("utf-8").removesuffix("\n")


def test_no_secret_is_shown(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)

    for scope in ("user", "local", "project"):
        machine.init(scope, is_dry_run=True)

    shown = "\n".join(machine.shown)
    assert "secret-" not in shown
    assert "key-approved" not in shown
    assert "person@example.com" not in shown
    assert "${GRAFANA_ORG}" in shown


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    before = machine.contents()

    plan = machine.init(is_dry_run=True)

    assert plan.edits
    assert machine.contents() == before
    assert machine.refreshes == []


def test_a_user_who_does_not_agree_keeps_everything(tmp_path: Path) -> None:
    machine = replace(used_machine(tmp_path), agrees=False)
    before = machine.contents()

    with pytest.raises(DeclinedError):
        machine.init()

    assert machine.contents() == before


def test_moved_servers_are_unchanged_but_for_the_environment_they_keep(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    entries = machine.json(machine.state)["mcpServers"]

    plan = machine.init()

    assert plan.moved == MOVED
    assert machine.json(machine.locations.user_servers_file) == {
        "mcpServers": {name: {**entries[name], "dynaload": {"inherit_env": True}} for name in MOVED}
    }
    assert machine.json(machine.state)["mcpServers"] == {
        **{name: entry for name, entry in entries.items() if name not in MOVED},
        "dynaload": ENTRY,
    }
    assert machine.refreshes == ["refreshed"]


def test_the_moved_servers_are_read_by_the_proxy(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    environ = {"HOME": str(machine.home), "GRAFANA_ORG": "shop"}

    machine.init("user")
    machine.init("project")

    read = read_upstreams(machine.locations, explicit=(), environ=environ, trust_all=False)
    assert read.problems == ()
    assert {upstream.name for upstream in read.upstreams} == {*MOVED, "tracker", "docs"}
    assert all(upstream.options.inherit_env for upstream in read.upstreams)


@pytest.mark.parametrize("wrong", [{"permissions": []}, {"permissions": {"allow": {}}}, {"hooks": {"Stop": {}}}])
def test_a_file_of_an_unexpected_shape_is_not_touched(tmp_path: Path, wrong: Json) -> None:
    machine = bare_machine(tmp_path)
    machine.write_json(machine.user_settings, wrong)
    before = machine.contents()

    with pytest.raises(HostError, match=r"is no (object|list); correct it"):
        machine.init()

    assert machine.contents() == before


def test_a_second_run_changes_no_byte(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    for scope in ("user", "project", "local"):
        machine.init(scope)
    before = machine.contents()

    for scope in ("user", "project", "local"):
        assert machine.init(scope).edits == ()

    assert machine.contents() == before
    assert machine.shown[-1] == "Nothing to do."


def test_a_run_after_adding_a_server_moves_only_that_one(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.init()
    state = machine.json(machine.state)
    state["mcpServers"]["new"] = {"command": "new-server"}
    machine.write_json(machine.state, state)
    settings = machine.json(machine.user_settings)

    plan = machine.init()

    assert plan.moved == ("new",)
    assert machine.json(machine.user_settings) == settings
    assert list(machine.json(machine.locations.user_servers_file)["mcpServers"]) == [*MOVED, "new"]


def test_an_installation_that_moved_is_registered_anew(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    old = {"type": "stdio", "command": "/old/mcp-dynaload", "args": ["serve"], "env": {"A": "1"}}
    machine.write_json(machine.state, {"mcpServers": {"dynaload": old}})

    machine.init()

    assert machine.json(machine.state)["mcpServers"]["dynaload"] == {**ENTRY, "env": {"A": "1"}}


def test_a_mistake_in_a_file_is_named_with_its_line_and_nothing_changes(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.write(machine.user_settings, '{\n  "permissions": {,}\n}\n')
    before = machine.contents()

    with pytest.raises(HostError, match=rf"{re.escape(str(machine.user_settings))}: line 2, column 19"):
        machine.init()

    assert machine.contents() == before


def test_a_broken_file_of_another_project_is_only_reported(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.write(machine.other / ".claude" / "settings.local.json", "{")

    plan = machine.init()

    assert plan.moved == MOVED
    assert any("rules there were not looked at" in note for note in plan.notes)


@pytest.mark.parametrize("failing", range(5))
def test_a_failure_half_way_restores_what_was_written(tmp_path: Path, failing: int) -> None:
    machine = used_machine(tmp_path)
    before = machine.contents()
    written: list[Path] = []

    def write(path: Path, content: bytes) -> None:
        if len(written) == failing:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        path.write_bytes(content)

    with pytest.raises(HostError, match="No space left on device"):
        machine.init(write=write)

    assert machine.contents() == before
    assert list(machine.locations.backups_dir.iterdir()) == []
    assert machine.refreshes == []


def test_where_a_folder_should_be_a_file_nothing_changes_and_that_is_said(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    machine.write_json(machine.state, {"mcpServers": {"clock": {"command": "clock"}}})
    machine.write(machine.home / ".claude", "no folder")
    before = machine.contents()

    with pytest.raises(HostError, match=r"cannot be written \(Not a directory\); nothing changed"):
        machine.init()

    assert machine.contents() == before


def test_what_cannot_be_put_back_is_named_and_keeps_nothing_else_from_it(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    for file in (first, second):
        file.write_text("before")

    def write(path: Path, content: bytes) -> None:
        if path == third:
            second.unlink()
            second.mkdir()
            raise OSError(28, "No space left on device", str(path))
        path.write_bytes(content)

    with pytest.raises(HostError, match=f"No space left on device.*by hand.*{second}"):
        write_edits(
            [FileEdit(first, "before", "after"), FileEdit(second, "before", "after"), FileEdit(third, None, "after")],
            write,
        )

    assert first.read_text() == "before"


def test_a_file_that_changes_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    before = machine.contents()

    def write(path: Path, content: bytes) -> None:
        path.write_bytes(content)
        machine.user_settings.write_text("{}")

    with pytest.raises(HostError, match="changed by another program just now"):
        machine.init(write=write)

    assert machine.contents() == before | {str(machine.user_settings.relative_to(machine.root)): b"{}"}


def test_links_are_written_through_and_modes_kept(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    target = dotfiles / "settings.json"
    machine.user_settings.rename(target)
    machine.user_settings.symlink_to(target)
    target.chmod(0o640)

    machine.init()

    assert machine.user_settings.is_symlink()
    assert "dynaload_hook" in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o640
    assert machine.locations.user_servers_file.stat().st_mode & 0o777 == 0o600


def test_a_failing_first_listing_does_not_undo_the_move(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    dialogue = UserDialogue(machine.shown.append, lambda: None)

    def refresh() -> None:
        raise UpstreamError("'db' did not start")

    install(machine.snapshot(), dialogue, machine.probe, refresh, is_dry_run=False)

    assert machine.json(machine.state) == {"mcpServers": {"dynaload": ENTRY}}
    assert any("'db' did not start" in text for text in machine.shown)
    assert machine.shown[-1].startswith("Next: restart Claude Code")


def test_a_user_with_nothing_configured_gets_the_proxy(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)

    machine.init()

    assert machine.json(machine.state) == {"mcpServers": {"dynaload": ENTRY}}
    assert json.loads(machine.user_settings.read_text()) == {
        "permissions": {"allow": ["mcp__dynaload__find_tools"]},
        **hook_settings(),
    }
