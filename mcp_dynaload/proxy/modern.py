"""The fixed surface for revision 2026-07-28, in which a list must not change by what a client does."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from mcp import MCPError
from mcp_types import INVALID_PARAMS, SERVER_INFO_META_KEY

from mcp_dynaload.catalog.names import CALL_TOOL, FIND_TOOLS
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.proxy import passthrough as passing
from mcp_dynaload.proxy import tool_calls as calls
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.commands import surface
from mcp_dynaload.proxy.meta_tools import CALL_TOOL_DEFINITION
from mcp_dynaload.proxy.model_text import FIND_TOOLS_DEFINITION
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.selection.state import is_pinned

CAPABILITIES: Json = {"tools": {}, "prompts": {}, "resources": {}, "completions": {}}
"""No list announces changes: clients ask again when what they have is no longer fresh."""

FRESH_MILLISECONDS = 60_000
CACHEABLE = frozenset(
    {"tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read", "server/discover"}
)

ENVELOPE = "io.modelcontextprotocol/"
"""How the keys of `_meta` begin that are between the client and us."""


async def list_tools(session: Session, request: Request, params: Json) -> Json:
    """List tier 1, `find_tools` and `call_tool`; everything where loading is switched off."""
    if not session.is_dynamic:
        return await calls.list_tools(session, request, params)
    pinned = [tool for tool in session.live.catalog.tools if is_pinned(session.state, tool)]
    own = {FIND_TOOLS: FIND_TOOLS_DEFINITION, CALL_TOOL: CALL_TOOL_DEFINITION}
    listed = own | {tool.name: {**tool.definition, "name": tool.name} for tool in pinned}
    return {"tools": [listed[name] for name in sorted(listed)]}


METHODS: Mapping[str, Callable[[Session, Request, Json], Awaitable[Json]]] = {
    "tools/list": list_tools,
    "tools/call": calls.call_tool,
    "prompts/list": surface.list_prompts,
    "prompts/get": surface.get_prompt,
    "resources/list": passing.list_resources,
    "resources/templates/list": passing.list_templates,
    "resources/read": passing.read_resource,
    "completion/complete": surface.complete,
}


async def answered(
    session: Session, request: Request, method: Callable[[Session, Request, Json], Awaitable[Json]]
) -> Json:
    """Return the bare result of a method.

    Raises:
        MCPError: Its error, with the revision's codes.
    """
    params = dict(request.params or {})
    meta = json_object(params.pop("_meta", None))
    if meta := {key: value for key, value in meta.items() if not key.startswith(ENVELOPE)}:
        params["_meta"] = meta
    try:
        return await method(session, replace(request, params=params), params)
    except MCPError as error:
        if error.error.code == passing.RESOURCE_NOT_FOUND:
            raise MCPError(code=INVALID_PARAMS, message=error.error.message, data=error.error.data) from error
        raise


def enveloped(method: str, result: Json, server_info: Mapping[str, Any]) -> Json:
    """Return the result with the fields that the revision wants in each."""
    freshness: Json = {}
    if method in CACHEABLE:
        is_content = method == "resources/read"
        freshness = {"ttlMs": 0 if is_content else FRESH_MILLISECONDS, "cacheScope": "private"}
    meta = {**json_object(result.get("_meta")), SERVER_INFO_META_KEY: dict(server_info)}
    return {"resultType": "complete", **freshness, **result, "_meta": meta}
