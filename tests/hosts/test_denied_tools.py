import json
import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mcp_dynaload.hosts.claude_code import files
from mcp_dynaload.hosts.claude_code.denied_tools import read_deny_rules, settings_files


def write(path: Path, *rules: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"permissions": {"allow": ["mcp__a"], "deny": rules}}), encoding="utf-8")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the client's files in a folder in the place of the machine."""
    monkeypatch.setattr(files, "_LINUX_MANAGED_DIR", tmp_path / "etc")
    monkeypatch.setattr(files, "_MANAGED_DIRS", {})
    return tmp_path


def rules(machine: Path) -> list[tuple[str, str]]:
    found = read_deny_rules({"HOME": str(machine / "home")}, machine / "project")
    return [(rule.rule, str(Path(rule.place).relative_to(machine))) for rule in found]


def test_the_rules_of_all_files_are_read_the_administrators_first(machine: Path) -> None:
    write(machine / "project/.claude/settings.local.json", "local")
    write(machine / "project/.claude/settings.json", "project")
    write(machine / "home/.claude/settings.json", "user", 7, None)
    write(machine / "etc/managed-settings.d/10.json", "drop-in")
    write(machine / "etc/managed-settings.json", "managed")

    assert rules(machine) == [
        ("managed", "etc/managed-settings.json"),
        ("drop-in", "etc/managed-settings.d/10.json"),
        ("user", "home/.claude/settings.json"),
        ("project", "project/.claude/settings.json"),
        ("local", "project/.claude/settings.local.json"),
    ]


def test_a_moved_folder_of_the_users_and_the_home_as_project_are_read_once(machine: Path) -> None:
    home = machine / "home"
    write(home / ".claude/settings.json", "user")
    write(machine / "moved/settings.json", "moved")

    moved = read_deny_rules({"HOME": str(home), "CLAUDE_CONFIG_DIR": str(machine / "moved")}, machine / "project")

    assert [rule.rule for rule in moved] == ["moved"]
    assert [rule.rule for rule in read_deny_rules({"HOME": str(home)}, home)] == ["user"]


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("{", True),
        ("[]", True),
        ("[" * 100_000, True),
        ('{"permissions": {"deny": [' + "9" * 5_000 + "]}}", True),
        ('{"permissions": {"deny": ["mcp__a"]}}'.ljust(1_000_001), True),
        ('{"permissions": []}', False),
        ('{"permissions": {"deny": "mcp__a"}}', False),
        ('{"permissions": {"deny": {}}}', False),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_file_that_is_not_as_it_should_be_has_no_rules_and_the_others_theirs(
    machine: Path, text: str, is_told: bool
) -> None:
    write(machine / "home/.claude/settings.json", "user")
    project = machine / "project/.claude/settings.json"
    project.parent.mkdir(parents=True)
    project.write_text(text)

    with capture_logs() as logs:
        assert rules(machine) == [("user", "home/.claude/settings.json")]

    assert [str(project) in one["error"] for one in logs] == [True] * is_told


def test_a_link_is_followed_as_the_client_follows_it(machine: Path) -> None:
    write(machine / "main/.claude/settings.json", "main")
    (machine / "project").mkdir()
    (machine / "project/.claude").symlink_to(machine / "main/.claude")

    assert rules(machine) == [("main", "main/.claude/settings.json")]


def test_a_link_to_itself_and_a_pipe_have_no_rules_and_are_not_waited_for(machine: Path) -> None:
    write(machine / "home/.claude/settings.json", "user")
    folder = machine / "project/.claude"
    folder.mkdir(parents=True)
    (folder / "settings.json").symlink_to(folder / "settings.json")
    os.mkfifo(folder / "settings.local.json")

    with capture_logs() as logs:
        assert rules(machine) == [("user", "home/.claude/settings.json")]

    assert [one["event"] for one in logs] == ["client_settings_unreadable"] * 2


def test_a_drop_in_that_comes_is_among_the_files_to_follow(machine: Path) -> None:
    environ = {"HOME": str(machine / "home")}
    before = settings_files(environ, machine / "project")
    write(machine / "etc/managed-settings.d/10.json", "drop-in")

    assert {*settings_files(environ, machine / "project")} - {*before} == {machine / "etc/managed-settings.d/10.json"}
