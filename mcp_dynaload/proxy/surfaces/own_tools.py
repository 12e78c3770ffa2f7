"""Our own tools: how each is answered, for a client that follows changes of the list and for one that does not."""

from collections.abc import Mapping

from mcp_dynaload.catalog.names import CALL_TOOL, FIND_TOOLS, HOOK_TOOL
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.proxy.caller import caller_of
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.meta_tools import CALL_TOOL_DEFINITION, find_and_list, find_to_call, unwrapped_call
from mcp_dynaload.proxy.model_text import FIND_TOOLS_DEFINITION, HOOK_TOOL_DEFINITION
from mcp_dynaload.proxy.passthrough import Method
from mcp_dynaload.proxy.prompt_hook import answer_hook
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.tool_calls import call_tool

DEFINITIONS: Mapping[str, Json] = {
    FIND_TOOLS: FIND_TOOLS_DEFINITION,
    CALL_TOOL: CALL_TOOL_DEFINITION,
    HOOK_TOOL: HOOK_TOOL_DEFINITION,
}


async def call_hook(session: Session, request: Request, params: Json) -> Json:
    """Answer the tool that the client's hooks call, listed or not."""
    return await answer_hook(session, json_object(params.get("arguments")), caller_of(session.client.name, params))


async def call_found(session: Session, request: Request, params: Json) -> Json:
    """Answer `call_tool`: call the tool that its arguments name.

    Raises:
        MCPError: It names none, or one of our own; or the upstream's own error answer.
    """
    inner = unwrapped_call(params, session.registration.prefix)
    return await call_tool(session, request, inner, CALLED_BY_NAME)


FOUND_IN_LIST: Mapping[str, Method] = {FIND_TOOLS: find_and_list, HOOK_TOOL: call_hook}
"""For a client that lists again when it is told that the list has changed."""

CALLED_BY_NAME: Mapping[str, Method] = {FIND_TOOLS: find_to_call, CALL_TOOL: call_found, HOOK_TOOL: call_hook}
"""For one that is not known to, or whose list must not change."""
