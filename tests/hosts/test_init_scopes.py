import json
import re
import subprocess
from pathlib import Path

import pytest

from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from tests.hosts.machine import ENTRY, bare_machine, used_machine


def test_what_a_project_held_already_is_named_before_it_is_trusted(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    held = {"mcpServers": {"theirs": {"command": "curl"}}}
    machine.write_json(machine.locations.project_servers_file, held)

    plan = machine.init("project", is_dry_run=True)

    assert f"{plan.trusted} is trusted by this, with what it held already: theirs" in plan.notes


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
    subprocess.run(["git", "init", "-q"], cwd=machine.project, check=True)
    exclude = machine.write(machine.project / ".git" / "info" / "exclude", "# mine")

    plan = machine.init("local")

    assert plan.moved == ("notes",)
    assert exclude.read_text() == "# mine\n.mcp-dynaload/\n"
    project = machine.json(machine.state)["projects"][str(machine.project)]
    assert project["mcpServers"] == {"dynaload": ENTRY}
    assert machine.json(machine.local_settings)["hooks"] == hook_settings()["hooks"]


def test_private_servers_never_join_a_file_that_may_be_shared(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=machine.project, check=True)
    machine.init("project")

    with pytest.raises(HostError, match="may be shared through the repository"):
        machine.init("local")


def test_private_servers_never_begin_a_file_that_a_gitignore_takes_in(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=machine.project, check=True)
    machine.write(machine.project / ".gitignore", "!.mcp-dynaload/\n!.mcp-dynaload/**\n")

    with pytest.raises(HostError, match=r"line 2 of \.gitignore \(`!\.mcp-dynaload/\*\*`\) outranks"):
        machine.init("local")

    assert not machine.locations.project_servers_file.exists()


def test_private_servers_join_a_file_that_a_gitignore_keeps_out(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=machine.project, check=True)
    machine.init("project")
    machine.write(machine.project / ".gitignore", ".mcp-dynaload\n")

    assert machine.init("local").moved == ("notes",)


def test_private_servers_never_join_a_file_that_git_tracks_even_if_it_ignores_it(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=machine.project, check=True)
    machine.init("project")
    subprocess.run(["git", "add", ".mcp-dynaload"], cwd=machine.project, check=True)
    machine.write(machine.project / ".git" / "info" / "exclude", ".mcp-dynaload/\n")

    with pytest.raises(HostError, match="git tracks it"):
        machine.init("local")


def test_a_folder_of_a_user_who_has_the_proxy_everywhere_registers_it_once(tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"servers": {"a": {"command": "a"}}}, 'mcpServers is missing; rename "servers"'),
        ({"other": 1}, 'mcpServers is missing; put the servers under "mcpServers"'),
        ({"mcpServers": []}, "mcpServers is an array; it must be an object of servers by name"),
        ([1], "holds an array, not an object"),
    ],
)
def test_a_source_that_is_no_servers_file_is_an_error(tmp_path: Path, content: object, told: str) -> None:
    machine, source = bare_machine(tmp_path), tmp_path / "given.json"
    source.write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(HostError, match=re.escape(told)) as raised:
        machine.init("user", source)

    assert str(source) in str(raised.value)
    assert not machine.locations.user_servers_file.exists()


def test_entries_of_a_source_that_could_not_be_used_are_named_with_what_is_wrong(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    entries = {
        "number": {"command": 7},
        "words": {"command": "a", "args": "b c"},
        "address": {"url": "files.example"},
        "option": {"command": "a", "dynaload": {"prefx": "b"}},
        "good": {"command": "a"},
        "elsewhere": {"url": "${BASE}/mcp"},
    }

    plan = machine.init("user", machine.write_json(tmp_path / "given.json", {"mcpServers": entries}))

    assert {server.name: server.reason for server in plan.left} == {
        "number": "its entry is wrong: command is a number; it must be a valid string",
        "words": "its entry is wrong: args is a string; it must be a valid array",
        "address": "its entry is wrong: url is not an http:// or https:// address; give the whole address",
        "option": "its entry is wrong: dynaload.prefx is not an option; did you mean 'prefix'?",
    }
    assert plan.moved == ("good", "elsewhere")


def test_a_missing_source_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="no such file"):
        bare_machine(tmp_path).init("user", tmp_path / "none.json")
