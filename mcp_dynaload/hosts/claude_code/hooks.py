"""The hooks of Claude Code that tell the proxy what the user asks for, in the form of its settings.json."""

from mcp_dynaload.catalog.names import HOOK_TOOL, SERVER_NAME
from mcp_dynaload.catalog.tool import Json

HOOK_TIMEOUT_SECONDS = 30
"""After this the client goes on without our answer.

In it the client also waits for us to start, which on a busy machine takes ten seconds and more; it gives a server 30.
Once we run, all waits of an answer have their own bounds, of about two seconds together.
"""

_CONVERSATION_FIELDS = ("session_id", "transcript_path")
"""By the second the server knows that a conversation is a branch of the one before, whichever hook is called first."""

_PROMPT_FIELDS = {"prompt": "${prompt}"}
_SUBAGENT_FIELDS = {"prompt": "${tool_input.prompt}"}
_SEARCH_FIELDS = {"query": "${tool_input.query}", "limit": "${tool_input.max_results}", "agent": "${agent_id}"}
_IS_SEARCH_TOLD = {"search": "true"}
"""By this the server knows that the client's own search asks it, too: hooks of earlier versions did not."""

_OF_PLUGIN = {"plugin": "true"}
"""By this the server knows that there is a mod, which can call listed tools only, and what the settings tell, too."""


def hook_settings(*, are_plugins: bool = False, server: str = SERVER_NAME) -> Json:
    """Return the settings that register our hooks, or those of our plugin: `{"hooks": {event: [group]}}`.

    `SessionEnd` is left out: the client has disconnected by then and would show an error.
    """
    mark = _OF_PLUGIN if are_plugins else {}
    prompt_fields = _PROMPT_FIELDS | _IS_SEARCH_TOLD
    groups: list[tuple[str, str, tuple[str, ...], dict[str, str], str | None]] = [
        ("UserPromptSubmit", "UserPromptSubmit", ("permission_mode",), prompt_fields, None),
        ("UserPromptExpansion", "UserPromptExpansion", ("command_name", "command_args"), {}, None),
        ("PreToolUse", "PreToolUse", (), _SUBAGENT_FIELDS, "Agent|Task"),
        ("PreToolUse", "ToolSearch", (), _SEARCH_FIELDS, "ToolSearch"),
        ("Stop", "Stop", (), {}, None),
        ("SessionStart", "SessionStart", ("source", "model"), {}, "clear|compact"),
    ]
    hooks: dict[str, list[Json]] = {}
    for on, event, names, fields, matcher in groups:
        hooks.setdefault(on, []).append(_group(server, event, names, fields | mark, matcher))
    return {"hooks": hooks}


def _group(server: str, event: str, names: tuple[str, ...], fields: dict[str, str], matcher: str | None) -> Json:
    templates = {name: f"${{{name}}}" for name in (*_CONVERSATION_FIELDS, *names)}
    hook: Json = {
        "type": "mcp_tool",
        "server": server,
        "tool": HOOK_TOOL,
        "input": {"event": event, **fields, **templates},
        "timeout": HOOK_TIMEOUT_SECONDS,
    }
    return ({"matcher": matcher} if matcher else {}) | {"hooks": [hook]}
