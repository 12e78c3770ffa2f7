"""Files that a repository puts where the client's files of a project stand."""

from pathlib import Path

import pytest

from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.files import Scope
from tests.hosts.machine import Machine, bare_machine, used_machine


@pytest.mark.proves("init")
@pytest.mark.parametrize("scope", ["project", "local"])
@pytest.mark.parametrize(
    "name", [".mcp.json", ".claude/settings.json", ".claude/settings.local.json", ".mcp-dynaload/servers.json"]
)
def test_init_of_a_project_does_not_follow_a_link_out_of_it(tmp_path: Path, scope: Scope, name: str) -> None:
    machine = bare_machine(tmp_path)
    outside = tmp_path / "outside.json"
    outside.write_text('{"mcpServers": {"a": {"command": "a"}}}')
    linked(machine, name).symlink_to(outside)

    with pytest.raises(HostError, match="leads out of"):
        machine.init(scope)

    assert outside.read_text() == '{"mcpServers": {"a": {"command": "a"}}}'


def test_an_agent_outside_the_project_is_not_rewritten(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    outside = tmp_path / "agent.md"
    outside.write_text("---\ntools: mcp__tracker__search\n---\n")
    linked(machine, ".claude/agents/theirs.md").symlink_to(outside)

    with pytest.raises(HostError, match="leads out of"):
        machine.init("project")

    assert outside.read_text() == "---\ntools: mcp__tracker__search\n---\n"


def test_a_device_in_a_project_does_not_keep_the_user_s_own_servers_from_moving(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    (machine.other / ".mcp.json").unlink(missing_ok=True)
    linked(machine, ".mcp.json", machine.other).symlink_to("/dev/zero")

    plan = machine.init("user")

    assert "github" in plan.moved
    assert any("/dev/zero" in note and "not looked at" in note for note in plan.notes)


@pytest.mark.proves("trust")
def test_unasked_no_server_is_started_that_was_not_approved_in_the_client(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    machine.write_json(machine.project_servers, {"mcpServers": {"docs": {"command": "docs"}}})
    machine.write_json(machine.project_settings, {"enableAllProjectMcpServers": True})
    before = machine.contents()

    with pytest.raises(HostError, match=r"'docs' would be started, which you have not approved.*--approve-servers"):
        machine.init("project", may_approve=False)

    assert machine.contents() == before
    assert machine.init("project", may_approve=True).moved == ("docs",)


@pytest.mark.parametrize("where", ["local_settings", "user_settings"])
def test_unasked_a_server_that_was_approved_in_the_client_moves(tmp_path: Path, where: str) -> None:
    machine = bare_machine(tmp_path)
    machine.write_json(machine.project_servers, {"mcpServers": {"docs": {"command": "docs"}}})
    machine.write_json(getattr(machine, where), {"enabledMcpjsonServers": ["docs"]})

    assert machine.init("project", may_approve=False).moved == ("docs",)


def linked(machine: Machine, name: str, project: Path | None = None) -> Path:
    link = (project or machine.project) / name
    link.parent.mkdir(parents=True, exist_ok=True)
    return link
