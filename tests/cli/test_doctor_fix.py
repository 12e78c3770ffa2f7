"""`doctor --fix`: what has one safe remedy is mended and said; the rest is left to the user."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mcp_dynaload.cli.checks import state_findings
from mcp_dynaload.cli.remedies import mend
from mcp_dynaload.config.paths import Locations, find_locations
from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from mcp_dynaload.hosts.claude_code.installation import uninstall
from mcp_dynaload.hosts.claude_code.wiring import PLUGIN_FOLDER
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.files_check import LEFT_SECONDS
from mcp_dynaload.store.peers import Origin, Peers
from mcp_dynaload.store.sqlite_files import CATALOG
from tests.hosts.machine import Machine
from tests.hosts.test_init_command import machine

__all__ = ["machine"]


def places() -> Locations:
    return find_locations(os.environ)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def age(path: Path) -> Path:
    then = time.time() - LEFT_SECONDS - 1
    os.utime(path, (then, then))
    return path


def complaints() -> list[str]:
    return [finding.what for finding in state_findings(places()) if finding.level != "ok"]


@pytest.mark.proves("doctor-fix")
def test_a_missing_state_folder_is_made_and_then_nothing_is_left_to_mend(machine: Machine) -> None:
    assert [*mend(places())] == [f"made the state folder {places().state_dir}"]
    assert mode(places().state_dir) == 0o700
    assert [*mend(places())] == []


@pytest.mark.proves("doctor-fix")
def test_files_of_ours_are_closed_to_others_and_opened_to_the_user(machine: Machine) -> None:
    folder = places().state_dir
    database, log, inner = folder / "dynaload.db", folder / "logs" / "a.log", folder / "logs" / "deep" / "b.log"
    inner.parent.mkdir(parents=True)
    for path in (database, log, inner):
        path.write_bytes(b"")
    database.chmod(0o444)
    log.chmod(0o644)
    inner.chmod(0o600)
    inner.parent.chmod(0o755)
    folder.chmod(0o755)
    outside = machine.write(machine.root / "outside", "")
    outside.chmod(0o644)
    (folder / "link").symlink_to(outside)

    assert "not closed to others, or to you" in complaints()[-1]
    mended = [*mend(places())]

    assert [line.partition(" to others")[0] for line in mended if line.startswith("closed")] == [
        f"closed {path}" for path in (folder, database, folder / "logs", log, inner.parent)
    ]
    assert [mode(path) for path in (folder, database, log, inner, inner.parent)] == [0o700, 0o600, 0o600, 0o600, 0o700]
    assert mode(outside) == 0o644
    assert complaints() == []


def test_what_processes_that_ended_have_left_is_removed_and_what_runs_stays(machine: Machine) -> None:
    folder = places().peers_dir
    running = Peers(folder, "client", Origin.PLUGIN)
    with running.joined():
        (live,) = folder.iterdir()
        dead = folder / "client.registered.1"
        dead.touch(0o600)
        half = places().state_dir / ".trust.json.0a1b.tmp"
        half.touch(0o600)
        new = places().state_dir / ".trust.json.0a1c.tmp"
        new.touch(0o600)
        for path in (live, dead, half):
            age(path)

        mended = [*mend(places())]

        assert mended == [f"removed {path}, left by a process that has ended" for path in (dead, half)]
        assert (live.exists(), dead.exists(), half.exists(), new.exists()) == (True, False, False, True)


def test_a_database_of_another_version_is_brought_up_and_keeps_what_was_learned(machine: Machine) -> None:
    path = places().database_file
    with closing(Database(path)) as database:
        database.write("INSERT INTO pins VALUES (?, ?)", [("p", "t")])
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 3")

    assert f"is of another version (3, ours is {CATALOG.version})" in complaints()[0]
    mended = [*mend(places())]

    assert mended == [f"brought {path} up to our version (3, ours is {CATALOG.version})"]
    with closing(Database(path)) as database:
        assert database.read("SELECT tool FROM pins") == [("t",)]
    assert complaints() == []


def test_a_damaged_database_is_made_anew_and_the_damaged_one_kept(machine: Machine) -> None:
    path = places().database_file
    with closing(Database(path)):
        pass
    damaged = b"no database at all" * 100
    path.write_bytes(damaged)

    mended = [*mend(places())]

    assert mended == [f"made {path} anew; what was in it is dynaload.db.broken"]
    assert path.with_name("dynaload.db.broken").read_bytes() == damaged
    assert complaints() == []


@pytest.mark.proves("doctor-fix")
def test_stale_hooks_and_a_registration_that_leads_nowhere_are_refreshed_and_servers_stay(machine: Machine) -> None:
    old = hook_settings()
    old["hooks"]["Stop"][0]["hooks"][0]["timeout"] = 5
    own: dict[str, Any] = {"hooks": [{"type": "command", "command": "beep"}]}
    old["hooks"]["Stop"].append(own)
    machine.write_json(machine.user_settings, old)
    gone = {"type": "stdio", "command": "/no/such/mcp-dynaload", "args": ["serve"]}
    machine.write_json(machine.state, {"mcpServers": {"db": {"command": "db"}, "dynaload": gone}})
    places().state_dir.mkdir(mode=0o700)
    before = machine.contents()

    mended = [*mend(places())]

    hooks = machine.json(machine.user_settings)["hooks"]
    assert hooks["Stop"] == [hook_settings()["hooks"]["Stop"][0], own]
    servers = machine.json(machine.state)["mcpServers"]
    assert Path(servers["dynaload"]["command"]).exists()
    assert servers["db"] == {"command": "db"}
    assert [line.partition(" of ")[2].partition(" up")[0] for line in mended] == [
        str(machine.state),
        str(machine.user_settings),
    ]
    assert [*mend(places())] == []
    uninstall(places().backups_dir, places().state_dir, lambda text: None)
    assert machine.contents() == before


def test_a_plugin_that_leads_nowhere_is_linked_again(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    program = machine.write(machine.root / "bin" / "claude", "#!/bin/sh\necho 2.1.332\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    link = machine.home / ".claude" / "skills" / "dynaload"
    link.parent.mkdir(parents=True)
    link.symlink_to("/gone/mcp_dynaload/plugin")
    machine.write_json(machine.state, {"mcpServers": {"dynaload": {"command": "/bin/sh", "args": ["mcp-dynaload"]}}})

    mended = "\n".join(mend(places()))

    assert f"brought our part of {link} up to this installation" in mended
    assert link.readlink() == PLUGIN_FOLDER


def test_nothing_is_installed_where_nothing_was(machine: Machine) -> None:
    machine.write_json(machine.user_settings, {"hooks": {}})
    before = machine.contents()

    mended = [*mend(places())]

    assert mended == [f"made the state folder {places().state_dir}"]
    assert machine.contents() == before


def test_a_remedy_that_fails_is_said_and_stops_no_other(machine: Machine) -> None:
    machine.write(machine.state, "{")
    mended = [*mend(places())]

    assert mended[0] == f"made the state folder {places().state_dir}"
    assert mended[1].startswith(f"not mended: {machine.state}")
