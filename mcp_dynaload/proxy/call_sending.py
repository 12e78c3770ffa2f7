"""A call on its way to its server: in time, once more after a login, and with news while the server starts."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from itertools import count

import anyio

from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.errors import UpstreamLoginError, UpstreamTimeoutError
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.failures import accompanied
from mcp_dynaload.proxy.session import Session

Forward = Callable[[Session, Request, str, Json], Coroutine[None, None, Json]]
"""Has an upstream answer a call."""

PROGRESS_SECONDS = 1.0


async def send(session: Session, request: Request, tool: Tool, body: Json, forward: Forward) -> Json:
    """Return the upstream's answer to a call, after the user has logged in to it if it wants that.

    Raises:
        UpstreamError: It could not answer, or not in time.
        MCPError: Its own error answer.
    """
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


async def forward_telling(session: Session, request: Request, upstream: str, params: Json) -> Json:
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


async def _in_time(session: Session, tool: Tool, answer: Awaitable[Json]) -> Json:
    """Return the upstream's answer, which must come within the limit of its entry if that has one."""
    config = session.live.listings.configs.get(tool.upstream)
    limit = config.call_limit_seconds if config else None
    if limit is None:  # as with nearly every call, which a scope of its own would lengthen
        return await answer
    with anyio.move_on_after(limit):
        return await answer
    raise UpstreamTimeoutError(
        f"MCP server {tool.upstream!r} did not answer {tool.original_name!r} within {limit:g} s; "
        "the limit is 'timeout' (milliseconds) in its entry"
    )


async def _tell_progress(session: Session, request: Request, upstream: str) -> None:
    # Progress must increase, and what the server itself reports may begin at 0: ours comes up to that from below.
    for attempt in count(1):
        if session.pool.is_connected(upstream):
            return
        await request.session.report_progress(-1 / attempt, None, f"starting MCP server {upstream!r}")
        await anyio.sleep(PROGRESS_SECONDS)
