"""`call_tool`, for clients that do not follow changes of the list: it calls what `find_tools` has found."""

import json
from collections.abc import Sequence

from mcp import MCPError
from mcp_types import INVALID_PARAMS

from mcp_dynaload.catalog.cost import MAX_DESCRIPTION_LENGTH
from mcp_dynaload.catalog.names import CALL_TOOL, FIND_TOOLS
from mcp_dynaload.catalog.tool import Json, Tool, json_object
from mcp_dynaload.proxy.model_text import MAX_FOUND_CHARACTERS, OWN_TOOLS
from mcp_dynaload.proxy.session import Session

OWN_CLIENTS = "mcp-dynaload"
"""How our own clients' names begin; they call by name."""

CALL_TOOL_DEFINITION: Json = {
    "name": CALL_TOOL,
    "description": f"Call any tool of the connected MCP servers that {FIND_TOOLS} has found and that is not listed.",
    "inputSchema": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": f"The tool's name as {FIND_TOOLS} gave it"},
            "arguments": {"type": "object", "description": "Its arguments, by its own input schema"},
        },
        "required": ["name"],
    },
    "annotations": {"title": "Call a tool", "openWorldHint": True},
}


def has_call_tool(session: Session) -> bool:
    """Return whether the client is not known to follow changes of the list.

    Claude Code, which does, never gets it: all tools would pass the user's rules for single tools under one name.
    """
    if session.host.progress is not None:
        return session.is_dynamic
    return session.is_dynamic and not is_following(session.client.name, session.shared.settings.following_clients)


def is_following(name: str, following: str) -> bool:
    """Return whether a client's name is ours, or among those, with commas between, that follow changes."""
    return name.startswith(OWN_CLIENTS) or name in (known.strip() for known in following.split(","))


def unwrapped_call(params: Json, client_prefix: str) -> Json:
    """Return the call that a `call_tool` asks for, as the client would have made it itself.

    Raises:
        MCPError: It names no tool, or one of our own.
    """
    arguments = json_object(params.get("arguments"))
    name = arguments.get("name")
    if not isinstance(name, str) or not name:
        raise MCPError(code=INVALID_PARAMS, message=f"{CALL_TOOL} needs a text 'name'")
    name = name.removeprefix(client_prefix)
    if name in OWN_TOOLS:
        raise MCPError(code=INVALID_PARAMS, message=f"{CALL_TOOL}: {name!r} is no tool of a connected server")
    inner: object = arguments.get("arguments") or {}
    if not isinstance(inner, dict):
        raise MCPError(code=INVALID_PARAMS, message=f"{CALL_TOOL}: 'arguments' must be an object")
    return {**params, "name": name, "arguments": inner}


def callable_text(tools: Sequence[Tool], query: str) -> str:
    """Return the answer of `find_tools` for such a client: definitions, one a line, as far as they fit."""
    if not tools:
        return f"No tool of the connected MCP servers matches {query!r}. Try other words, or go on without."
    lines = [f"Call one of these with {CALL_TOOL}, giving its name and its arguments:"]
    for tool in tools:
        fields = {
            "name": tool.name,
            "description": tool.description[:MAX_DESCRIPTION_LENGTH],
            "inputSchema": tool.input_schema,
        }
        line = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        room = MAX_FOUND_CHARACTERS - sum(len(text) + 1 for text in lines)
        lines.append(line if len(line) < room else json.dumps({"name": tool.name}))
    return "\n".join(lines)
