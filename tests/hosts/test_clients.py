"""Other programs as clients of ours: our entry in their files, and every byte as it was after `uninstall`."""

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mcp_dynaload.cli.init import serve_entry
from mcp_dynaload.errors import HostError
from tests.hosts.machine import Machine
from tests.hosts.test_init_command import command, machine

__all__ = ["machine"]

pytestmark = pytest.mark.proves("other-clients")

TYPED = serve_entry()
ENTRY = {"command": TYPED["command"], "args": TYPED["args"]}
CURSOR = '{\n  // mine\n  "mcpServers": {"db": {"command": "db", "args": []}}\n}\n'
CODEX = 'model = "o9" # mine\n\n[mcp_servers.db]\ncommand = "db"'


def wire(name: str, *options: str) -> str:
    done = CliRunner().invoke(command([]), ["init", "--client", name, "--yes", *options], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def put_back() -> None:
    assert CliRunner().invoke(command([]), ["uninstall"], catch_exceptions=False).exit_code == 0


@pytest.fixture
def home(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CONFIG_HOME", "CODEX_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    return machine.home


@pytest.mark.parametrize(
    ("name", "file", "before", "key", "entry"),
    [
        ("claude-desktop", ".config/Claude/claude_desktop_config.json", None, "mcpServers", ENTRY),
        ("cursor", ".cursor/mcp.json", CURSOR, "mcpServers", ENTRY),
        ("vscode", ".config/Code/User/mcp.json", '{"servers":{}}', "servers", TYPED),
        ("codex", ".codex/config.toml", CODEX, "mcp_servers", ENTRY),
    ],
)
def test_our_entry_is_put_beside_its_own_servers_and_taken_out_again(
    machine: Machine, home: Path, name: str, file: str, before: str | None, key: str, entry: dict[str, object]
) -> None:
    path = home / file
    path.parent.mkdir(parents=True)
    if before is not None:
        path.write_text(before)
    untouched = machine.contents()

    assert "+" in wire(name, "--dry-run")
    assert machine.contents() == untouched
    said = wire(name)

    written = path.read_text().replace("// mine", "")
    servers = (tomllib.loads(written) if path.suffix == ".toml" else json.loads(written))[key]
    assert servers.pop("dynaload") == entry
    assert set(servers) == ({"db"} if before and "db" in before else set())
    assert "no hooks for us" in said
    assert ("mine" in path.read_text()) is ("mine" in (before or ""))
    assert "Nothing to do." in wire(name)
    put_back()
    assert machine.contents() == untouched


def test_what_the_user_changed_since_stays(machine: Machine, home: Path) -> None:
    path = home / ".cursor" / "mcp.json"
    machine.write(path, CURSOR)
    wire("cursor")
    path.write_text(path.read_text().replace('"args": []', '"args": ["-v"]', 1))
    put_back()
    assert path.read_text() == CURSOR.replace('"args": []', '"args": ["-v"]')


def test_each_edition_that_is_there_is_wired(machine: Machine, home: Path) -> None:
    files = [home / ".config" / edition / "User" / "mcp.json" for edition in ("Code", "VSCodium")]
    for file in files:
        file.parent.mkdir(parents=True)
    wire("vscode")
    assert [json.loads(file.read_text()) for file in files] == 2 * [{"servers": {"dynaload": TYPED}}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"mcpServers": {"dynaload": {"command": "other"}}}', "another server is named 'dynaload'"),
        ("{", "correct it and run this again"),
    ],
)
def test_a_file_that_cannot_be_changed_is_left_as_it_is(machine: Machine, home: Path, text: str, told: str) -> None:
    path = machine.write(home / ".cursor" / "mcp.json", text)
    with pytest.raises(HostError, match=told):
        wire("cursor")
    assert path.read_text() == text


def test_a_program_that_is_not_there_or_not_known_is_said(home: Path) -> None:
    with pytest.raises(HostError, match="Codex CLI was not found: none of these folders is there"):
        wire("codex")
    with pytest.raises(HostError, match="known are claude-desktop, cursor, vscode, codex"):
        wire("zed")
    with pytest.raises(HostError, match="goes with --dry-run and --yes alone"):
        wire("cursor", "--scope", "project")
