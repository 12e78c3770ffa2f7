from pathlib import Path

from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from tests.hosts.machine import bare_machine, used_machine


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
            "mcp__dynaload__sentry__*",
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


def test_only_tool_lists_of_markdown_files_change(tmp_path: Path) -> None:
    machine = used_machine(tmp_path)
    folder = machine.home / ".claude"
    before = {path: path.read_bytes() for path in folder.rglob("*.md")}

    machine.init()

    expected = {
        "reviewer.md": [
            (b"tools: Read, Grep, mcp__github__get_issue", b"tools: Read, Grep, mcp__dynaload__github__get_issue"),
            (b" mcp__sentry__search", b" mcp__dynaload__sentry__search"),
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


def test_hooks_switched_off_are_said(tmp_path: Path) -> None:
    machine = bare_machine(tmp_path)
    machine.write_json(machine.user_settings, {"disableAllHooks": True})

    assert any("hooks are switched off" in note for note in machine.init().notes)
