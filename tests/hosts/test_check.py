import json
from dataclasses import replace
from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.claude_code.check import check_files
from mcp_dynaload.hosts.claude_code.files import ClaudeFiles, find_claude_files
from mcp_dynaload.hosts.claude_code.hooks import hook_settings


def client_files(tmp_path: Path, settings: Json) -> ClaudeFiles:
    """Return the client's files, with these settings of the user and a folder for the administrator's."""
    found = find_claude_files({"HOME": str(tmp_path)}, tmp_path / "project")
    files = replace(found, managed_dir=tmp_path / "managed")
    write(files.user_settings, settings)
    return files


def write(path: Path, document: Json) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


HOOKED = (
    "PreToolUse Agent|Task, PreToolUse ToolSearch, SessionStart clear|compact, Stop, UserPromptExpansion, "
    "UserPromptSubmit"
)


def findings(files: ClaudeFiles) -> list[tuple[str, str]]:
    return [(finding.level, finding.what) for finding in check_files(files, {})]


def test_servers_that_are_outside_the_proxy_are_told_by_name_and_program(tmp_path: Path) -> None:
    files = client_files(tmp_path, hook_settings())
    here = {"mcpServers": {"notes": {"command": "npx", "args": ["--token", "planted"]}}}
    user = {"dynaload": {"command": "mcp-dynaload"}, "chat": {"url": "https://chat.example/mcp?key=planted"}}
    write(files.state, {"mcpServers": user, "projects": {str(files.project.folder): here}})
    write(files.project.servers, {"mcpServers": {"db": {"command": "db"}}})

    told = [one for one in check_files(files, {}) if one.what.startswith("outside the proxy")]

    assert [(one.level, one.what, one.problem) for one in told] == [
        ("note", f"outside the proxy, in user scope ({files.state}): chat (https://chat.example/…)", None),
        ("note", f"outside the proxy, in local scope ({files.state}): notes (npx)", None),
        ("note", f"outside the proxy, in project scope ({files.project.servers}): db (db)", None),
    ]
    assert told[2].fix.startswith("`mcp-dynaload init --scope project` puts them behind it")


def test_our_hooks_are_found(tmp_path: Path) -> None:
    assert ("ok", f"hooks installed: {HOOKED}") in findings(client_files(tmp_path, hook_settings()))


@pytest.mark.parametrize("change", [{"server": "another"}, {"type": "command"}, {"tool": "another"}])
def test_a_hook_of_another_server_or_kind_is_not_ours(tmp_path: Path, change: Json) -> None:
    settings = hook_settings()
    settings["hooks"]["Stop"][0]["hooks"][0] |= change

    assert ("wrong", "hooks missing: Stop; tools are found by search only") in findings(
        client_files(tmp_path, settings)
    )


@pytest.mark.parametrize("name", ["disableAllHooks", "allowManagedHooksOnly"])
@pytest.mark.parametrize("file", ["managed-settings.json", "managed-settings.d/10-hooks.json"])
def test_an_administrator_who_switches_hooks_off_is_told(tmp_path: Path, name: str, file: str) -> None:
    files = client_files(tmp_path, hook_settings())
    before = findings(files)
    write(files.managed_dir / file, {name: True})

    told = ("note", f"`{name}` is set by your administrator: tools are found by search only")
    assert told not in before
    assert told in findings(files)


def test_broken_managed_settings_are_told(tmp_path: Path) -> None:
    files = client_files(tmp_path, {})
    files.managed_dir.mkdir()
    (files.managed_dir / "managed-settings.json").write_text("{")

    assert [level for level, _ in findings(files)] == ["wrong"]
