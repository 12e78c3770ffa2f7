"""A call of a name that no known tool has: why there is none, or what the only server behind us says of it."""

from functools import partial

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.unused_servers import UnusedServer
from mcp_dynaload.errors import UpstreamClosedError, UpstreamContentError, UpstreamError, UpstreamHeldError
from mcp_dynaload.proxy.asked_element import AskedElement
from mcp_dynaload.proxy.call_events import cause_of
from mcp_dynaload.proxy.call_refusals import held, refused, unknown
from mcp_dynaload.proxy.call_sending import forward_unaccompanied
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.content_scan import scanned
from mcp_dynaload.proxy.events import MAX_TEXT
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.telemetry.events import Fallback, FellBack
from mcp_dynaload.upstream.upstream import gone


async def call_unknown(session: Session, request: Request, name: str, params: Json, *, has_find_tools: bool) -> Json:
    """Answer the call of a name that is not in the catalog.

    Raises:
        MCPError: There is no such tool; or the only upstream's own error answer.
    """
    if (unused := _unused_server_of(session, name)) is not None:
        session.emit(FellBack(step=Fallback.UPSTREAM_DOWN, tool=name[:MAX_TEXT], upstream=unused.name, detail="unused"))
        return refused(f"There is no tool {name!r}. {unused} The other servers are unaffected.")
    if (server := session.live.gone.get(name)) is not None:
        session.emit(FellBack(step=Fallback.UPSTREAM_DOWN, tool=name, upstream=server, detail="removed by the user"))
        return refused(str(UpstreamClosedError(gone(server))))
    if (upstream := session.host.only_upstream()) is not None:
        return await _as_it_says(
            session, request, AskedElement(upstream, "tool", name, params.get("arguments")), params
        )
    if reason := session.live.listings.quarantine.held_tool(name):
        return refused(reason)
    nearest = ", ".join(session.catalog.nearest(name))
    session.emit(FellBack(step=Fallback.UNKNOWN_NAME, tool=name[:MAX_TEXT], detail=nearest))
    raise MCPError(code=INVALID_PARAMS, message=unknown(session, name, has_find_tools=has_find_tools))


def _unused_server_of(session: Session, name: str) -> UnusedServer | None:
    """Return the server that would have the tool, if it is named in a servers file and not used."""
    used = session.live.listings.configs
    found = session.live.unused.server_of(name, (config.prefix for config in used.values()))
    return None if found is None or found.name in used else found


async def _as_it_says(session: Session, request: Request, asked: AskedElement, params: Json) -> Json:
    """Return the only upstream's own words about a name; its failure is an event, and a result."""
    ask = partial(forward_unaccompanied, session, request, asked.upstream, params)
    try:
        return await scanned(session, asked, ask)
    except (UpstreamHeldError, UpstreamContentError) as error:
        return held(session, asked.upstream, error)
    except UpstreamError as error:
        session.emit(FellBack(step=Fallback.UPSTREAM_DOWN, upstream=asked.upstream, detail=cause_of(error)))
        return refused(str(error))
