"""The surface for revision 2026-07-28, in which a list must not change by what a client does."""

from mcp_dynaload.catalog.names import CALL_TOOL, FIND_TOOLS
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy import tool_calls
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.surfaces.choosing import Choosing
from mcp_dynaload.proxy.surfaces.methods import WITH_COMMANDS
from mcp_dynaload.proxy.surfaces.own_tools import CALLED_BY_NAME, DEFINITIONS
from mcp_dynaload.selection.state import is_pinned


async def list_tools(session: Session, request: Request, params: Json) -> Json:
    """List tier 1, and the two tools of ours that find and call all others; in name order."""
    pinned = [tool for tool in session.catalog.tools if is_pinned(session.state, tool)]
    own = {name: DEFINITIONS[name] for name in (FIND_TOOLS, CALL_TOOL)}
    listed = own | {tool.name: {**tool.definition, "name": tool.name} for tool in pinned}
    return {"tools": [listed[name] for name in sorted(listed)]}


async def call_tool(session: Session, request: Request, params: Json) -> Json:
    """Call one of our tools or an upstream's.

    Raises:
        MCPError: No such tool; or the upstream's own error answer.
    """
    return await tool_calls.call_tool(session, request, params, CALLED_BY_NAME)


FIXED = Choosing({**WITH_COMMANDS, "tools/list": list_tools, "tools/call": call_tool})
