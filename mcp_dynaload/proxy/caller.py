"""Who calls the hook tool: the client for its user, or whoever else can name a tool."""

from enum import Enum, auto

from mcp_dynaload.catalog.tool import Json, json_object

CLAUDE_CODE = "claude-code"
"""How the client with hooks, and with a menu of our commands, introduces itself."""

BRIDGED = f"{CLAUDE_CODE} (via "
"""How it is introduced by a program that connects it to a remote server and passes its messages on unchanged."""

TOOL_USE_ID = "claudecode/toolUseId"
"""The `_meta` key that Claude Code adds to each call that the model or a mod makes, and to no settings hook's."""

HOOK_MARK = "dynaload/hook"
"""The `_meta` key by which another program says that it calls for its user.

A model fills in a call's `arguments`; `_meta` is written by the program that sends the call.
"""


PLUGIN_CALL = "toolu_plugin_"
"""How that id begins where a mod calls: one that the user has installed, not the model."""


class Caller(Enum):
    """The one on whose behalf the hook tool is called."""

    USER = auto()
    """The client tells what its user did."""

    ANYBODY = auto()
    """It may be the model, through a client that sends on names that are not listed."""


def is_claude_code(client_name: str) -> bool:
    """Return whether the client is Claude Code, maybe behind a program that passes its messages on."""
    return client_name == CLAUDE_CODE or client_name.startswith(BRIDGED)


def caller_of(client_name: str, params: Json) -> Caller:
    """Tell who calls the hook tool by the client's name and by what it has put beside the arguments of the call."""
    meta = json_object(params.get("_meta"))
    if TOOL_USE_ID in meta:
        is_plugin = is_claude_code(client_name) and str(meta[TOOL_USE_ID]).startswith(PLUGIN_CALL)
        return Caller.USER if is_plugin else Caller.ANYBODY
    return Caller.USER if is_claude_code(client_name) or meta.get(HOOK_MARK) is True else Caller.ANYBODY
