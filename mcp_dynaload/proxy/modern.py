"""Revision 2026-07-28, whose requests are part of no session: its fields taken off requests and put on results."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, SERVER_INFO_META_KEY

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.passthrough import RESOURCE_NOT_FOUND, Method
from mcp_dynaload.proxy.session import Session

CAPABILITIES: Json = {"tools": {}, "prompts": {}, "resources": {}, "completions": {}}
"""No list announces changes: clients ask again when what they have is no longer fresh."""

FRESH_MILLISECONDS = 60_000
CACHEABLE = frozenset(
    {"tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read", "server/discover"}
)

ENVELOPE = "io.modelcontextprotocol/"
"""How the keys of `_meta` begin that are between the client and us."""


REQUESTS = frozenset(
    {
        "tools/list",
        "tools/call",
        "prompts/list",
        "prompts/get",
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "completion/complete",
    }
)
"""The requests of this revision that a surface answers."""


async def answered(session: Session, request: Request, method: Method) -> Json:
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
        if error.error.code == RESOURCE_NOT_FOUND:
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
