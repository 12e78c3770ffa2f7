"""The server over HTTP: streamable HTTP and SSE as ASGI applications; sessions are counted, reaped and drained."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import anyio.abc
import structlog
from mcp import MCPError
from mcp.server.auth.middleware.bearer_auth import AuthorizationContext
from mcp.server.context import CallNext, HandlerResult
from mcp.server.runner import serve_loop
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER, StreamableHTTPServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp_types import CLIENT_INFO_META_KEY, INTERNAL_ERROR, ErrorData, JSONRPCError
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from mcp_dynaload.catalog.tool import json_object
from mcp_dynaload.server.client import Request
from mcp_dynaload.server.front import Front
from mcp_dynaload.server.funnel import is_following
from mcp_dynaload.server.recent_events import RETRY_MILLISECONDS, RecentEvents
from mcp_dynaload.settings import Settings

MESSAGES_PATH = "/messages/"
"""Where clients of the SSE transport post."""

RETRY_AFTER_SECONDS = 10
FLUSH_SECONDS = 0.1
"""An answer is on its way to the socket so long after it was given."""

SHUTTING_DOWN = "mcp-dynaload is shutting down: connect again in a moment"

log = structlog.get_logger()


class Sessions(StreamableHTTPSessionManager):
    """The SDK's sessions, each with events of its own, and no more than allowed, those over SSE included."""

    open_over_sse = 0

    @property
    def open(self) -> int:
        """How many clients are connected, the ones that are just shaking hands included."""
        return len(self._server_instances) + self.open_over_sse

    @property
    def is_full(self) -> bool:
        """Whether one more would be too many."""
        return self.max_sessions is not None and self.open >= self.max_sessions

    def _admit_session(self, requestor: AuthorizationContext | None) -> StreamableHTTPServerTransport | None:
        if self.is_full:
            return None
        # The manager gives all its transports one store, in which equal request ids of two sessions would meet.
        self.event_store = RecentEvents()
        return super()._admit_session(requestor)


class Endpoints:
    """What is served under `/mcp`, `/sse` and `MESSAGES_PATH`; made by `open_endpoints`."""

    def __init__(self, front: Front, settings: Settings) -> None:
        self._front = front
        self._settings = settings
        self._sessions = Sessions(
            front.server,
            retry_interval=RETRY_MILLISECONDS,
            session_idle_timeout=settings.session_idle_seconds,
            max_request_body_size=settings.max_request_bytes,
            max_sessions=settings.max_concurrent_sessions,
        )
        self._sse = SseServerTransport(MESSAGES_PATH, max_request_body_size=settings.max_request_bytes)
        self._streams: set[anyio.CancelScope] = set()
        self._over = anyio.Event()
        self._running = 0
        self._rest = anyio.Event()
        self.is_draining = False
        front.server.middleware.insert(0, self._counted)

    @property
    def open_sessions(self) -> int:
        """How many clients are connected."""
        return self._sessions.open

    async def mcp(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Streamable HTTP; who is to shake hands and does not is told so without words."""
        headers = Headers(scope=scope)
        version = headers.get(MCP_PROTOCOL_VERSION_HEADER)
        if version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS:
            await self._modern(scope, receive, send)
            return
        if MCP_SESSION_ID_HEADER not in headers and (refusal := self._refusal()) is not None:
            await refusal(scope, receive, send)
            return
        await self._sessions.handle_request(scope, receive, send)

    async def _modern(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request of a later revision; clients that follow changes of the list have more of a session."""
        if self._settings.protocol == "modern":
            request = HttpRequest(scope, receive)
            body = await request.body()
            if not is_following(client_name(body), self._settings.following_clients):
                await self._sessions.handle_request(scope, _replayed(body, receive), send)
                return
        await PlainTextResponse("handshake era only", 400)(scope, receive, send)

    async def sse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The stream of a client that speaks the SSE transport; its session lasts as long as the stream."""
        if (refusal := self._refusal()) is not None:
            await refusal(scope, receive, send)
            return
        self._sessions.open_over_sse += 1
        ending = anyio.CancelScope()
        self._streams.add(ending)
        try:
            async with self._sse.connect_sse(scope, receive, send) as (read, write):
                with ending:
                    await serve_loop(self._front.server, read, write, lifespan_state={})
                await write.aclose()  # which ends the response
        finally:
            self._streams.discard(ending)
            self._sessions.open_over_sse -= 1

    async def post_message(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A message of a client whose stream is open."""
        await self._sse.handle_post_message(scope, receive, send)

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
        self._over.set()
        for stream in set(self._streams):
            stream.cancel()

    async def run(self, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        """Hold the sessions until `end`."""
        async with self._sessions.run():
            task_status.started()
            await self._over.wait()

    def _refusal(self) -> Response | None:
        if self.is_draining:
            return _unavailable(SHUTTING_DOWN)
        if self._sessions.is_full:
            allowed = self._settings.max_concurrent_sessions
            return _unavailable(f"{allowed} sessions are open, as many as MAX_CONCURRENT_SESSIONS allows: try later")
        return None

    async def _counted(self, ctx: Request, call_next: CallNext) -> HandlerResult:
        """Middleware around every message: requests are what draining waits for."""
        if ctx.request_id is None:
            return await call_next(ctx)
        if self.is_draining and ctx.method == "tools/call":
            raise MCPError(code=INTERNAL_ERROR, message=SHUTTING_DOWN)
        self._running += 1
        try:
            return await call_next(ctx)
        finally:
            self._running -= 1
            if not self._running:
                self._rest.set()


def client_name(body: bytes) -> str:
    """Who says to have sent a request of a later revision."""
    try:
        message: object = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    meta = json_object(json_object(json_object(message).get("params")).get("_meta"))
    return str(json_object(meta.get(CLIENT_INFO_META_KEY)).get("name") or "")


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The messages of a request whose body has been read."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _unavailable(why: str) -> Response:
    error = JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=INTERNAL_ERROR, message=why))
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return Response(
        error.model_dump_json(by_alias=True, exclude_unset=True), 503, headers, media_type="application/json"
    )


@asynccontextmanager
async def open_endpoints(front: Front, settings: Settings) -> AsyncGenerator[Endpoints]:
    """The endpoints; at exit all sessions are over."""
    endpoints = Endpoints(front, settings)
    async with anyio.create_task_group() as tasks:
        await tasks.start(endpoints.run)
        try:
            yield endpoints
        finally:
            tasks.cancel_scope.cancel()
