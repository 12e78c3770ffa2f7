"""Where the plugin of the marketplace brings the server, `init` moves servers behind that one and registers none."""

from dataclasses import replace
from pathlib import Path

import pytest

from mcp_dynaload.catalog.names import PLUGIN_SERVER_NAME, Registration, advertised_name
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.claude_code.client_version import MODS_VERSION
from tests.hosts.machine import Machine, bare_machine
from tests.hosts.test_wiring import told

pytestmark = [pytest.mark.proves("own-server"), pytest.mark.proves("init")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return replace(bare_machine(tmp_path), client_version=MODS_VERSION)


FROM_MARKETPLACE: Json = {"enabledPlugins": {"dynaload@mcp-dynaload": True}}
OF_PLUGIN = "mcp__plugin_dynaload_dynaload__"


def program(machine: Machine) -> str:
    """Return a PATH on which our program is found."""
    file = machine.write(machine.root / "bin" / "mcp-dynaload", "")
    file.chmod(0o755)
    return str(file.parent)


def with_git(machine: Machine) -> None:
    machine.write_json(machine.state, {"mcpServers": {"git": {"command": "git-server"}}})


def test_where_the_plugin_brings_the_server_no_other_is_registered_and_rules_name_it(machine: Machine) -> None:
    with_git(machine)
    rules = {"permissions": {"allow": ["mcp__git", "mcp__git__log"], "deny": ["mcp__git__push"]}}
    machine.write_json(machine.user_settings, {**FROM_MARKETPLACE, **rules})
    program(machine)
    before = machine.contents()

    plan = machine.init()

    assert plan.moved == ("git",)
    assert machine.json(machine.state) == {"mcpServers": {}}
    permissions = machine.json(machine.user_settings)["permissions"]
    allowed = [f"{OF_PLUGIN}git__*", f"{OF_PLUGIN}git__log", f"{OF_PLUGIN}find_tools"]
    assert permissions == {"allow": allowed, "deny": [f"{OF_PLUGIN}git__push"]}
    assert told(machine, "wrong", PATH=program(machine)) == ""
    machine.uninstall()
    assert machine.contents() == before


def test_a_rule_whose_tool_has_a_shorter_name_there_names_it_so(machine: Machine) -> None:
    with_git(machine)
    tool = "a_tool_whose_name_is_of_forty_characters"
    machine.write_json(machine.user_settings, {**FROM_MARKETPLACE, "permissions": {"allow": [f"mcp__git__{tool}"]}})

    machine.init()

    (rule, _) = machine.json(machine.user_settings)["permissions"]["allow"]
    assert rule == OF_PLUGIN + advertised_name("git__", tool, Registration(PLUGIN_SERVER_NAME).room)
    assert len(rule) <= 64


def test_a_rule_that_was_added_for_the_plugins_server_is_taken_back_with_the_others(machine: Machine) -> None:
    with_git(machine)
    machine.write_json(machine.user_settings, FROM_MARKETPLACE)
    machine.init()
    settings = machine.json(machine.user_settings)
    settings["permissions"]["allow"].append(f"{OF_PLUGIN}git__commit")
    machine.write_json(machine.user_settings, settings)

    machine.uninstall()

    assert machine.json(machine.user_settings)["permissions"] == {"allow": ["mcp__git__commit"]}


def test_what_init_has_registered_before_stays_and_doctor_says_who_serves(machine: Machine) -> None:
    machine = machine.installed()
    machine.init()
    settings = machine.json(machine.user_settings)
    machine.write_json(machine.user_settings, {**settings, **FROM_MARKETPLACE})

    plan = machine.init()

    assert plan.changes == ()
    assert "it stands by, the registered one serves" in told(machine, "note")
    assert told(machine, "wrong") == ""


def test_a_projects_shared_files_register_us_all_the_same(machine: Machine) -> None:
    machine.write_json(machine.user_settings, FROM_MARKETPLACE)

    machine.init("project")

    assert "dynaload" in machine.json(machine.project_servers)["mcpServers"]


def test_doctor_says_that_the_plugin_brings_the_server_or_finds_no_program(machine: Machine) -> None:
    machine.write_json(machine.user_settings, FROM_MARKETPLACE)

    found = told(machine, "ok", PATH=program(machine))
    missing = told(machine, "wrong", PATH=str(machine.home))

    assert "the plugin dynaload@mcp-dynaload brings the server" in found
    assert "neither mcp-dynaload nor uvx is on the PATH" in missing
