import json
from pathlib import Path

from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from mcp_dynaload.proxy.hook_fields import HookFields


def test_hooks_are_registered_for_the_moments_that_matter_and_never_for_the_end() -> None:
    hooks = hook_settings()["hooks"]

    assert {event: [group.get("matcher") for group in groups] for event, groups in hooks.items()} == {
        "UserPromptSubmit": [None],
        "UserPromptExpansion": [None],
        "PreToolUse": ["Agent|Task", "ToolSearch"],
        "Stop": [None],
        "SessionStart": ["clear|compact"],
    }


def test_each_hook_calls_our_unlisted_tool_with_its_event_and_the_clients_fields() -> None:
    inputs = {event: groups[0]["hooks"][0] for event, groups in hook_settings()["hooks"].items()}

    assert all(
        (hook["type"], hook["server"], hook["tool"], hook["input"]["event"])
        == ("mcp_tool", "dynaload", "dynaload_hook", event)
        for event, hook in inputs.items()
    )
    assert inputs["UserPromptSubmit"]["input"] == {
        "event": "UserPromptSubmit",
        "prompt": "${prompt}",
        "search": "true",
        "session_id": "${session_id}",
        "transcript_path": "${transcript_path}",
        "permission_mode": "${permission_mode}",
    }
    assert inputs["UserPromptExpansion"]["input"] == {
        "event": "UserPromptExpansion",
        "session_id": "${session_id}",
        "transcript_path": "${transcript_path}",
        "command_name": "${command_name}",
        "command_args": "${command_args}",
    }
    assert inputs["PreToolUse"]["input"]["prompt"] == "${tool_input.prompt}"
    assert inputs["SessionStart"]["input"].keys() >= {"source", "model", "session_id"}


def test_no_hook_sends_what_the_server_does_not_read() -> None:
    read = set(HookFields.__slots__)

    for event, groups in hook_settings(are_plugins=True)["hooks"].items():
        for group in groups:
            fields = set(group["hooks"][0]["input"])
            assert fields <= read
            assert {"session_id", "transcript_path"} <= fields, event


def test_the_example_for_clients_of_a_service_is_what_init_installs() -> None:
    example = Path(__file__).parents[2] / "config" / "hooks.example.json"

    assert json.loads(example.read_text()) == hook_settings()
