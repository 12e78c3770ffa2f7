"""The server over HTTP: streamable HTTP and SSE as ASGI applications; sessions are counted, reaped and drained."""

import json
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager

import anyio
import anyio.abc
import structlog
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser, authorization_context
from mcp.server.context import CallNext, HandlerResult
from mcp.server.runner import serve_loop
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER, check_accept_headers
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp_types import (
    CLIENT_INFO_META_KEY,
    INTERNAL_ERROR,
    INVALID_REQUEST,
    ErrorData,
    JSONRPCError,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from mcp_dynaload.catalog.tool import json_object
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.http.mcp_sessions import McpSessions, sender_name
from mcp_dynaload.http.revocation import receive_until
from mcp_dynaload.http.unread_messages import PiecewiseSend, UnreadMessages
from mcp_dynaload.proxy.client import Request, is_following
from mcp_dynaload.proxy.server import ProxyServer
from mcp_dynaload.store.session_counts import REPEAT_SECONDS, SessionCounts
from mcp_dynaload.transport.sdk_json import UnwritableError, writable

MESSAGES_PATH = "/messages/"
"""Where clients of the SSE transport post."""

RETRY_AFTER_SECONDS = 10
FLUSH_SECONDS = 0.1
"""An answer is on its way to the socket so long after it was given."""

SHUTTING_DOWN = "mcp-dynaload is shutting down: connect again in a moment"

log = structlog.get_logger()


class Endpoints:
    """The endpoints under `/mcp`, `/sse` and `MESSAGES_PATH`; made by `open_endpoints`."""

    def __init__(self, proxy: ProxyServer, settings: Settings, counts: SessionCounts) -> None:
        self._proxy = proxy
        self._settings = settings
        self._sessions = McpSessions(proxy.server, settings)
        self._counts = counts
        self._told: set[str] = set()
        self._sse = SseServerTransport(MESSAGES_PATH, max_request_body_size=settings.max_request_bytes)
        self._streams: set[anyio.CancelScope] = set()
        self.over = anyio.Event()
        """Set when all sessions end, and with them whatever is still sent."""

        self._running = 0
        self._rest = anyio.Event()
        self.is_draining = False
        proxy.server.middleware.insert(0, self._counted)

    @property
    def open_sessions(self) -> int:
        """The number of clients that are connected."""
        return self._sessions.open

    @property
    def working(self) -> int:
        """The number of requests that are being worked on, whether their senders still wait or not."""
        return self._running

    async def mcp(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve streamable HTTP; a client that is to shake hands and does not is told so without words."""
        headers = Headers(scope=scope)
        version = headers.get(MCP_PROTOCOL_VERSION_HEADER)
        if version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS:
            await self._modern(scope, receive, send)
            return
        if MCP_SESSION_ID_HEADER in headers:
            await self._hand_over(scope, receive, send)
            return
        request = HttpRequest(scope, receive)
        body = await request.body()
        sender = _sender(scope)
        refusal = _no_opening(request, body) or await self._refusal(sender)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._tell(sender, opening=1)
        await self._hand_over(scope, replayed(body, receive), send)

    async def _hand_over(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the SDK answer; once its sessions have ended it has no answer, and has sent none."""
        try:
            await self._sessions.handle_request(scope, receive, send)
        except RuntimeError:
            if not self.over.is_set():
                raise
            await _unavailable(SHUTTING_DOWN)(scope, receive, send)

    async def _modern(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request of a later revision; clients that follow changes of the list have more of a session."""
        if self._settings.protocol == "modern":
            request = HttpRequest(scope, receive)
            body = await request.body()
            if not is_following(client_name(body), self._settings.following_clients):
                await self._hand_over(scope, replayed(body, receive), send)
                return
        await PlainTextResponse("handshake era only", 400)(scope, receive, send)

    async def sse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the stream of a client that speaks the SSE transport; its session lasts as long as the stream."""
        sender = _sender(scope)
        if (refusal := await self._refusal(sender)) is not None:
            await refusal(scope, receive, send)
            return
        ending, cut_off, out = anyio.CancelScope(), anyio.Event(), PiecewiseSend(send)
        self._streams.add(ending)
        try:
            with self._sessions.over_sse(sender):
                await self._tell(sender)
                async with self._sse.connect_sse(scope, receive_until(cut_off, receive), out) as (read, write):
                    with ending:
                        unread = UnreadMessages(write, out, cut_off.set)
                        await serve_loop(self._proxy.server, read, unread, lifespan_state={})
                    await write.aclose()  # which ends the response
        finally:
            self._streams.discard(ending)

    async def post_message(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a message of a client whose stream is open."""
        try:
            await self._sse.handle_post_message(scope, receive, send)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):  # it was answered; nobody takes it any more
            log.debug("message_too_late", why="its session has just ended")

    async def drain(self, seconds: float) -> None:
        """Take no new sessions and calls, and wait until the running ones have finished."""
        self.is_draining = True
        with anyio.move_on_after(seconds) as waiting:
            while self._running:
                self._rest = anyio.Event()
                await self._rest.wait()
            await anyio.sleep(FLUSH_SECONDS)
        if waiting.cancelled_caught:
            log.warning("calls_cut_off", running=self._running, waited_seconds=seconds)

    def end(self) -> None:
        """End all sessions, and with them their upstreams."""
        self.is_draining = True
        self.over.set()
        for stream in set(self._streams):
            stream.cancel()

    async def run(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        """Hold the sessions until `end`."""
        async with self._sessions.run(), anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep_told)
            task_status.started()
            await self.over.wait()
            tasks.cancel_scope.cancel()

    async def _refusal(self, sender: str) -> Response | None:
        """Make room for one more session; an answer that says why there is none."""
        if self.is_draining:
            return _unavailable(SHUTTING_DOWN)
        elsewhere = await self._counts.elsewhere(sender) if sender else 0
        why = self._sessions.make_room(sender, elsewhere)
        return None if why is None else _unavailable(why)

    async def _tell(self, sender: str, opening: int = 0) -> None:
        """Tell the other replicas how many sessions of somebody would make no room."""
        if not sender:
            return
        sessions = self._sessions.occupied(sender) + opening
        await self._counts.tell(sender, sessions)
        (self._told.add if sessions else self._told.discard)(sender)

    async def _keep_told(self) -> None:
        while True:
            await anyio.sleep(REPEAT_SECONDS)
            for sender in self._sessions.owners | self._told:
                await self._tell(sender)

    async def _counted(self, ctx: Request, call_next: CallNext) -> HandlerResult:
        """Count every message, as middleware: requests are what draining waits for."""
        if ctx.request_id is None:
            return await call_next(ctx)
        if self.is_draining and ctx.method == "tools/call":
            raise MCPError(code=INTERNAL_ERROR, message=SHUTTING_DOWN)
        self._running += 1
        session: str = ctx.session._connection.session_id or ""  # pyright: ignore[reportPrivateUsage] - no public accessor
        try:
            with self._sessions.at_work(session):
                return await _written(ctx.method, call_next(ctx))
        finally:
            self._running -= 1
            if not self._running:
                self._rest.set()


def _no_opening(request: HttpRequest, body: bytes) -> Response | None:
    """Return an answer saying why a request without a session cannot open one: it would cost another its place.

    Its body is a message: others are refused before.
    """
    if request.method != "POST":
        return _rpc_error(400, INVALID_REQUEST, "Bad Request: Missing session ID")
    if not all(check_accept_headers(request)):
        why = "Not Acceptable: Client must accept both application/json and text/event-stream"
        return _rpc_error(406, INVALID_REQUEST, why)
    message = json_object(json.loads(body))
    if message.get("method") == "initialize" and "id" in message:
        return None
    return _rpc_error(400, INVALID_REQUEST, "Bad Request: Missing session ID")


async def _written(method: str, answer: Awaitable[HandlerResult]) -> HandlerResult:
    """Return the answer to a request as the SDK's transports can write it.

    Raises:
        MCPError: It cannot be written; or it is an error.
    """
    try:
        try:
            return writable(await answer)
        except MCPError as error:
            fields = error.error.model_dump(exclude_unset=True)
            if (fit := writable(fields)) is fields:
                raise
            raise MCPError.from_error_data(ErrorData.model_validate(fit)) from error
    except UnwritableError as error:
        message = f"the answer to {method!r} cannot be told: {error}"
        raise MCPError(code=INTERNAL_ERROR, message=message) from error


def _sender(scope: Scope) -> str:
    user: object = scope.get("user")
    return sender_name(authorization_context(user) if isinstance(user, AuthenticatedUser) else None)


def client_name(body: bytes) -> str:
    """Return the name by which the sender of a request of a later revision calls itself."""
    try:
        message: object = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    meta = json_object(json_object(json_object(message).get("params")).get("_meta"))
    return str(json_object(meta.get(CLIENT_INFO_META_KEY)).get("name") or "")


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return the messages of a request whose body has been read."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _unavailable(why: str) -> Response:
    return _rpc_error(503, INTERNAL_ERROR, why, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def _rpc_error(status: int, code: int, why: str, headers: dict[str, str] | None = None) -> Response:
    error = JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=code, message=why))
    return rpc_response(status, error, headers)


def rpc_response(status: int, error: JSONRPCError, headers: dict[str, str] | None = None) -> Response:
    """Return the answer to a request of which no session has taken anything."""
    content = error.model_dump_json(by_alias=True, exclude_unset=True)
    return Response(content, status, headers, media_type="application/json")


@asynccontextmanager
async def open_endpoints(proxy: ProxyServer, settings: Settings, counts: SessionCounts) -> AsyncGenerator[Endpoints]:
    """Open the endpoints; at exit all sessions are over."""
    endpoints = Endpoints(proxy, settings, counts)
    async with anyio.create_task_group() as tasks:
        await tasks.start(endpoints.run)
        try:
            yield endpoints
        finally:
            tasks.cancel_scope.cancel()
