"""`init --from-host`: servers of other programs behind the proxy, those programs left as they are."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.cli.init import HOST_NAMES
from mcp_dynaload.config.servers_file import read_upstreams
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.files import Scope
from mcp_dynaload.hosts.claude_code.given_servers import GivenServers
from mcp_dynaload.hosts.endpoints import endpoint_of
from mcp_dynaload.hosts.foreign_host import user_places
from mcp_dynaload.hosts.given import given_servers
from mcp_dynaload.hosts.table import HOSTS
from tests.hosts.machine import Machine, bare_machine
from tests.hosts.test_init_command import command, machine

__all__ = ["machine"]

INHERITED: Json = {"dynaload": {"inherit_env": True}}


def cursor(machine: Machine, servers: Json, folder: Path | None = None) -> Path:
    return machine.write_json((folder or machine.home) / ".cursor" / "mcp.json", {"mcpServers": servers})


def given(machine: Machine, host: str = "cursor", scope: Scope = "user") -> GivenServers:
    environ = {"HOME": str(machine.home)}
    return given_servers(host, machine.snapshot(scope), user_places(environ, machine.project, "linux"))


def reasons(found: GivenServers) -> dict[str, str]:
    return {one.name: one.reason.partition(" (Cursor, ")[0] for one in found.left}


def run(*args: str) -> str:
    done = CliRunner().invoke(command([]), ["init", *args], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


@pytest.mark.proves("init", "import")
def test_servers_are_copied_and_every_byte_comes_back(machine: Machine) -> None:
    servers = {"clock": {"command": "clock"}, "far": {"command": "far", "disabled": True}}
    file = cursor(machine, servers)
    before = machine.contents()

    output = run("--from-host", "cursor", "--yes")

    assert "Behind the proxy: clock, far" in output
    assert f"far (Cursor, {file}): disabled there, so here, too" in output
    assert machine.json(machine.locations.user_servers_file)["mcpServers"] == {
        "clock": {"command": "clock", **INHERITED},
        "far": {"command": "far", "disabled": True, **INHERITED},
    }
    assert machine.json(file) == {"mcpServers": servers}
    assert list(machine.json(machine.state)["mcpServers"]) == ["db", "dynaload"]  # the client's own stay with it
    CliRunner().invoke(command([]), ["uninstall"], catch_exceptions=False)
    assert machine.contents() == before


def test_a_dry_run_shows_it_and_changes_nothing(machine: Machine) -> None:
    cursor(machine, {"clock": {"command": "clock", "env": {"CLOCK_TOKEN": "planted-clock-value"}}})
    before = machine.contents()

    output = run("--from-host", "all", "--dry-run")

    assert '+    "clock": {' in output
    assert "planted-clock-value" not in output
    assert machine.contents() == before


def test_running_it_twice_takes_nothing_twice(machine: Machine) -> None:
    cursor(machine, {"clock": {"command": "clock"}})
    run("--from-host", "cursor", "--yes")

    output = run("--from-host", "cursor", "--yes")

    assert "Left in place: clock: the same server as 'clock' behind the proxy" in output
    assert "Nothing to do." in output


def test_the_same_server_is_told_however_it_is_written(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    machine.write_json(machine.state, {"mcpServers": {"gh": {"command": "/usr/bin/npx", "args": ["gh-mcp@latest"]}}})
    machine.write_json(
        machine.locations.user_servers_file,
        {"mcpServers": {"linear": {"type": "http", "url": "https://MCP.linear.app:443/mcp/"}}},
    )
    cursor(
        machine,
        {
            "github": {"command": "npx.cmd", "args": ["-y", "gh-mcp"]},
            "tickets": {"command": "npx", "args": ["-y", "mcp-remote", "https://mcp.linear.app/mcp"]},
            "new": {"command": "new"},
        },
    )

    found = given(machine)

    assert list(found.entries) == ["new"]
    assert reasons(found) == {
        "github": "the same server as 'gh' of Claude Code itself, which `mcp-dynaload init` puts behind the proxy",
        "tickets": "the same server as 'linear' behind the proxy",
    }


def test_another_server_of_a_known_name_gets_another_name(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    machine.write_json(
        machine.locations.user_servers_file, {"mcpServers": {"db": {"command": "db"}, "x-cursor": {"command": "xc"}}}
    )
    machine.write_json(machine.state, {"mcpServers": {"x": {"command": "x"}}})
    cursor(machine, {"db": {"command": "other"}, "x": {"command": "y"}, "dynaload": {"command": "z"}})

    found = given(machine)

    assert list(found.entries) == ["db-cursor", "x-cursor-2", "dynaload-cursor"]
    assert [note.rpartition(": ")[2] for note in found.notes] == [
        "named 'db' there",
        "named 'x' there",
        "named 'dynaload' there",
    ]


def test_two_accounts_in_one_file_are_two_servers_and_in_two_files_one(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    cursor(
        machine,
        {
            "work": {"command": "mail", "env": {"MAIL_TOKEN": "planted-work"}},
            "home": {"command": "mail", "env": {"MAIL_TOKEN": "planted-home"}},
        },
    )
    machine.write_json(
        machine.home / ".codeium" / "windsurf" / "mcp_config.json",
        {"mcpServers": {"mail": {"command": "mail", "env": {"MAIL_TOKEN": "planted-other"}}}},
    )

    found = given(machine, "all")

    assert list(found.entries) == ["work", "home"]
    (left,) = found.left
    assert left.reason.startswith("the same server as 'work' of Cursor, ")
    assert "; 'MAIL_TOKEN' differ: add it by hand if it is another account" in left.reason


def test_servers_of_a_project_come_with_its_scope_and_are_approved_by_the_user(machine: Machine) -> None:
    cursor(machine, {"mine": {"command": "mine"}})
    cursor(machine, {"theirs": {"command": "theirs"}}, machine.project)

    with pytest.raises(HostError, match="'theirs' would be started, which you have not approved"):
        run("--from-host", "cursor", "--scope", "project", "--yes")
    run("--from-host", "cursor", "--scope", "project", "--yes", "--approve-servers")

    read = read_upstreams(machine.locations, explicit=(), environ={}, trust_all=False)
    assert [upstream.name for upstream in read.upstreams] == ["theirs"]
    assert read.problems == ()


@pytest.mark.parametrize(("scope", "value"), [("project", "${SHOP_KEY}"), ("local", "planted-shop-value")])
def test_the_values_of_an_env_file_do_not_get_into_a_file_that_is_shared(
    tmp_path: Path, scope: Scope, value: str
) -> None:
    machine = bare_machine(tmp_path)
    machine.write(machine.project / ".env", "SHOP_KEY=planted-shop-value\n")
    cursor(machine, {"shop": {"command": "shop", "envFile": ".env"}}, machine.project)

    assert given(machine, scope=scope).entries["shop"]["env"] == {"SHOP_KEY": value}


def test_a_projects_file_that_leads_out_of_it_is_not_read(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    secret = machine.write_json(machine.home / "secret.json", {"mcpServers": {"a": {"command": "a"}}})
    (machine.project / ".cursor").mkdir()
    (machine.project / ".cursor" / "mcp.json").symlink_to(secret)

    found = given(machine, scope="project")

    assert found.entries == {}
    assert "not looked at" in found.notes[0]


def test_a_remote_server_that_wants_a_login_is_among_those_left_to_do(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    machine.write_json(
        machine.home / ".cursor" / "mcp.json",
        {
            "mcpServers": {
                "linear": {"url": "https://mcp.linear.app/mcp"},
                "off": {"url": "https://off", "disabled": True},
            }
        },
    )

    plan = machine.init_given(given(machine))

    assert machine.probed == ["linear"]
    assert plan.moved == ("linear", "off")


def test_from_and_from_host_exclude_each_other(machine: Machine) -> None:
    with pytest.raises(HostError, match="give one of them"):
        run("--from-host", "cursor", "--from", "x.json")


def test_the_help_names_every_host() -> None:
    assert [host.name for host in HOSTS] == HOST_NAMES.partition(", or all")[0].split(", ")


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ({"command": "npx", "args": ["-y", "a"]}, {"command": "/opt/npx", "args": ["a@latest"]}, True),
        ({"command": "cmd", "args": ["/c", "npx", "-y", "a"]}, {"command": "npx", "args": ["a"]}, True),
        ({"command": "npx", "args": ["a"]}, {"command": "npx", "args": ["b"]}, False),
        ({"command": "uvx", "args": ["a"]}, {"command": "npx", "args": ["a"]}, False),
        ({"url": "https://a.example/mcp"}, {"url": "HTTPS://A.example:443/mcp/"}, True),
        ({"url": "https://a.example/mcp?x=1"}, {"url": "https://a.example/mcp"}, False),
        ({"url": "http://a.example/mcp"}, {"url": "https://a.example/mcp"}, False),
        ({"url": "http://[x"}, {"url": "http://[x"}, True),
    ],
)
def test_what_counts_as_the_same_server(one: Json, other: Json, is_same: bool) -> None:
    assert (endpoint_of(one) == endpoint_of(other)) is is_same
