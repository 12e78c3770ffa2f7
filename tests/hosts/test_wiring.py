"""Where the client runs modules of plugins, `init` links the plugin; elsewhere it puts hooks into the settings."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.check import Finding, check_files
from mcp_dynaload.hosts.claude_code.client_version import MODS_VERSION
from mcp_dynaload.hosts.claude_code.files import Scope, find_claude_files
from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from mcp_dynaload.hosts.claude_code.wiring import PLUGIN_FOLDER
from tests.hosts.machine import BEFORE_MODS, ENTRY, Machine, bare_machine, used_machine

pytestmark = pytest.mark.proves("init")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return replace(bare_machine(tmp_path), client_version=MODS_VERSION)


def user_plugin(machine: Machine) -> Path:
    return machine.home / ".claude" / "skills" / "dynaload"


def local_plugin(machine: Machine) -> Path:
    return machine.project / ".claude" / "skills" / "dynaload"


def findings(machine: Machine, **environ: str) -> list[Finding]:
    files = replace(find_claude_files({"HOME": str(machine.home)}, machine.project), managed_dir=machine.managed)
    return check_files(files, environ, machine.client_version)


def told(machine: Machine, level: str, **environ: str) -> str:
    return "\n".join(finding.what for finding in findings(machine, **environ) if finding.level == level)


def test_the_plugin_is_linked_and_no_hook_is_in_the_settings(machine: Machine) -> None:
    machine.init()

    assert user_plugin(machine).readlink() == PLUGIN_FOLDER
    assert (user_plugin(machine) / ".claude-plugin" / "plugin.json").is_file()
    assert machine.json(machine.user_settings) == {"permissions": {"allow": ["mcp__dynaload__find_tools"]}}
    assert machine.json(machine.state) == {"mcpServers": {"dynaload": ENTRY}}
    assert f"Plugin: {user_plugin(machine)} is made a link to {PLUGIN_FOLDER}" in machine.shown


def test_with_servers_and_settings_of_years_uninstall_brings_every_byte_back(tmp_path: Path) -> None:
    machine = replace(used_machine(tmp_path), client_version=MODS_VERSION)
    before = machine.contents()
    scopes: tuple[Scope, ...] = ("user", "project", "local")
    for scope in scopes:
        machine.init(scope)
    assert user_plugin(machine).is_symlink()

    assert machine.uninstall()

    assert machine.contents() == before


def test_folders_that_were_made_for_the_link_go_with_it(machine: Machine) -> None:
    before = machine.contents()
    machine.init()

    machine.uninstall()

    assert machine.contents() == before
    assert f"removed  {user_plugin(machine)}" in machine.shown


def test_a_second_init_has_nothing_to_do(machine: Machine) -> None:
    machine.init()

    assert machine.init().changes == ()


def test_a_dry_run_links_nothing(machine: Machine) -> None:
    machine.init(is_dry_run=True)

    assert not os.path.lexists(user_plugin(machine))


def test_hooks_of_an_earlier_init_give_way_to_the_plugin_and_those_of_others_stay(machine: Machine) -> None:
    others = {"hooks": [{"type": "command", "command": "say"}]}
    before = {"hooks": {"Stop": [others]}}
    machine.write_json(machine.user_settings, before)
    replace(machine, client_version=BEFORE_MODS).init()
    assert len(machine.json(machine.user_settings)["hooks"]["Stop"]) == 2

    machine.init()

    assert machine.json(machine.user_settings)["hooks"] == before["hooks"]
    assert user_plugin(machine).is_symlink()
    machine.uninstall()
    assert machine.json(machine.user_settings) == before


@pytest.mark.parametrize(
    ("version", "reason"),
    [(None, "no `claude` is on the PATH"), (BEFORE_MODS, "Claude Code 2.1.200 runs no modules of plugins")],
)
def test_without_a_client_that_runs_modules_hooks_are_put_into_the_settings(
    machine: Machine, version: tuple[int, ...] | None, reason: str
) -> None:
    plan = replace(machine, client_version=version).init()

    assert machine.json(machine.user_settings)["hooks"] == hook_settings()["hooks"]
    assert not os.path.lexists(user_plugin(machine))
    assert any(reason in note for note in plan.notes)


@pytest.mark.parametrize(
    "managed",
    [
        {"strictKnownMarketplaces": [{"source": "github", "repo": "a/b"}]},
        {"strictKnownMarketplaces": []},
        {"blockedMarketplaces": [{"source": "skills-dir"}]},
    ],
)
def test_where_an_administrator_allows_no_such_plugin_hooks_are_put_into_the_settings(
    machine: Machine, managed: Json
) -> None:
    machine.write_json(machine.managed / "managed-settings.json", managed)

    plan = machine.init()

    assert machine.json(machine.user_settings)["hooks"] == hook_settings()["hooks"]
    assert any("managed settings" in note for note in plan.notes)


def test_a_plugin_that_the_user_disabled_stays_disabled(machine: Machine) -> None:
    machine.write_json(machine.user_settings, {"enabledPlugins": {"dynaload@skills-dir": False}})

    machine.init()

    assert not os.path.lexists(user_plugin(machine))
    assert machine.json(machine.user_settings)["hooks"] == hook_settings()["hooks"]


def test_where_it_is_installed_from_a_marketplace_nothing_is_added(machine: Machine) -> None:
    machine.write_json(machine.user_settings, {"enabledPlugins": {"dynaload@mcp-dynaload": True}})

    machine.init()

    assert not os.path.lexists(user_plugin(machine))
    assert "hooks" not in machine.json(machine.user_settings)
    assert "hooks brought by the plugin: dynaload@mcp-dynaload" in told(machine, "ok")


def test_a_skill_of_the_users_own_with_that_name_is_left_alone(machine: Machine) -> None:
    skill = machine.write(user_plugin(machine) / "SKILL.md", "mine")

    plan = machine.init()

    assert skill.read_text() == "mine"
    assert machine.json(machine.user_settings)["hooks"] == hook_settings()["hooks"]
    assert any("is something else" in note for note in plan.notes)


def test_a_link_of_an_installation_that_is_gone_is_told_and_renewed_and_comes_back(machine: Machine) -> None:
    gone = machine.root / "old" / "mcp_dynaload" / "plugin"
    user_plugin(machine).parent.mkdir(parents=True)
    user_plugin(machine).symlink_to(gone)
    assert "which is gone" in told(machine, "wrong")

    machine.init()
    assert user_plugin(machine).readlink() == PLUGIN_FOLDER

    machine.uninstall()
    assert user_plugin(machine).readlink() == gone


def test_a_link_that_was_changed_since_stays_and_is_told(machine: Machine) -> None:
    machine.init()
    user_plugin(machine).unlink()
    user_plugin(machine).symlink_to(machine.other)

    machine.uninstall()

    assert user_plugin(machine).readlink() == machine.other
    assert f"note: {user_plugin(machine)} was changed since and stays as it is" in machine.shown


def test_where_the_link_cannot_be_made_nothing_changes(machine: Machine) -> None:
    machine.write(machine.home / ".claude" / "skills", "a file in the way")
    before = machine.contents()

    with pytest.raises(HostError, match="skills"):
        machine.init()

    assert machine.contents() == before
    assert list(machine.locations.backups_dir.rglob("*")) == []


def test_for_one_folder_the_link_is_in_that_folder_and_out_of_its_repository(machine: Machine) -> None:
    subprocess.run(["git", "init", "-q"], cwd=machine.project, check=True)
    exclude = machine.write(machine.project / ".git" / "info" / "exclude", "# mine\n")

    machine.init("local")

    assert local_plugin(machine).readlink() == PLUGIN_FOLDER
    assert exclude.read_text() == "# mine\n.claude/skills/dynaload\n"
    assert "hooks" not in machine.json(machine.local_settings)


def test_a_folder_of_a_user_who_has_the_plugin_everywhere_gets_no_second_one(machine: Machine) -> None:
    machine.init()

    machine.init("local")

    assert not os.path.lexists(local_plugin(machine))
    assert "hooks" not in machine.json(machine.local_settings)


def test_what_a_team_shares_has_hooks_and_no_link_into_one_members_installation(machine: Machine) -> None:
    machine.init("project")

    assert machine.json(machine.project_settings)["hooks"] == hook_settings()["hooks"]
    assert not os.path.lexists(local_plugin(machine))


def test_outside_of_a_repository_the_user_is_told_to_keep_the_local_link_out_of_one(machine: Machine) -> None:
    plan = machine.init("local")

    (note,) = [note for note in plan.notes if "out of version control" in note]
    assert note.startswith(f"{local_plugin(machine)} leads to an installation on this machine: keep `.claude/skills/")


def test_doctor_says_which_way_it_is(machine: Machine) -> None:
    machine = machine.installed()
    machine.init()
    assert f"plugin installed: {user_plugin(machine)}" in told(machine, "ok")
    assert told(machine, "wrong") == told(machine, "note") == ""

    machine.init("project")
    assert "hooks are in the settings, too" in told(machine, "note")
    assert "answered once" in told(machine, "note")

    machine.write_json(machine.user_settings, {"enabledPlugins": {"dynaload@mcp-dynaload": True}})
    assert "more than once" in told(machine, "note")

    machine.write_json(machine.user_settings, {"enabledPlugins": {"dynaload@skills-dir": False}})
    assert "is disabled in the settings" in told(machine, "note")


def test_doctor_recommends_the_plugin_where_the_client_would_run_it(machine: Machine) -> None:
    replace(machine, client_version=BEFORE_MODS).init()

    assert "the plugin is not installed" in told(machine, "note")


def test_a_backup_of_the_version_before_links_can_be_undone(machine: Machine) -> None:
    before = machine.contents()
    replace(machine, client_version=BEFORE_MODS).init()
    (manifest,) = machine.locations.backups_dir.glob("*/manifest.json")
    manifest.write_text(json.dumps({key: value for key, value in machine.json(manifest).items() if key != "links"}))

    machine.uninstall()

    assert machine.contents() == before
