"""The surface for revision 2026-07-28, in which a list must not change by what a client does."""

from collections.abc import Iterable, Mapping

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.names import CALL_TOOL, FIND_TOOLS
from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.model_text import instructions_text
from mcp_dynaload.proxy.passthrough import Method
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.surfaces.methods import WITH_COMMANDS
from mcp_dynaload.proxy.surfaces.own_tools import CALLED_BY_NAME, DEFINITIONS
from mcp_dynaload.proxy.tool_calls import call_tool
from mcp_dynaload.selection.state import Decision, SessionState, advertised, is_pinned
from mcp_dynaload.upstream.listing import Listing


class Fixed:
    """Tier 1 is listed, and two tools of ours that find and call all others."""

    constant_decision: Decision | None = None
    ignored_hooks: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.methods: Mapping[str, Method] = {
            **WITH_COMMANDS,
            "tools/list": self.list_tools,
            "tools/call": self.call_tool,
        }

    def listed(self, state: SessionState, catalog: Catalog) -> list[Tool]:
        """Return the pinned tools and those that were found or called: the client has their definitions."""
        return [tool for name in advertised(state, catalog) if (tool := catalog.get(name))]

    def chosen(self, state: SessionState, catalog: Catalog) -> list[Tool]:
        """Return the same."""
        return self.listed(state, catalog)

    def is_loaded(self, state: SessionState, name: str) -> bool:
        """Return whether a tool was found or called before."""
        return name in state.loaded

    def instructions(
        self, listings: Mapping[str, Listing], unseen: Iterable[str], *, has_tool_search: bool = False
    ) -> str:
        """Return a line for each server, so that the model knows what it may ask for."""
        return instructions_text(listings, unseen, has_tool_search=has_tool_search)

    async def list_tools(self, session: Session, request: Request, params: Json) -> Json:
        """List tier 1, `find_tools` and `call_tool`, in name order."""
        pinned = [tool for tool in session.live.catalog.tools if is_pinned(session.state, tool)]
        own = {name: DEFINITIONS[name] for name in (FIND_TOOLS, CALL_TOOL)}
        listed = own | {tool.name: {**tool.definition, "name": tool.name} for tool in pinned}
        return {"tools": [listed[name] for name in sorted(listed)]}

    async def call_tool(self, session: Session, request: Request, params: Json) -> Json:
        """Call one of our tools or an upstream's.

        Raises:
            MCPError: No such tool; or the upstream's own error answer.
        """
        return await call_tool(session, request, params, CALLED_BY_NAME)
