"""The user's word, asked for in their client, for a tool that waits because it is dangerous with the others."""

import anyio
import structlog
from mcp.shared.exceptions import MCPError

from mcp_dynaload.catalog.tool import Json, Tool, json_object
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.toxic_flow import WHY, flow_with
from mcp_dynaload.selection.actions import FlowAllowed

ANSWER_SECONDS = 300.0
"""A user who has not answered by then has gone; the call is refused, as it is without a question."""

log = structlog.get_logger()


async def is_allowed(session: Session, request: Request, tool: Tool) -> bool:
    """Return whether a tool that is called may be: it does not wait, or the user lets it go on now.

    Only a client with a screen is asked, and once for each tool; Claude Code never calls such a tool, as it lists none.
    """
    if tool.name not in session.state.held:
        return True
    if not _can_ask(session) or not session.flows.asks_for(tool.name):
        return False
    answer: Json = {}
    with anyio.move_on_after(ANSWER_SECONDS), session.client.serving(tool.upstream, request):
        try:
            answer = await session.client.ask(tool.upstream, "elicitation/create", _question(session, tool))
        except MCPError as error:
            log.info("flow_not_asked", tool=tool.name, why=error.error.message)
    if answer.get("action") != "accept":
        return False
    await session.decide(FlowAllowed())
    return True


def _can_ask(session: Session) -> bool:
    """Return whether there is a user at the client who is shown questions."""
    capabilities = session.client.profile().capabilities
    is_shown = "elicitation" in capabilities and _shows_forms(json_object(capabilities["elicitation"]))
    return is_shown and session.client.environment.is_interactive


def _shows_forms(shown: Json) -> bool:
    """Return whether a client shows forms: one of an older revision says so by naming no kind of question."""
    return not shown or "form" in shown


def _question(session: Session, tool: Tool) -> Json:
    flow = flow_with(session.loaded(), session.catalog.known([tool.name]))
    message = f"May {tool.name!r} be called? With it this session's tools could {flow.in_words()}: {WHY}."
    return {"message": message, "requestedSchema": {"type": "object", "properties": {}}}
