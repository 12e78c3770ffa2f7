"""Tool calls: routed by name, results passed on as they came, failures told in words that help."""

from collections.abc import Mapping

import anyio
import structlog
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

from mcp_dynaload.catalog.access import Denial
from mcp_dynaload.catalog.names import FIND_TOOLS
from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.errors import UpstreamContentError, UpstreamError, UpstreamHeldError
from mcp_dynaload.proxy.asked_element import AskedElement
from mcp_dynaload.proxy.call_events import CallEvents
from mcp_dynaload.proxy.call_refusals import denied, held, refused, unwanted
from mcp_dynaload.proxy.call_sending import Forward, forward_telling, send
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.content_scan import scanned
from mcp_dynaload.proxy.flow_consent import is_allowed
from mcp_dynaload.proxy.model_text import OWN_TOOLS
from mcp_dynaload.proxy.passthrough import Method, known_by_now, readable
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.toxic_flow import held_refusal
from mcp_dynaload.proxy.unknown_calls import call_unknown

log = structlog.get_logger()


async def call_tool(
    session: Session, request: Request, params: Json, own: Mapping[str, Method], forward: Forward = forward_telling
) -> Json:
    """Call one of our own tools, or an upstream's by way of `forward`.

    Raises:
        MCPError: No such tool; or the upstream's own error answer.
    """
    name = params.get("name")
    if not isinstance(name, str):
        raise MCPError(code=INVALID_PARAMS, message="tools/call needs a text 'name'")
    if name in own:
        return await own[name](session, request, params)
    found = await _found(session, name)
    if isinstance(found, Denial):
        return denied(session, found.server, found.tool, found.rule, str(found))
    if found is not None:
        return await _call_upstream(session, request, found, params, forward)
    return await call_unknown(session, request, name, params, has_find_tools=FIND_TOOLS in own)


async def _found(session: Session, name: str) -> Tool | Denial | None:
    """Return the tool of the whole catalog: a profile says what is chosen, not what may be called."""
    if name in OWN_TOOLS:
        return None
    denied_tool = session.live.listings.quarantine.access.denied_tool
    wait = session.first_listing.before_answer
    return await known_by_now(session, lambda: session.live.catalog.get(name) or denied_tool(name), wait)


async def _call_upstream(session: Session, request: Request, tool: Tool, params: Json, forward: Forward) -> Json:
    watch = CallEvents.start(session, tool, params.get("arguments"))
    if why := await _why_not(session, request, tool, watch.arguments):
        return watch.refused(refused(why))
    body = {**params, "name": tool.original_name}
    if session.host.only_upstream() is None:  # whoever offers no tasks has to call as if none was asked for
        body.pop("task", None)

    async def ask() -> Json:
        with watch.with_upstream():
            return await send(session, request, tool, body, forward)

    asked = AskedElement(tool.upstream, "tool", tool.original_name, watch.arguments)
    try:
        result = await scanned(session, asked, ask)
    except (UpstreamHeldError, UpstreamContentError) as error:
        return watch.refused(held(session, tool.upstream, error))
    except UpstreamError as error:
        watch.failed(error)
        return refused(str(error))
    except Exception:  # its own error answer, or a fault of ours; either is told as an event
        watch.failed(None)
        raise
    except anyio.get_cancelled_exc_class():
        watch.cancelled()
        raise
    return watch.answered(readable(session, tool.upstream, "tools/call", result))


async def _why_not(session: Session, request: Request, tool: Tool, arguments: object) -> str | None:
    """Return why a tool is not called; one that is belongs to the loaded ones from now on."""
    if tool.name in session.state.unloaded:
        return unwanted(session, tool.name)
    if session.settings.detailed_logging_enabled:
        log.info("tool_called", tool=tool.name, arguments=session.masker.value(arguments))
    await session.note_call(tool.name)
    is_free = await is_allowed(session, request, tool)
    return None if is_free else held_refusal(tool.name, session.registration.server)
