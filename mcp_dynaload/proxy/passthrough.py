"""Prompts, resources, completions and log levels: routed to the upstream that they belong to."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar, get_args

import structlog
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, LoggingLevel

from mcp_dynaload.catalog.results import readable_result
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.errors import UpstreamLoginError
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.proxy.aggregate import Aggregate, ElementOrigin
from mcp_dynaload.proxy.asked_element import AskedElement
from mcp_dynaload.proxy.client import Request, is_following
from mcp_dynaload.proxy.content_scan import scanned
from mcp_dynaload.proxy.failures import as_error
from mcp_dynaload.proxy.session import Session

Method = Callable[[Session, Request, Json], Awaitable[Json]]
"""Answers a request of the session's client, of which the params are given."""

Look = Callable[[Aggregate], ElementOrigin | None]
"""Looks something up in what the servers offer."""

Wait = Callable[[Callable[[], bool]], Awaitable[None]]
"""Waits for what may still come, until that is there."""

_Found = TypeVar("_Found")

log = structlog.get_logger()

OWN_NOTIFICATIONS = frozenset({"notifications/initialized", "notifications/cancelled"})
"""The notifications for us alone: a cancelled request is cancelled by us under the id that it has upstream."""

NEEDED: Mapping[str, str] = {"prompts/get": "messages", "resources/read": "contents"}
"""The field without which an answer says nothing."""

MAX_PLACES = 3
MAX_PLACE = 80
"""Odd parts of an answer that are named, and the characters of each."""

NO_TASKS = "this server declares no 'tasks', and calls tools without; it cannot be told which server has a task"
NOBODYS = "it is not known which of the MCP servers behind this one is meant"

RESOURCE_NOT_FOUND = -32002
"""The protocol's code for an unknown resource (revisions to 2025-11-25)."""


async def wait_for_listings(session: Session) -> None:
    """Wait for upstreams that were never listed."""
    await session.first_listing.before_answer(lambda: False)


async def wait_for_resources(session: Session) -> None:
    """Wait for those, too, of which only tools and prompts are known; who follows changes is told of the rest."""
    if is_following(session.client.name, session.settings.following_clients):
        await wait_for_listings(session)
    else:
        await session.first_listing.before_resource(lambda: False)


async def known_by_now(session: Session, look: Callable[[], _Found | None], wait: Wait) -> _Found | None:
    """Return what `look` finds; it may be of a server that is taken over now, or is listed for the first time."""
    if (found := look()) is not None:
        return found
    await session.live.until_taken_over()
    await wait(lambda: look() is not None)
    return look()


async def _origin_by_now(session: Session, exact: Look, fitting: Look, wait: Wait) -> ElementOrigin | None:
    """Return where something comes from that is offered by its very name, or else is the most fitting.

    What was just taken over is found, too, before it is this session's turn to be told of it.
    """
    found = await known_by_now(session, lambda: exact(session.host.aggregate), wait)
    if found is not None:
        return found
    await session.host.aggregate_changed()
    return fitting(session.host.aggregate)


async def list_prompts(session: Session, request: Request, params: Json) -> Json:
    """List the prompts of all upstreams that the profile in use shows."""
    return {"prompts": list(_shown(session).prompts)}


async def list_resources(session: Session, request: Request, params: Json) -> Json:
    """List the resources of the same upstreams."""
    return {"resources": list(_shown(session).resources)}


async def list_templates(session: Session, request: Request, params: Json) -> Json:
    """List the resource templates of the same upstreams."""
    return {"resourceTemplates": list(_shown(session).templates)}


def _shown(session: Session) -> Aggregate:
    return session.host.aggregate.narrowed(session.view.has)


async def get_prompt(session: Session, request: Request, params: Json) -> Json:
    """Get one upstream's prompt.

    Raises:
        MCPError: There is none of that name, or the upstream failed.
    """
    name = _text(params, "name", "prompts/get")
    origin = await _prompt_origin(session, name)
    asked = AskedElement(origin.upstream, "prompt", origin.original, params.get("arguments"))
    return await _scanned(session, request, asked, {**params, "name": origin.original})


async def read_resource(session: Session, request: Request, params: Json) -> Json:
    """Read one upstream's resource; an aliased URI is put back into the answer.

    Raises:
        MCPError: Nobody serves the URI, or the upstream failed.
    """
    uri = _text(params, "uri", "resources/read")
    origin = await _resource_origin(session, uri)
    asked = AskedElement(origin.upstream, "resource", origin.original, origin.original)
    result = await _scanned(session, request, asked, {**params, "uri": origin.original})
    if origin.original == uri:
        return result
    contents = [json_object(item) for item in result.get("contents") or ()]
    return {
        **result,
        "contents": [{**item, "uri": uri} if item.get("uri") == origin.original else item for item in contents],
    }


async def subscribe(session: Session, request: Request, params: Json) -> Json:
    """Subscribe to one upstream's resource; it is kept running meanwhile and subscribed again after a restart.

    Raises:
        MCPError: Nobody serves the URI, or the upstream failed.
    """
    origin = await _resource_origin(session, _text(params, "uri", "resources/subscribe"))
    body = {**params, "uri": origin.original}
    return await as_error(
        session, origin.upstream, session.host.subscribe(origin.upstream, origin.original, request, body)
    )


async def unsubscribe(session: Session, request: Request, params: Json) -> Json:
    """Undo `subscribe`.

    Raises:
        MCPError: Nobody serves the URI, or the upstream failed.
    """
    origin = await _resource_origin(session, _text(params, "uri", "resources/unsubscribe"))
    body = {**params, "uri": origin.original}
    return await as_error(
        session, origin.upstream, session.host.unsubscribe(origin.upstream, origin.original, request, body)
    )


async def complete(session: Session, request: Request, params: Json) -> Json:
    """Complete an argument of one upstream's prompt or resource template.

    Raises:
        MCPError: The reference names nothing, or the upstream failed.
    """
    ref = json_object(params.get("ref"))
    if ref.get("type") == "ref/prompt":
        origin, key = await _prompt_origin(session, _text(ref, "name", "completion/complete")), "name"
    else:
        uri, key = _text(ref, "uri", "completion/complete"), "uri"
        origin = await _template_origin(session, uri)
    body = {**params, "ref": {**ref, key: origin.original}}
    return await _routed(session, request, origin.upstream, "completion/complete", body)


async def set_log_level(session: Session, request: Request, params: Json) -> Json:
    """Tell running upstreams the level, and those that start later.

    Raises:
        MCPError: There is no such level.
    """
    level = _text(params, "level", "logging/setLevel")
    if level not in get_args(LoggingLevel):
        raise MCPError(code=INVALID_PARAMS, message=f"There is no log level {level!r}.")
    await session.host.set_log_level(level)
    return {}


async def pass_on(session: Session, request: Request) -> Json:
    """Pass a request that is none of those for all servers on to the one upstream that we stand in for.

    Raises:
        MCPError: We stand in for several, or the upstream failed.
    """
    if (upstream := session.host.only_upstream()) is None:
        why = NO_TASKS if request.method.startswith("tasks/") else NOBODYS
        raise MCPError(code=METHOD_NOT_FOUND, message=f"Method not found: {request.method!r}: {why}.")
    return await _routed(session, request, upstream, request.method, dict(request.params or {}))


async def pass_notification(session: Session, method: str, params: Json | None) -> None:
    """Tell the upstreams that a notification of the client concerns, as far as they run."""
    if method == "notifications/progress":
        if (asking := session.client.asking(json_object(params).get("progressToken"))) is not None:
            upstream, token = asking
            if upstream in session.pool:
                await session.pool[upstream].notify(method, {**(params or {}), "progressToken": token})
        return
    for upstream in _listeners(session, method):
        await session.pool[upstream].notify(method, params)


def _listeners(session: Session, method: str) -> tuple[str, ...]:
    if method in OWN_NOTIFICATIONS:
        return ()
    if method == "notifications/roots/list_changed":
        return session.pool.names
    only = session.host.only_upstream()
    return (only,) if only else ()


async def _scanned(session: Session, request: Request, asked: AskedElement, params: Json) -> Json:
    """Return the upstream's answer, scanned if the user wants that."""
    method = "prompts/get" if asked.kind == "prompt" else "resources/read"
    ask = partial(_with_login, session, request, asked.upstream, method, params)
    answer = await as_error(session, asked.upstream, scanned(session, asked, ask))
    return readable(session, asked.upstream, method, answer, uri=params.get("uri", ""))


def readable(session: Session, upstream: str, method: str, result: Json, *, uri: str = "") -> Json:
    """Return an upstream's answer as the client can read it; of one that it cannot it would say that we gave it.

    The `uri` is that of the resource that was asked for.

    Raises:
        MCPError: There is nothing readable in it.
    """
    if session.live.listings.passes_all:
        return result
    mended, odd = readable_result(method, result, uri=uri)
    if odd:
        places = [printable(oddity.place)[:MAX_PLACE] for oddity in odd[:MAX_PLACES]]
        log.info("result_mended", upstream=upstream, method=method, places=places)
    needed = NEEDED.get(method)
    if needed is not None and needed not in mended:
        why = "; ".join(f"{printable(oddity.place)[:MAX_PLACE]} {oddity.why}" for oddity in odd[-MAX_PLACES:])
        said = f"MCP server {upstream!r} failed at {method!r}: its answer has no readable {needed!r}: {why}"
        raise MCPError(code=INTERNAL_ERROR, message=f"{said}. The other servers are unaffected.")
    return mended


async def _routed(session: Session, request: Request, upstream: str, method: str, params: Json) -> Json:
    return await as_error(session, upstream, _with_login(session, request, upstream, method, params))


async def _with_login(session: Session, request: Request, upstream: str, method: str, params: Json) -> Json:
    """Return the upstream's answer, after the user has logged in to it if it wants that."""
    try:
        return await session.host.forward(upstream, request, method, params)
    except UpstreamLoginError as error:
        if not await session.host.is_logged_in(upstream, request, error):
            raise
    return await session.host.forward(upstream, request, method, params)


async def _prompt_origin(session: Session, name: str) -> ElementOrigin:
    def look(known: Aggregate) -> ElementOrigin | None:
        return known.prompt_origins.get(name)

    if (origin := await _origin_by_now(session, look, look, session.first_listing.before_answer)) is not None:
        return origin
    if (upstream := session.host.only_upstream()) is not None:
        return ElementOrigin(upstream, name)
    raise MCPError(code=INVALID_PARAMS, message=f"There is no prompt {name!r}; prompts/list names all.")


async def _resource_origin(session: Session, uri: str) -> ElementOrigin:
    return await _served(
        session, uri, lambda known: known.resource_origins.get(uri), lambda known: known.resource_origin(uri)
    )


async def _template_origin(session: Session, uri: str) -> ElementOrigin:
    def listed(known: Aggregate) -> ElementOrigin | None:
        return known.template_origins.get(uri)

    return await _served(
        session,
        uri,
        lambda known: listed(known) or known.resource_origins.get(uri),
        lambda known: listed(known) or known.resource_origin(uri),
    )


async def _served(session: Session, uri: str, exact: Look, fitting: Look) -> ElementOrigin:
    if (origin := await _origin_by_now(session, exact, fitting, session.first_listing.before_resource)) is not None:
        return origin
    if (upstream := session.host.only_upstream()) is not None:
        return ElementOrigin(upstream, uri)
    raise MCPError(code=RESOURCE_NOT_FOUND, message=f"No MCP server behind this one serves {uri!r}.", data={"uri": uri})


def _text(params: Json, key: str, method: str) -> str:
    value = params.get(key)
    if not isinstance(value, str):
        raise MCPError(code=INVALID_PARAMS, message=f"{method} needs a text {key!r}")
    return value
