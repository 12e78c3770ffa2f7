"""The surface where loading is switched off: everything is listed as it is, and nothing changes."""

from collections.abc import Awaitable, Callable, Iterable, Mapping

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.names import HOOK_TOOL
from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.proxy import passthrough
from mcp_dynaload.proxy.call_sending import forward_unaccompanied
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.model_text import instructions_of_all
from mcp_dynaload.proxy.passthrough import Method
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.surfaces.methods import PASSED
from mcp_dynaload.proxy.surfaces.own_tools import call_hook
from mcp_dynaload.proxy.surfaces.surface import MOD_PROMPT
from mcp_dynaload.proxy.tool_calls import call_tool
from mcp_dynaload.selection.state import Decision, SessionState
from mcp_dynaload.upstream.listing import Listing


def _once_listed(method: Method, wait: Callable[[Session], Awaitable[None]] = passthrough.wait_for_listings) -> Method:
    """Return a method that waits for upstreams that were never listed: its list is whole from the start."""

    async def waiting(session: Session, request: Request, params: Json) -> Json:
        await wait(session)
        return await method(session, request, params)

    return waiting


class Transparent:
    """No tool, no prompt and no word of our own, as far as a client can see."""

    constant_decision: Decision | None = Decision(reason="loading is switched off")
    ignored_hooks: frozenset[str] = frozenset({"UserPromptSubmit", "UserPromptExpansion", "ToolSearch", MOD_PROMPT})

    def __init__(self) -> None:
        self.methods: Mapping[str, Method] = {
            **PASSED,
            "prompts/get": passthrough.get_prompt,
            "completion/complete": passthrough.complete,
            "prompts/list": _once_listed(passthrough.list_prompts),
            "resources/list": _once_listed(passthrough.list_resources, passthrough.wait_for_resources),
            "resources/templates/list": _once_listed(passthrough.list_templates, passthrough.wait_for_resources),
            "tools/list": _once_listed(self.list_tools),
            "tools/call": self.call_tool,
        }

    def listed(self, state: SessionState, catalog: Catalog) -> list[Tool]:
        """Return all tools."""
        return list(catalog.tools)

    def chosen(self, state: SessionState, catalog: Catalog) -> list[Tool]:
        """Return none: nothing is chosen."""
        return []

    def is_loaded(self, state: SessionState, name: str) -> bool:
        """Confirm it of every tool."""
        return True

    def instructions(
        self, listings: Mapping[str, Listing], unseen: Iterable[str], *, has_tool_search: bool = False
    ) -> str:
        """Return what the servers say of themselves."""
        return instructions_of_all(listings)

    async def list_tools(self, session: Session, request: Request, params: Json) -> Json:
        """List everything, unchanged."""
        session.list_refresh.was_read()
        return {"tools": [{**tool.definition, "name": tool.name} for tool in session.shown()]}

    async def call_tool(self, session: Session, request: Request, params: Json) -> Json:
        """Call an upstream's tool, or the one of the client's hooks.

        Raises:
            MCPError: No such tool; or the upstream's own error answer.
        """
        return await call_tool(session, request, params, {HOOK_TOOL: call_hook}, forward_unaccompanied)


TRANSPARENT = Transparent()
