"""`mcp-dynaload upgrade-notes`: what another version has left."""

import json
import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mcp_dynaload.catalog.names import PLUGIN_SERVER_NAME, SERVER_NAME
from mcp_dynaload.cli.app import app
from mcp_dynaload.config.paths import find_locations
from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from mcp_dynaload.hosts.claude_code.wiring import PLUGIN_FOLDER
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.files_check import database_upgrades
from mcp_dynaload.store.running import held
from mcp_dynaload.store.sqlite_files import CATALOG
from tests.hosts.machine import Machine
from tests.hosts.test_init_command import machine

__all__ = ["machine"]

pytestmark = pytest.mark.proves("upgrade")


def notes(*options: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["upgrade-notes", "--json", *options], catch_exceptions=False)
    return json.loads(done.output)


def old_database(version: int = 3) -> Path:
    path = find_locations(os.environ).database_file
    with closing(Database(path)):
        pass
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {version}")
    return path


def test_a_database_that_any_start_has_brought_up_is_told_with_both_versions(machine: Machine) -> None:
    path = old_database()
    with closing(Database(path)):
        pass
    old_database(4)
    with closing(Database(path)):
        pass

    told = notes()["databases"]
    assert [(one.before, one.now) for one in database_upgrades(find_locations(os.environ))] == [
        (3, CATALOG.version),
        (4, CATALOG.version),
    ]
    assert told[0].startswith(f"dynaload.db was brought from version 3 of its tables to {CATALOG.version} on 20")


def test_hooks_and_databases_are_refreshed_unless_they_are_only_to_be_told(machine: Machine) -> None:
    path = old_database()
    old = hook_settings()
    old["hooks"]["Stop"][0]["hooks"][0]["timeout"] = 5
    machine.write_json(machine.user_settings, old)
    machine.write_json(machine.state, {"mcpServers": {"dynaload": {"command": "/bin/sh", "args": ["mcp-dynaload"]}}})
    before = machine.contents()

    shown = notes("--dry-run")
    assert machine.contents() == before
    assert shown["would_refresh"] == [
        f"database {path} (3, ours is {CATALOG.version})",
        "our registration, hooks and plugin in Claude Code's files (scope user)",
    ]

    done = notes()["refreshed"]
    assert machine.json(machine.user_settings)["hooks"] == hook_settings()["hooks"]
    assert done[0] == f"brought {path} up to our version (3, ours is {CATALOG.version})"
    assert f"brought our part of {machine.user_settings} up to this installation; restart Claude Code" in done
    assert notes()["refreshed"] == []


@contextmanager
def running(folder: Path) -> Generator[None]:
    """Be a process of a version before the one in which processes could be asked."""
    with held(folder / "7", json.dumps({"pid": 7, "kind": "session", "address": ""})):
        yield


def test_what_only_the_user_can_renew_is_told(machine: Machine) -> None:
    copy = machine.home / ".claude" / "plugins" / "cache" / "dynaload"
    for name in ("hooks/dynaload.js", "hooks/hooks.json"):
        text = (PLUGIN_FOLDER / name).read_text().replace(f'"{SERVER_NAME}"', f'"{PLUGIN_SERVER_NAME}"')
        machine.write(copy / name, text)
    installed = {"plugins": {"dynaload@mcp-dynaload": [{"installPath": str(copy)}]}}
    machine.write_json(machine.home / ".claude" / "plugins" / "installed_plugins.json", installed)

    assert "Nothing of another version is left" in CliRunner().invoke(app, ["upgrade-notes"]).output
    machine.write(copy / "hooks" / "dynaload.js", "// of yesterday")
    with running(find_locations(os.environ).processes_dir):
        first, second = notes()["left_to_do"]

    assert first.startswith(f"Claude Code's copy of our plugin in {copy} is of another version: run `claude plugin")
    assert second.startswith("process 7 (session) cannot be looked into")


def test_what_cannot_be_refreshed_is_its_exit_status(machine: Machine) -> None:
    machine.write(machine.state, "{")
    done = CliRunner().invoke(app, ["upgrade-notes"])
    assert done.exit_code == 1
    assert f"not mended: {machine.state}" in done.output
