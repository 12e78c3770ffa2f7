"""The surface of Claude Code and most others: a list that follows what the user asks for."""

from collections.abc import Mapping

from mcp_dynaload.catalog.names import FIND_TOOLS, HOOK_TOOL
from mcp_dynaload.catalog.tool import ALWAYS_LOAD, Json, json_object
from mcp_dynaload.proxy import tool_calls
from mcp_dynaload.proxy.client import Request, is_following
from mcp_dynaload.proxy.passthrough import Method
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.surfaces.choosing import Choosing
from mcp_dynaload.proxy.surfaces.methods import WITH_COMMANDS
from mcp_dynaload.proxy.surfaces.own_tools import CALLED_BY_NAME, DEFINITIONS, FOUND_IN_LIST


async def list_tools(session: Session, request: Request, params: Json) -> Json:
    """List `find_tools` and what is loaded, in name order.

    What is not marked to be always loaded the client keeps out of its requests where its own tool search can find it,
    and only there: so `find_tools` is there where that search is denied, switched off, or not among an agent's tools.
    """
    session.list_refresh.was_read()
    plugin = session.plugin
    own = {name for name in _own_tools(session) if name != HOOK_TOOL or plugin.is_there}
    listed = {name: DEFINITIONS[name] for name in own} | {tool.name: tool.definition for tool in session.shown()}
    left_to_search = {HOOK_TOOL, *(plugin.selectable or ()), *([FIND_TOOLS] if plugin.is_search_ours else [])}
    return {
        "tools": [
            {**definition, "name": name} if name in left_to_search else _loaded(name, definition)
            for name, definition in sorted(listed.items())
        ]
    }


async def call_tool(session: Session, request: Request, params: Json) -> Json:
    """Call one of our tools or an upstream's.

    Raises:
        MCPError: No such tool; or the upstream's own error answer.
    """
    return await tool_calls.call_tool(session, request, params, _own_tools(session))


DYNAMIC = Choosing({**WITH_COMMANDS, "tools/list": list_tools, "tools/call": call_tool})


def _own_tools(session: Session) -> Mapping[str, Method]:
    """Return our own tools, with `call_tool` where the client is not known to follow changes of the list.

    Claude Code, which does, never gets it: all tools would pass the user's rules for single tools under one name.
    """
    follows = is_following(session.client.name, session.settings.following_clients)
    return FOUND_IN_LIST if follows else CALLED_BY_NAME


def _loaded(name: str, definition: Json) -> Json:
    return {**definition, "name": name, "_meta": {**json_object(definition.get("_meta")), ALWAYS_LOAD: True}}
