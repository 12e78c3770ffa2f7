"""Tools in the shape of the Anthropic Messages API."""

from typing import Any

from mcp_dynaload.catalog.names import FIND_TOOLS
from mcp_dynaload.proxy.model_text import FIND_TOOLS_DEFINITION
from mcp_dynaload.proxy.session import Session


def tool_params(session: Session) -> list[dict[str, Any]]:
    """Return the session's tools and `find_tools` as the `tools` of a request, in name order."""
    named = {FIND_TOOLS: FIND_TOOLS_DEFINITION, **{tool.name: tool.definition for tool in session.loaded()}}
    return [
        {
            "name": name,
            "description": named[name].get("description") or "",
            "input_schema": named[name].get("inputSchema") or {"type": "object"},
        }
        for name in sorted(named)
    ]
