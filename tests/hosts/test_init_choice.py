import json
from dataclasses import replace
from pathlib import Path

import pytest

from mcp_dynaload.errors import HostError
from tests.hosts.machine import bare_machine, used_machine


def test_servers_that_stay_are_named_with_the_reason(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.write_json(machine.managed / "managed-settings.json", {"managedMcpServers": {"hr": {"url": "https://hr"}}})
    install = machine.home / ".claude" / "plugins" / "cache" / "toolkit"
    machine.write_json(install / ".mcp.json", {"mcpServers": {"search": {"command": "search"}}})
    machine.write_json(
        machine.home / ".claude" / "plugins" / "installed_plugins.json",
        {"version": 2, "plugins": {"toolkit@market": [{"scope": "user", "installPath": str(install)}]}},
    )

    plan = machine.init()

    assert {server.name: server.reason for server in plan.left} == {
        "puppeteer": f"it is disabled in {machine.project} (`/mcp`); behind the proxy it would be on there",
        "chat": "connections of type 'ws' are the client's own",
        "banned": "`deniedMcpServers` names it",
        "plugin:toolkit:search": "comes from a plugin",
        "claude.ai Slack": "comes from claude.ai, where the login is",
        "hr": "comes from a managed file (managed-settings.json)",
    }
    assert sorted(machine.probed) == ["grafana", "linear"]


def test_servers_with_a_login_move_and_the_logins_left_to_do_are_told_with_one_command(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)

    plan = machine.init()

    moved = machine.json(machine.locations.user_servers_file)["mcpServers"]
    assert {"sentry", "linear", "intranet"} <= moved.keys()
    assert plan.logins == ("sentry", "linear")
    assert moved["intranet"]["headersHelper"] == "/opt/bin/headers.sh"
    assert machine.shown[-1] == "Logins left to do: sentry, linear. One command for all: `mcp-dynaload login --all`."


def test_servers_with_a_login_stay_if_that_is_wanted(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)

    plan = machine.init(keeps_logins=True)

    assert {server.name: server.reason for server in plan.left if server.name in ("sentry", "linear", "intranet")} == {
        "sentry": "has a login (`oauth`)",
        "linear": "needs a login (it answered 401)",
        "intranet": "has a login (`headersHelper`)",
    }
    assert plan.logins == ()
    assert "login" not in machine.shown[-1]
    assert "mcp__sentry__*" in machine.json(machine.user_settings)["permissions"]["allow"]


def test_a_login_that_only_the_client_can_make_and_a_refused_header_stay(tmp_path: Path) -> None:
    machine = replace(bare_machine(tmp_path), logins={"old": "needs a login (it answered 401)"})
    own = {"url": "https://old.example.com/mcp", "headers": {"authorization": "Bearer worn-out"}}
    xaa = {"url": "https://x.example.com/mcp", "oauth": {"xaa": True}}
    machine.write_json(machine.state, {"mcpServers": {"old": own, "x": xaa}})

    plan = machine.init()

    assert {server.name: server.reason for server in plan.left} == {
        "old": "needs a login (it answered 401)",
        "x": "its login (`oauth.xaa`) is something that only the client can do",
    }


def test_what_moved_with_a_login_comes_back_byte_by_byte(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    before = machine.contents()

    machine.init()
    machine.uninstall()

    assert machine.contents() == before


def test_a_rejected_server_of_a_project_stays(tmp_path: Path) -> None:
    plan = used_machine(tmp_path).init("project")

    assert plan.moved == ("tracker", "docs")
    assert plan.left[0].reason == "it is disabled (`disabledMcpjsonServers`)"


def test_a_server_that_is_behind_the_proxy_already_under_another_entry_stays(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    machine.write_json(
        machine.locations.user_servers_file, {"mcpServers": {"a": {"command": "old"}, "b": {"command": "b"}}}
    )
    machine.write_json(machine.state, {"mcpServers": {"a": {"command": "new"}, "b": {"command": "b"}}})

    plan = machine.init()

    assert plan.moved == ("b",)
    assert [server.name for server in plan.left] == ["a"]
    assert machine.json(machine.locations.user_servers_file)["mcpServers"] == {
        "a": {"command": "old"},
        "b": {"command": "b"},
    }


def test_entries_that_start_nothing_stay(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    entries = {"off": {"command": "a", "disabled": True}, "empty": {}, "text": "a", "spaced out": {"command": "b"}}
    machine.write_json(machine.state, {"mcpServers": entries})

    plan = machine.init()

    assert plan.moved == ("spaced out",)
    assert {server.name: server.reason for server in plan.left} == {
        "off": "it is disabled in its entry",
        "empty": "its entry has neither `command` nor `url`",
        "text": "its entry has neither `command` nor `url`",
    }


@pytest.mark.parametrize("locked", [True, ["mcp", "hooks"]])
def test_an_administrator_who_wants_plugins_only_is_obeyed(tmp_path: Path, locked: bool | list[str]) -> None:
    machine = used_machine(tmp_path)
    machine.write_json(machine.managed / "managed-settings.json", {"strictPluginOnlyCustomization": locked})

    with pytest.raises(HostError, match="plugins only"):
        machine.init()


def test_an_administrator_who_fixed_the_servers_is_obeyed(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.write_json(machine.managed / "managed-mcp.json", {"mcpServers": {}})

    with pytest.raises(HostError, match="alone decides"):
        machine.init()


def test_a_policy_that_forbids_the_proxy_stops_everything(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.write_json(
        machine.managed / "managed-settings.d" / "10-mcp.json",
        {"allowManagedMcpServersOnly": True, "allowedMcpServers": [{"serverName": "github"}]},
    )
    before = machine.contents()

    with pytest.raises(HostError, match="would not start 'dynaload': `allowedMcpServers` does not name it"):
        machine.init()

    assert machine.contents() == before


def test_a_policy_keeps_servers_that_it_does_not_allow(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    allowed = [{"serverName": "dynaload"}, {"serverName": "time"}, {"serverUrl": "https://grafana.example.com/*"}]
    machine.write_json(machine.managed / "managed-settings.json", {"allowedMcpServers": allowed})

    assert machine.init().moved == ("time", "grafana")


def test_another_server_with_our_name_is_an_error(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    machine.write_json(machine.state, {"mcpServers": {"dynaload": {"command": "something-else"}}})

    with pytest.raises(HostError, match="another server is named 'dynaload'"):
        machine.init()


@pytest.mark.proves("client-settings")
def test_what_only_the_client_can_do_for_a_server_leaves_it_there_and_the_rest_is_kept(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    kept = {"command": "notes", "timeout": 90_000, "alwaysLoad": True, "env": {"TOKEN": "${TOKEN}"}}
    servers = {
        "kept": kept,
        "off": {"command": "x", "enabled": False},
        "comms": {"command": "x", "role": "comms"},
        "asked": {"url": "http://127.0.0.1:1/mcp", "type": "http", "toolPermissions": {"a": "ask"}},
    }
    machine.write_json(machine.state, {"mcpServers": servers})
    before = machine.state.read_bytes()

    plan = machine.init()

    assert plan.moved == ("kept",)
    assert {server.name: server.reason for server in plan.left} == {
        "off": "it is disabled in its entry",
        "comms": "`role` is something that only the client can do",
        "asked": "`toolPermissions` is something that only the client can do",
    }
    moved = json.loads(machine.locations.user_servers_file.read_text())["mcpServers"]
    assert moved == {"kept": {**kept, "dynaload": {"inherit_env": True}}}

    machine.uninstall()

    assert machine.state.read_bytes() == before
