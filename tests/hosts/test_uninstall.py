import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_dynaload.config.trust import is_trusted
from mcp_dynaload.errors import HostError
from mcp_dynaload.hosts.claude_code.client_version import MODS_VERSION
from mcp_dynaload.hosts.claude_code.files import Scope
from mcp_dynaload.hosts.claude_code.installation import uninstall
from tests.hosts.machine import ENTRY, Machine, bare_machine, used_machine
from tests.hunting import examples

SCOPES: tuple[Scope, ...] = ("user", "project", "local")


@pytest.mark.proves("init")
def test_every_byte_comes_back(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    before = machine.contents()
    for scope in SCOPES:
        machine.init(scope, is_dry_run=scope == "local")
    assert machine.contents() != before

    assert machine.uninstall()

    assert machine.contents() == before


def test_where_every_byte_came_back_no_copy_is_left_that_could_hold_a_secret(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.init("user")
    machine.init("project")
    assert any(machine.locations.backups_dir.rglob("*"))

    machine.uninstall()

    assert list(machine.locations.backups_dir.rglob("*")) == []


def test_copies_that_are_kept_for_a_changed_file_are_named(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.init()
    machine.user_settings.write_text(machine.user_settings.read_text().replace("{", '{"added": 1,', 1))

    machine.uninstall()

    (folder,) = machine.locations.backups_dir.iterdir()
    assert any(str(folder) in text and "secrets included" in text for text in machine.shown)


def test_a_server_that_was_added_to_ours_alone_is_named(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.init()
    file = machine.locations.user_servers_file
    servers = machine.json(file)["mcpServers"]
    machine.write_json(file, {"mcpServers": {**servers, "later": {"command": "later"}}})

    machine.uninstall()

    assert list(machine.json(file)["mcpServers"]) == ["later"]
    assert any(f"{file}, which only mcp-dynaload reads, still has: later; to have" in text for text in machine.shown)


def test_files_and_folders_that_init_made_are_removed(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    before = machine.contents()
    machine.init()

    machine.uninstall()

    assert machine.contents() == before


def test_trust_in_a_project_lasts_as_long_as_the_wiring(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.init("project")
    servers = machine.locations.project_servers_file
    assert is_trusted(servers, machine.locations.state_dir)
    content = servers.read_bytes()

    machine.uninstall()

    servers.parent.mkdir()
    servers.write_bytes(content)
    assert not is_trusted(servers, machine.locations.state_dir)


def test_without_room_for_what_the_files_hold_now_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = used_machine(tmp_path)
    machine.init()
    before = machine.contents()

    def refuse(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("mcp_dynaload.hosts.claude_code.installation.write_atomically", refuse)
    with pytest.raises(HostError, match=r"No space left on device\); nothing changed"):
        machine.uninstall()

    assert machine.contents() == before


def test_an_uninstall_that_fails_half_way_leaves_all_as_it_was_the_plugin_too(tmp_path: Path) -> None:
    machine = replace(used_machine(tmp_path), client_version=MODS_VERSION)
    machine.init()
    before = machine.contents()
    link = next(path for path in (machine.home / ".claude" / "skills").iterdir() if path.is_symlink())

    def write(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    with pytest.raises(HostError, match=r"No space left on device.*nothing changed"):
        uninstall(machine.locations.backups_dir, machine.locations.state_dir, machine.shown.append, write)

    assert machine.contents() == before
    assert link.is_symlink()


def test_there_is_nothing_to_undo_twice(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    assert not machine.uninstall()
    machine.init()

    assert machine.uninstall()
    assert not machine.uninstall()


def test_several_runs_are_undone_together(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    before = machine.json(machine.state)
    machine.init()
    state = machine.json(machine.state)
    state["mcpServers"]["new"] = {"command": "new-server"}
    machine.write_json(machine.state, state)
    machine.init()
    assert "new" not in machine.json(machine.state)["mcpServers"]

    machine.uninstall()

    before["mcpServers"]["new"] = {"command": "new-server"}
    assert machine.json(machine.state) == before
    assert not machine.locations.user_servers_file.exists()


def test_what_the_client_wrote_since_is_kept(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    before = machine.json(machine.state)
    machine.init()
    state = machine.json(machine.state)
    state["numStartups"] += 1
    state["projects"][str(machine.other)]["allowedTools"].append("Bash(make)")
    state["projects"]["/new"] = {"allowedTools": []}
    state["mcpServers"]["later"] = {"command": "later-server"}
    machine.write_json(machine.state, state)

    machine.uninstall()

    before["numStartups"] += 1
    before["projects"][str(machine.other)]["allowedTools"].append("Bash(make)")
    before["projects"]["/new"] = {"allowedTools": []}
    before["mcpServers"]["later"] = {"command": "later-server"}
    assert machine.json(machine.state) == before
    assert list(machine.json(machine.state)["mcpServers"])[:3] == ["github", "filesystem", "time"]
    assert any("was changed since: our changes were taken out" in text for text in machine.shown)


def test_rules_and_hooks_that_others_added_since_are_kept(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    before = machine.json(machine.user_settings)
    machine.init()
    now = machine.json(machine.user_settings)
    now["permissions"]["allow"] += ["Bash(make)", "mcp__dynaload__github__get_issue"]
    now["hooks"]["Stop"].append({"hooks": [{"type": "command", "command": "beep"}]})
    del now["permissions"]["ask"]
    machine.write_json(machine.user_settings, now)

    machine.uninstall()

    before["permissions"]["allow"] += ["Bash(make)", "mcp__github__get_issue"]
    before["hooks"]["Stop"] = [{"hooks": [{"type": "command", "command": "beep"}]}]
    del before["permissions"]["ask"]
    assert machine.json(machine.user_settings) == before


def test_a_changed_agent_keeps_the_change_and_gets_its_tools_back(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    agent = machine.home / ".claude" / "agents" / "review" / "reviewer.md"
    before = agent.read_bytes()
    machine.init()
    agent.write_bytes(agent.read_bytes() + b"Be kind.\n")

    machine.uninstall()

    assert agent.read_bytes() == before + b"Be kind.\n"


def test_servers_added_behind_the_proxy_stay_in_our_file(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.init()
    servers = machine.locations.user_servers_file
    document = machine.json(servers)
    document["mcpServers"]["mine"] = {"command": "mine"}
    document["mcpServers"]["github"]["dynaload"]["pin"] = ["create_issue"]
    machine.write_json(servers, document)

    machine.uninstall()

    assert machine.json(servers) == {
        "mcpServers": {"github": document["mcpServers"]["github"], "mine": {"command": "mine"}}
    }
    assert any("`mcpServers.github` was changed since and stays as it is" in text for text in machine.shown)
    assert machine.json(machine.state)["mcpServers"]["github"]["command"] == "npx"


def test_a_server_that_the_user_took_out_of_our_file_since_does_not_come_back(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.init()
    file = machine.locations.user_servers_file
    servers = machine.json(file)["mcpServers"]
    del servers["github"]
    servers["time"]["disabled"] = True
    machine.write_json(file, {"mcpServers": servers})

    machine.uninstall()

    back = machine.json(machine.state)["mcpServers"]
    assert not {"github", "time"} & back.keys()
    assert "filesystem" in back
    assert machine.json(file)["mcpServers"].keys() == {"time"}
    told = " ".join(machine.shown)
    assert f"{machine.state}: 'github' is not put back, as it was removed from {file} since" in told
    assert f"{machine.state}: 'time' is not put back, as it was disabled in {file} since" in told


def test_a_server_that_the_user_has_put_back_by_hand_stays_and_a_file_that_is_gone_takes_none_along(
    tmp_path: Path,
) -> None:
    machine = used_machine(tmp_path)
    before = machine.json(machine.state)
    machine.init()
    state = machine.json(machine.state)
    state["mcpServers"]["github"] = before["mcpServers"]["github"]
    machine.write_json(machine.state, state)
    machine.locations.user_servers_file.unlink()

    machine.uninstall()

    assert machine.json(machine.state) == before


def test_our_entry_goes_even_if_somebody_changed_it(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    before = machine.json(machine.state)
    machine.init()
    state = machine.json(machine.state)
    state["mcpServers"]["dynaload"] = {**ENTRY, "env": {"A": "1"}}
    machine.write_json(machine.state, state)

    machine.uninstall()

    assert machine.json(machine.state) == before


def test_a_file_that_was_deleted_since_stays_deleted(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.init()
    machine.local_settings.unlink()

    machine.uninstall()

    assert not machine.local_settings.exists()
    assert any("was deleted since" in text for text in machine.shown)


def test_a_file_that_is_broken_now_stops_everything(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.init()
    machine.write(machine.user_settings, "{")
    before = machine.contents()

    with pytest.raises(HostError, match="line 1"):
        machine.uninstall()

    assert machine.contents() == before


def test_a_damaged_backup_is_named(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.init()
    copy = next(machine.locations.backups_dir.glob("*/1.before"))
    copy.write_text("{}")

    with pytest.raises(HostError, match="the backup is damaged"):
        machine.uninstall()


def test_a_backup_of_another_version_is_named_and_kept(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    machine.init()
    manifest = next(machine.locations.backups_dir.glob("*/manifest.json"))
    manifest.write_text(manifest.read_text().replace('"version": 1', '"version": 2'))

    with pytest.raises(HostError, match=r"of another version of mcp-dynaload \(2, ours is 1\); run this with that one"):
        machine.uninstall()
    assert manifest.exists()


names = st.sampled_from(["github", "git.hub", "a__b", "time", "füü", "dynaload_x"])
rules: st.SearchStrategy[Any] = st.lists(
    st.sampled_from(["mcp__github", "mcp__github__*", "mcp__git_hub__x", "mcp__a__b__c", "mcp__*", "Bash(ls)", "Read"])
)
entries = st.fixed_dictionaries({"command": st.sampled_from(["npx", "uvx"])}, optional={"env": st.just({"K": "v"})})
matchers = st.sampled_from(["mcp__github__.*", "Bash|mcp__time__now", "mcp__(a|b)__.*", "*"])
configurations: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "mcpServers": st.dictionaries(names, entries, max_size=4),
        "numStartups": st.integers(),
        "note": st.text(max_size=8),
    },
)
settings_files: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {},
    optional={
        "permissions": st.fixed_dictionaries({}, optional={"allow": rules, "ask": rules, "deny": rules}),
        "hooks": st.dictionaries(
            st.sampled_from(["PreToolUse", "Stop"]),
            st.lists(st.fixed_dictionaries({"matcher": matchers, "hooks": st.just([])}), max_size=2),
        ),
        "model": st.just("opus"),
    },
)
scopes = st.lists(st.sampled_from(SCOPES), min_size=1, max_size=3, unique=True)


def configured(root: str, state: Any, user: Any, local: Any, servers: Any) -> Machine:
    machine = bare_machine(Path(root))
    machine.write_json(machine.state, state | {"projects": {str(machine.project): {"mcpServers": servers}}})
    machine.write_json(machine.user_settings, user)
    machine.write_json(machine.local_settings, local)
    machine.write_json(machine.project_servers, {"mcpServers": servers})
    return machine


@settings(max_examples=examples(25), deadline=None)
@given(configurations, settings_files, settings_files, st.dictionaries(names, entries, max_size=3), scopes)
def test_uninstall_after_init_is_the_identity(
    state: Any, user: Any, local: Any, servers: Any, chosen: list[Scope]
) -> None:
    with tempfile.TemporaryDirectory() as root:
        machine = configured(root, state, user, local, servers)
        before = machine.contents()
        for scope in chosen:
            machine.init(scope)
            assert machine.init(scope).edits == ()

        machine.uninstall()

        assert machine.contents() == before


@settings(max_examples=examples(25), deadline=None)
@given(configurations, settings_files, settings_files, st.dictionaries(names, entries, max_size=3))
def test_a_change_by_others_is_all_that_remains(state: Any, user: Any, local: Any, servers: Any) -> None:
    with tempfile.TemporaryDirectory() as root:
        machine = configured(root, state, user, local, servers)
        files = (machine.state, machine.user_settings, machine.local_settings)
        before = [machine.json(path) for path in files]
        machine.init()
        for path in files:
            machine.write_json(path, {"theirs": {"a": 1}} | machine.json(path))

        machine.uninstall()

        assert [machine.json(path) for path in files] == [{**value, "theirs": {"a": 1}} for value in before]


@pytest.mark.proves("wiring")
def test_comments_in_our_own_servers_file_stay_through_init_and_uninstall(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    own = machine.locations.user_servers_file
    machine.write(own, '{\n  // mine\n  "mcpServers": {\n    "own": {"command": "x"} // here\n  }\n}\n')
    before = machine.contents()

    machine.init()
    moved = own.read_text()
    machine.uninstall()

    assert "// mine" in moved
    assert '"own": {"command": "x"}, // here\n' in moved
    assert machine.contents() == before
