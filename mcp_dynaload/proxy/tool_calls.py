"""Tool calls: routed by name, results passed on as they came, failures told in words that help."""

import time
from collections.abc import Awaitable
from functools import partial
from itertools import count

import anyio
import structlog
from mcp import MCPError
from mcp_types import INVALID_PARAMS

from mcp_dynaload.catalog.names import CALL_TOOL, FIND_TOOLS, HOOK_TOOL
from mcp_dynaload.catalog.tool import ALWAYS_LOAD, Json, Tool, json_object
from mcp_dynaload.errors import UpstreamClosedError, UpstreamError, UpstreamHeldError, UpstreamTimeoutError
from mcp_dynaload.proxy.call_events import CallEvents, cause_of
from mcp_dynaload.proxy.caller import caller_of
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.events import MAX_TEXT
from mcp_dynaload.proxy.failures import accompanied
from mcp_dynaload.proxy.meta_tools import CALL_TOOL_DEFINITION, callable_text, has_call_tool, unwrapped_call
from mcp_dynaload.proxy.model_text import (
    DEFAULT_FOUND,
    FIND_TOOLS_DEFINITION,
    HOOK_TOOL_DEFINITION,
    MAX_FOUND,
    OWN_TOOLS,
    fitting,
    found_text,
    introduction_text,
)
from mcp_dynaload.proxy.passthrough import known_by_now, wait_for_listings
from mcp_dynaload.proxy.prompt_hook import answer_hook
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.selection.actions import ToolsFound
from mcp_dynaload.telemetry.events import Fallback, FellBack, ToolsSearched
from mcp_dynaload.upstream.upstream import gone

log = structlog.get_logger()

PROGRESS_SECONDS = 1.0

ESCAPE = "DYNAMIC_LOADING_ENABLED=false lists every tool"
"""For a client that does not follow changes of the list."""


async def list_tools(session: Session, request: Request, params: Json) -> Json:
    """List `find_tools` and what is loaded, in name order; everything, unchanged, when loading is switched off.

    What is not marked to be always loaded the client keeps out of its requests where its own tool search can find it,
    and only there: so `find_tools` is there where that search is denied, switched off, or not among an agent's tools.
    """
    if not session.is_dynamic:
        await wait_for_listings(session)
        session.list_refresh.was_read()
        return {"tools": [{**tool.definition, "name": tool.name} for tool in session.shown()]}
    session.list_refresh.was_read()
    own = {FIND_TOOLS: FIND_TOOLS_DEFINITION, **({CALL_TOOL: CALL_TOOL_DEFINITION} if has_call_tool(session) else {})}
    if session.has_mod:
        own[HOOK_TOOL] = HOOK_TOOL_DEFINITION
    listed = [*own.items(), *((tool.name, tool.definition) for tool in session.shown())]
    left_to_search = {HOOK_TOOL, *(session.selectable or ()), *([FIND_TOOLS] if session.is_search_ours else [])}
    return {
        "tools": [
            {**definition, "name": name} if name in left_to_search else _loaded(name, definition)
            for name, definition in sorted(listed, key=lambda item: item[0])
        ]
    }


async def call_tool(session: Session, request: Request, params: Json) -> Json:
    """Call one of our tools or an upstream's.

    Raises:
        MCPError: No such tool; or the upstream's own error answer.
    """
    name = params.get("name")
    if not isinstance(name, str):
        raise MCPError(code=INVALID_PARAMS, message="tools/call needs a text 'name'")
    if name == CALL_TOOL and has_call_tool(session):
        return await call_tool(session, request, unwrapped_call(params, session.live.registration.prefix))
    tool = None
    if name not in OWN_TOOLS:
        tool = await known_by_now(session, lambda: session.live.catalog.get(name))
    if tool is not None:
        return await _call_upstream(session, request, tool, params)
    if name == HOOK_TOOL:
        return await answer_hook(session, _arguments(params), caller_of(session.client.name, params))
    if name == FIND_TOOLS and session.is_dynamic:
        return await _find_tools(session, _arguments(params))
    if (server := session.live.gone.get(name)) is not None:
        session.emit(FellBack(step=Fallback.UPSTREAM_DOWN, tool=name, upstream=server, detail="removed by the user"))
        return _failure(UpstreamClosedError(gone(server)))
    if (upstream := session.host.only_upstream()) is not None:  # its own words about a name that it does not know
        return await _told(session, upstream, session.host.forward(upstream, request, "tools/call", params))
    if reason := session.live.listings.quarantine.held_tool(name):
        return _refused(reason)
    nearest = ", ".join(session.live.catalog.nearest(name))
    session.emit(FellBack(step=Fallback.UNKNOWN_NAME, tool=name[:MAX_TEXT], detail=nearest))
    raise MCPError(code=INVALID_PARAMS, message=_unknown(session, name))


async def _call_upstream(session: Session, request: Request, tool: Tool, params: Json) -> Json:
    watch = CallEvents.start(session, tool, params.get("arguments"))
    if tool.name in session.state.unloaded:
        refusal = _refused(_unwanted(session, tool.name))
        watch.refused(refusal)
        return refusal
    if session.shared.settings.detailed_logging_enabled:
        log.info("tool_called", tool=tool.name, arguments=session.shared.masker.value(params.get("arguments")))
    await session.note_call(tool.name)
    body = {**params, "name": tool.original_name}
    try:
        with watch.with_upstream():
            result = await _in_time(session, tool, _forwarded(session, request, tool.upstream, body))
    except UpstreamHeldError as error:
        refusal = _refused(str(error))
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
    except UpstreamError as error:
        session.emit(FellBack(step=Fallback.UPSTREAM_DOWN, upstream=upstream, detail=cause_of(error)))
        return _failure(error)


def _failure(error: UpstreamError) -> Json:
    return _refused(str(error))


def _refused(why: str) -> Json:
    return {"content": [{"type": "text", "text": why}], "isError": True}


async def _forwarded(session: Session, request: Request, upstream: str, params: Json) -> Json:
    """Return the upstream's answer; while it starts, the client is told, so that its own timer does not run out.

    Raises:
        UpstreamError: It could not answer.
        MCPError: Its own error answer, unchanged.
    """
    is_waiting = not session.pool.is_connected(upstream) and "progress_token" in (request.meta or {})
    if not is_waiting or not session.is_dynamic:
        return await session.host.forward(upstream, request, "tools/call", params)
    return await accompanied(
        partial(_tell_progress, session, request, upstream),
        partial(session.host.forward, upstream, request, "tools/call", params),
    )


async def _tell_progress(session: Session, request: Request, upstream: str) -> None:
    # Progress must increase, and what the server itself reports may begin at 0: ours comes up to that from below.
    for attempt in count(1):
        if session.pool.is_connected(upstream):
            return
        await request.session.report_progress(-1 / attempt, None, f"starting MCP server {upstream!r}")
        await anyio.sleep(PROGRESS_SECONDS)


async def _find_tools(session: Session, arguments: Json) -> Json:
    query = arguments.get("query")
    if not isinstance(query, str) or not query.strip():
        raise MCPError(code=INVALID_PARAMS, message=f"{FIND_TOOLS} needs a text 'query'")
    limit = arguments.get("limit", DEFAULT_FOUND)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_FOUND:
        raise MCPError(code=INVALID_PARAMS, message=f"{FIND_TOOLS}: 'limit' is a whole number from 1 to {MAX_FOUND}")
    started = time.perf_counter()
    names = tuple(scored.name for scored in await session.search(query, limit))
    added: tuple[str, ...] = ()
    if names:
        added = (await session.decide(ToolsFound(names))).added
        if not has_call_tool(session):
            await session.list_refresh.hold()
    ms = 1000 * (time.perf_counter() - started)
    session.emit(ToolsSearched(found=names, added=added, ms=ms))
    tools = [tool for name in names if (tool := session.live.catalog.get(name))]
    given = fitting(session.model_context.introductions(tools, session.live.listings.by_name))
    session.model_context.introduce(given)
    session.model_context.tell(tools)
    prefix = session.live.registration.prefix
    found = callable_text(tools, query) if has_call_tool(session) else found_text(tools, query, prefix)
    text = "\n".join(part for part in (found, introduction_text(given)) if part)
    return {"content": [{"type": "text", "text": text}]}


def _unwanted(session: Session, name: str) -> str:
    return (
        f"The user unloaded {name!r} for this session: do not call it, use another way or ask. "
        f"Only they can bring it back, by loading or pinning it, or with /{session.live.registration.server}:reset."
    )


def _unknown(session: Session, name: str) -> str:
    nearest = session.live.catalog.nearest(name)
    hint = f" Did you mean {', '.join(repr(near) for near in nearest)}?" if nearest else ""
    missing = session.live.listings.unseen
    wait = f" Not listed yet: {', '.join(missing)}." if missing else ""
    search = f" {_search(session)} searches all of them; {ESCAPE}." if session.is_dynamic else ""
    return f"There is no tool {name!r}.{hint}{search}{wait}"


def _search(session: Session) -> str:
    return f"ToolSearch (or {FIND_TOOLS!r})" if session.is_search_ours else repr(FIND_TOOLS)


def _loaded(name: str, definition: Json) -> Json:
    return {**definition, "name": name, "_meta": {**json_object(definition.get("_meta")), ALWAYS_LOAD: True}}


def _arguments(params: Json) -> Json:
    return json_object(params.get("arguments"))
