"""Tool calls: routed by name, results passed on as they came, failures told in words that help."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from itertools import count

import anyio
import structlog
from mcp import MCPError
from mcp_types import INVALID_PARAMS

from mcp_dynaload.catalog.access import Denial
from mcp_dynaload.catalog.names import FIND_TOOLS
from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.errors import (
    UpstreamClosedError,
    UpstreamContentError,
    UpstreamDeniedError,
    UpstreamError,
    UpstreamHeldError,
    UpstreamLoginError,
    UpstreamTimeoutError,
)
from mcp_dynaload.proxy.call_events import CallEvents, cause_of
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.content_scan import scanned_call
from mcp_dynaload.proxy.events import MAX_TEXT
from mcp_dynaload.proxy.failures import accompanied
from mcp_dynaload.proxy.flow_consent import is_allowed
from mcp_dynaload.proxy.model_text import OWN_TOOLS
from mcp_dynaload.proxy.passthrough import Method, known_by_now, readable
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.toxic_flow import held_refusal
from mcp_dynaload.telemetry.events import CallDenied, Fallback, FellBack
from mcp_dynaload.upstream.upstream import gone

Forward = Callable[[Session, Request, str, Json], Coroutine[None, None, Json]]
"""Has an upstream answer a call."""

log = structlog.get_logger()

PROGRESS_SECONDS = 1.0

ESCAPE = "DYNAMIC_LOADING_ENABLED=false lists every tool"
"""For a client that does not follow changes of the list."""


async def call_tool(
    session: Session, request: Request, params: Json, own: Mapping[str, Method], forward: Forward | None = None
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
    tool = None
    if name not in OWN_TOOLS:
        denied_tool = session.live.listings.quarantine.access.denied_tool
        # Of the whole catalog: a profile says what is chosen, not what may be called.
        tool = await known_by_now(session, lambda: session.live.catalog.get(name) or denied_tool(name))
    if isinstance(tool, Denial):
        return _denied(session, tool.server, tool.tool, tool.rule, str(tool))
    if tool is not None:
        return await _call_upstream(session, request, tool, params, forward or _forward_telling)
    if (server := session.live.gone.get(name)) is not None:
        session.emit(FellBack(step=Fallback.UPSTREAM_DOWN, tool=name, upstream=server, detail="removed by the user"))
        return _failure(UpstreamClosedError(gone(server)))
    if (upstream := session.host.only_upstream()) is not None:  # its own words about a name that it does not know
        ask = partial(session.host.forward, upstream, request, "tools/call", params)
        return await _told(session, upstream, scanned_call(session, upstream, name, params, ask))
    if reason := session.live.listings.quarantine.held_tool(name):
        return _refused(reason)
    nearest = ", ".join(session.catalog.nearest(name))
    session.emit(FellBack(step=Fallback.UNKNOWN_NAME, tool=name[:MAX_TEXT], detail=nearest))
    raise MCPError(code=INVALID_PARAMS, message=_unknown(session, name, has_find_tools=FIND_TOOLS in own))


async def _call_upstream(session: Session, request: Request, tool: Tool, params: Json, forward: Forward) -> Json:
    watch = CallEvents.start(session, tool, params.get("arguments"))
    if tool.name in session.state.unloaded:
        refusal = _refused(_unwanted(session, tool.name))
        watch.refused(refusal)
        return refusal
    if session.settings.detailed_logging_enabled:
        log.info("tool_called", tool=tool.name, arguments=session.masker.value(params.get("arguments")))
    await session.note_call(tool.name)
    if not await is_allowed(session, request, tool):
        refusal = _refused(held_refusal(tool.name, session.registration.server))
        watch.refused(refusal)
        return refusal
    body = {**params, "name": tool.original_name}

    async def ask() -> Json:
        with watch.with_upstream():
            return await _with_login(session, request, tool, body, forward)

    try:
        result = await scanned_call(session, tool.upstream, tool.original_name, body, ask)
    except (UpstreamHeldError, UpstreamContentError) as error:
        refusal = _held(session, tool.upstream, error)
        watch.refused(refusal)
        return refusal
    except UpstreamError as error:
        watch.failed(error)
        return _failure(error)
    except Exception:  # its own error answer, or a fault of ours; either is told as an event
        watch.failed(None)
        raise
    except anyio.get_cancelled_exc_class():
        watch.cancelled()
        raise
    result = readable(session, tool.upstream, "tools/call", result)
    watch.answered(result)
    return result


async def _in_time(session: Session, tool: Tool, answer: Awaitable[Json]) -> Json:
    """Return the upstream's answer to a call, which must come within the limit of its entry if that has one.

    Raises:
        UpstreamError: It could not answer, or not in time.
        MCPError: Its own error answer.
    """
    config = session.live.listings.configs.get(tool.upstream)
    limit = config.call_limit_seconds if config else None
    with anyio.move_on_after(limit):
        return await answer
    raise UpstreamTimeoutError(
        f"MCP server {tool.upstream!r} did not answer {tool.original_name!r} within {limit:g} s; "
        "the limit is 'timeout' (milliseconds) in its entry"
    )


async def _told(session: Session, upstream: str, answer: Awaitable[Json]) -> Json:
    """Return the upstream's answer; its failure is an event, and a result, so that the model can react."""
    try:
        return await answer
    except (UpstreamHeldError, UpstreamContentError) as error:
        return _held(session, upstream, error)
    except UpstreamError as error:
        session.emit(FellBack(step=Fallback.UPSTREAM_DOWN, upstream=upstream, detail=cause_of(error)))
        return _failure(error)


def _held(session: Session, upstream: str, error: UpstreamError) -> Json:
    """Return that a tool is denied, which is told, or not approved, or that the scan of the call keeps it back."""
    if isinstance(error, UpstreamDeniedError):
        return _denied(session, upstream, error.tool, error.rule, str(error))
    return _refused(str(error))


def _denied(session: Session, upstream: str, tool: str, rule: str, why: str) -> Json:
    """Return that the servers file denies a tool, and tell of the call."""
    session.emit(CallDenied(tool=tool[:MAX_TEXT], upstream=upstream, detail=rule))
    log.info("call_denied", upstream=upstream, tool=tool[:MAX_TEXT], rule=rule)
    return _refused(why)


def _failure(error: UpstreamError) -> Json:
    return _refused(str(error))


def _refused(why: str) -> Json:
    return {"content": [{"type": "text", "text": why}], "isError": True}


async def _with_login(session: Session, request: Request, tool: Tool, body: Json, forward: Forward) -> Json:
    """Return the upstream's answer, after the user has logged in to it if it wants that."""
    try:
        return await _in_time(session, tool, forward(session, request, tool.upstream, body))
    except UpstreamLoginError as error:
        if not await session.host.is_logged_in(tool.upstream, request, error):
            raise
    # What the user was told while it started may not be told again: progress must increase.
    return await _in_time(session, tool, forward_unaccompanied(session, request, tool.upstream, body))


async def forward_unaccompanied(session: Session, request: Request, upstream: str, params: Json) -> Json:
    """Return the upstream's answer; the client is told what the upstream tells, and nothing else.

    Raises:
        UpstreamError: It could not answer.
        MCPError: Its own error answer, unchanged.
    """
    return await session.host.forward(upstream, request, "tools/call", params)


async def _forward_telling(session: Session, request: Request, upstream: str, params: Json) -> Json:
    """Return the upstream's answer; while it starts, the client is told, so that its own timer does not run out.

    Raises:
        UpstreamError: It could not answer.
        MCPError: Its own error answer, unchanged.
    """
    is_waiting = not session.pool.is_connected(upstream) and "progress_token" in (request.meta or {})
    if not is_waiting:
        return await forward_unaccompanied(session, request, upstream, params)
    return await accompanied(
        partial(_tell_progress, session, request, upstream),
        partial(forward_unaccompanied, session, request, upstream, params),
    )


async def _tell_progress(session: Session, request: Request, upstream: str) -> None:
    # Progress must increase, and what the server itself reports may begin at 0: ours comes up to that from below.
    for attempt in count(1):
        if session.pool.is_connected(upstream):
            return
        await request.session.report_progress(-1 / attempt, None, f"starting MCP server {upstream!r}")
        await anyio.sleep(PROGRESS_SECONDS)


def _unwanted(session: Session, name: str) -> str:
    return (
        f"The user unloaded {name!r} for this session: do not call it, use another way or ask. "
        f"Only they can bring it back, by loading or pinning it, or with /{session.registration.server}:reset."
    )


def _unknown(session: Session, name: str, *, has_find_tools: bool) -> str:
    listings = session.live.listings
    for server in listings.unseen:
        if server in listings.failures and name.startswith(listings.configs[server].prefix or name):
            return f"There is no tool {name!r}. {listings.failures[server]}"
    nearest = session.catalog.nearest(name)
    hint = f" Did you mean {', '.join(repr(near) for near in nearest)}?" if nearest else ""
    missing = listings.unseen
    wait = f" Not listed yet: {', '.join(missing)}." if missing else ""
    search = f" {_search(session)} searches all of them; {ESCAPE}." if has_find_tools else ""
    return f"There is no tool {name!r}.{hint}{search}{wait}"


def _search(session: Session) -> str:
    return f"ToolSearch (or {FIND_TOOLS!r})" if session.plugin.is_search_ours else repr(FIND_TOOLS)
