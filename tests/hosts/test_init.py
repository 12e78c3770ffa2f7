import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_files import Scope
from mcp_dynaload.hosts.claude_hooks import hook_settings
from mcp_dynaload.mcp_config import read_upstreams
from tests.hosts.machine import DATA, ENTRY, bare_machine, used_machine

MOVED = ("github", "filesystem", "time", "postgres", "browser.tools", "grafana")


@pytest.mark.parametrize("scope", ["user", "project", "local"])
def test_what_is_shown_is_the_golden_diff(tmp_path: Path, scope: Scope) -> None:
    machine = used_machine(tmp_path)

    machine.init(scope, is_dry_run=True)

    shown = "\n".join(machine.shown).replace(str(machine.root), "@ROOT@")
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


def test_a_person_who_does_not_agree_keeps_everything(tmp_path: Path) -> None:
    machine = replace(used_machine(tmp_path), agrees=False)
    before = machine.contents()

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
        "sentry": "needs a login (`oauth`), which only the client can do",
        "linear": "needs a login (it answered 401)",
        "intranet": "needs a login (`headersHelper`), which only the client can do",
        "puppeteer": f"it is disabled in {machine.project} (`/mcp`); behind the proxy it would be on there",
        "chat": "connections of type 'ws' are the client's own",
        "banned": "`deniedMcpServers` names it",
        "plugin:toolkit:search": "comes from a plugin",
        "claude.ai Slack": "comes from claude.ai, where the login is",
        "hr": "comes from a managed file (managed-settings.json)",
    }
    assert sorted(machine.probed) == ["grafana", "linear"]


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


def test_rules_hooks_and_lists_follow_the_servers(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)

    machine.init()

    settings = machine.json(machine.user_settings)
    assert settings["permissions"] == {
        "allow": [
            "Bash(ls *)",
            "mcp__dynaload__github__*",
            "mcp__dynaload__time__now",
            "mcp__dynaload__browser_tools__click",
            "mcp__sentry__*",
            "mcp__dynaload__find_tools",
        ],
        "ask": ["mcp__dynaload__github__merge_pull_request"],
        "deny": ["mcp__dynaload__github__delete_repository", "mcp__git*", "mcp__dynaload__git*", "Read(./.env)"],
        "defaultMode": "acceptEdits",
    }
    hooks = settings["hooks"]["PostToolUse"]
    assert [group["matcher"] for group in hooks] == [
        "mcp__dynaload__github__.*",
        "mcp__(github|time)__.*",
        "Edit|mcp__dynaload__filesystem__write_file",
    ]
    assert hooks[2]["hooks"][0] | {"server": "dynaload", "tool": "github__scan"} == hooks[2]["hooks"][0]
    assert settings["hooks"] == hook_settings()["hooks"] | {"PostToolUse": hooks}
    projects = machine.json(machine.state)["projects"]
    assert projects[str(machine.other)]["allowedTools"] == ["mcp__dynaload__github__*"]
    assert projects["/gone/long/ago"]["allowedTools"] == ["mcp__dynaload__time__now"]
    assert "mcp__dynaload__github__create_issue" in machine.local_settings.read_text()


def test_a_project_that_has_a_server_of_the_same_name_keeps_its_rules(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    rules = {"permissions": {"allow": ["mcp__db__query"]}}
    machine.write_json(machine.local_settings, rules)
    machine.write_json(machine.project_servers, {"mcpServers": {"db": {"command": "other-db"}}})
    machine.write_json(
        machine.state,
        {"mcpServers": {"db": {"command": "db"}}, "projects": {str(machine.project): {"allowedTools": ["mcp__db"]}}},
    )

    machine.init()

    assert machine.json(machine.local_settings) == rules
    assert machine.json(machine.state)["projects"][str(machine.project)] == {"allowedTools": ["mcp__db"]}


def test_shared_files_of_a_project_are_reported_not_changed_by_another_scope(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    before = machine.project_settings.read_bytes()

    plan = machine.init("user")

    assert machine.project_settings.read_bytes() == before
    assert any(
        "'mcp__dynaload__github__create_issue'" in note and str(machine.project_settings) in note for note in plan.notes
    )


def test_a_project_registers_the_proxy_as_approved(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)

    plan = machine.init("project")

    servers = machine.json(machine.project_servers)["mcpServers"]
    assert servers == {"legacy": {"command": "legacy-server"}, "dynaload": ENTRY}
    assert machine.json(machine.project_settings)["enabledMcpjsonServers"] == ["dynaload"]
    assert machine.json(machine.local_settings)["disabledMcpjsonServers"] == ["legacy"]
    assert plan.trusted == machine.locations.project_servers_file


def test_an_approval_that_nobody_gave_so_far_is_personal_and_said(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    machine.write_json(machine.project_servers, {"mcpServers": {"docs": {"command": "docs"}}})

    plan = machine.init("project")

    assert machine.json(machine.local_settings) == {"enabledMcpjsonServers": ["dynaload"]}
    assert "not approved in Claude Code so far, and approved by moving: docs" in plan.notes


def test_private_servers_of_a_folder_are_kept_out_of_its_repository(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    exclude = machine.write(machine.project / ".git" / "info" / "exclude", "# mine")

    plan = machine.init("local")

    assert plan.moved == ("notes",)
    assert exclude.read_text() == "# mine\n.mcp-dynaload/\n"
    project = machine.json(machine.state)["projects"][str(machine.project)]
    assert project["mcpServers"] == {"dynaload": ENTRY}
    assert machine.json(machine.local_settings)["hooks"] == hook_settings()["hooks"]


def test_private_servers_never_join_a_file_that_may_be_shared(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.write(machine.project / ".git" / "info" / "exclude", "")
    machine.init("project")

    with pytest.raises(HostError, match="may be shared through the repository"):
        machine.init("local")


def test_a_folder_of_a_person_who_has_the_proxy_everywhere_registers_it_once(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.init("user")

    machine.init("local")

    assert machine.json(machine.state)["projects"][str(machine.project)]["mcpServers"] == {}
    assert "hooks" not in machine.json(machine.local_settings)


def test_servers_of_a_file_are_copied_and_the_file_stays(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    source = machine.write_json(
        tmp_path / "servers.json",
        {"mcpServers": {"db": {"command": "db", "dynaload": {"prefix": "d_", "inherit_env": False}}}},
    )
    machine.write_json(machine.user_settings, {"permissions": {"allow": ["mcp__db__query"]}})
    before = source.read_bytes()

    plan = machine.init("user", source)

    assert plan.moved == ("db",)
    assert source.read_bytes() == before
    assert machine.json(machine.locations.user_servers_file) == {
        "mcpServers": {"db": {"command": "db", "dynaload": {"inherit_env": False, "prefix": "d_"}}}
    }
    assert machine.json(machine.state) == {"mcpServers": {"dynaload": ENTRY}}
    assert machine.json(machine.user_settings)["permissions"]["allow"] == [
        "mcp__dynaload__d_query",
        "mcp__dynaload__find_tools",
    ]
    assert machine.init("user", source).edits == ()


def test_a_missing_source_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="no such file"):
        bare_machine(tmp_path).init("user", tmp_path / "none.json")


def test_only_tool_lists_of_markdown_files_change(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    folder = machine.home / ".claude"
    before = {path: path.read_bytes() for path in folder.rglob("*.md")}

    machine.init()

    expected = {
        "reviewer.md": [
            (b"tools: Read, Grep, mcp__github__get_issue", b"tools: Read, Grep, mcp__dynaload__github__get_issue"),
            (b"mcp__filesystem\n", b"mcp__dynaload\n"),
        ],
        "pr.md": [(b"*) mcp__github", b"*) mcp__dynaload__github")],
        "SKILL.md": [(b"mcp__time", b"mcp__dynaload__time")],
    }
    for path, content in before.items():
        for old, new in expected[path.name]:
            assert old in content
            content = content.replace(old, new)
        assert path.read_bytes() == content


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


def test_hooks_switched_off_are_said(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    machine.write_json(machine.user_settings, {"disableAllHooks": True})

    assert any("hooks are switched off" in note for note in machine.init().notes)


def test_a_person_with_nothing_configured_gets_the_proxy(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)

    machine.init()

    assert machine.json(machine.state) == {"mcpServers": {"dynaload": ENTRY}}
    assert json.loads(machine.user_settings.read_text()) == {
        "permissions": {"allow": ["mcp__dynaload__find_tools"]},
        **hook_settings(),
    }
