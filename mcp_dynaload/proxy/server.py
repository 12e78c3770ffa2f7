"""The MCP server towards clients: handshake, sessions, and one table of methods."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.requests import HTTPConnection

from mcp_dynaload.catalog.names import SERVER_NAME
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.servers_watch import ServersChange
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.proxy import modern
from mcp_dynaload.proxy import passthrough as passing
from mcp_dynaload.proxy.caller import CLAUDE_CODE, Caller
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.catalog_view import CatalogView
from mcp_dynaload.proxy.client import Client, ClientEnvironment, Request, as_it_is, login_owner_of, user_of
from mcp_dynaload.proxy.failures import error_of
from mcp_dynaload.proxy.process_context import ProcessContext
from mcp_dynaload.proxy.progress import ProgressRouter
from mcp_dynaload.proxy.prompt_hook import answer_hook
from mcp_dynaload.proxy.reconfiguration import reconfigure
from mcp_dynaload.proxy.relay import answer_relayed
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.session_lifetime import open_session
from mcp_dynaload.proxy.shared_upstreams import SharedUpstreams, open_shared_upstreams
from mcp_dynaload.proxy.stateless_sessions import StatelessSessions
from mcp_dynaload.proxy.surfaces.dynamic import DYNAMIC
from mcp_dynaload.proxy.surfaces.fixed import FIXED
from mcp_dynaload.proxy.surfaces.surface import Surface
from mcp_dynaload.proxy.surfaces.transparent import TRANSPARENT
from mcp_dynaload.telemetry.totals import Totals
from mcp_dynaload.transport.sdk_json import writable
from mcp_dynaload.upstream.upstream import Upstream
from mcp_dynaload.version import __version__

NOTHING: Mapping[str, Json] = {
    "tools/list": {"tools": []},
    "prompts/list": {"prompts": []},
    "resources/list": {"resources": []},
    "resources/templates/list": {"resourceTemplates": []},
}
"""The lists of a server of ours while another one serves the same client."""

OWN_METHODS = frozenset({"initialize", "ping", "server/discover", "subscriptions/listen"})
"""The requests between the client and us: the rest is for its one upstream, if it has only one."""

USER = "user"
"""Where a transport that knows it leaves the user's name in the connection's state, before the handshake."""

CAPABILITIES: Json = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"subscribe": True, "listChanged": True},
    "completions": {},
    "logging": {},
}


class ProxyServer:
    """The server that clients talk to: any number of connections, each with a session of its own."""

    def __init__(
        self, shared: ProcessContext, logs_dir: Path, tasks: anyio.abc.TaskGroup, shared_upstreams: SharedUpstreams
    ) -> None:
        self._shared = shared
        self._logs_dir = logs_dir
        self._tasks = tasks
        self._shared_upstreams = shared_upstreams
        self._sessions: dict[int, Session] = {}
        self._reconfiguring = anyio.Lock()
        is_dynamic = shared.settings.dynamic_loading_enabled
        self._surface = DYNAMIC if is_dynamic else TRANSPARENT
        self._stateless_surface = FIXED if is_dynamic else TRANSPARENT
        self._stateless_sessions = StatelessSessions(
            partial(self._run_session, self._stateless_surface), tasks, shared.settings.session_idle_seconds
        )
        self.server: Server[Any] = HandshakeServer(
            SERVER_NAME, version=__version__, get_tool_input_schema=self._input_schema
        )
        # The raw path: what is in our table never meets the SDK's models, which would drop fields they do not know.
        self.server.middleware[:] = [self._serve]

    @property
    def shared(self) -> ProcessContext:
        """The objects that all sessions have in common."""
        return self._shared

    @property
    def live(self) -> CatalogState:
        """The catalog that all sessions share."""
        return self._shared.live

    @property
    def totals(self) -> Totals:
        """The totals of this process's events."""
        return self._shared.telemetry.totals

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The open sessions, oldest first."""
        return tuple(self._sessions.values())

    @property
    def shared_running(self) -> tuple[Upstream, ...]:
        """The servers that run for all sessions together."""
        pool = self._shared_upstreams.pool
        return pool.running if pool is not None else ()

    def session_of(self, connection: Connection) -> Session:
        """Return the session of a connection that has shaken hands.

        Raises:
            LookupError: It has not, or is over.
        """
        return self._sessions[id(connection)]

    async def reconfigure(self, configs: Mapping[str, UpstreamConfig]) -> ServersChange:
        """Have these servers behind the proxy from now on, in all sessions; returns how they differ from before."""
        async with self._reconfiguring:
            return await reconfigure(self.live, self._shared_upstreams, self.sessions, configs)

    async def _serve(self, ctx: Request, call_next: CallNext) -> HandlerResult:
        """Answer a message; whatever fails on the way, the client is told in words."""
        try:
            return await self._answered(ctx, call_next)
        except Exception as error:  # one request fails, the connection goes on
            raise error_of(ctx.method, error, self._shared.masker) from error

    async def _answered(self, request: Request, call_next: CallNext) -> HandlerResult:
        connection: Connection = request.session._connection  # pyright: ignore[reportPrivateUsage] - no public accessor
        if request.protocol_version in MODERN_PROTOCOL_VERSIONS:
            return await self._serve_modern(request, call_next)
        session = self._sessions.get(id(connection))
        if session is None or request.method == "initialize":  # which some send twice
            return await self._shake_hands(request, call_next, connection)
        if request.request_id is None:
            return await self._notified(session, request, call_next)
        connection.initialized.set()  # a client that asks has taken the handshake's answer, whether it says so or not
        session.client.announcements.note(request.method)
        if session.role.stands_by and (nothing := NOTHING.get(request.method)) is not None:
            session.list_refresh.was_read()
            return dict(nothing)
        if (method := self._surface.methods.get(request.method)) is not None:
            return await method(session, request, dict(request.params or {}))
        if request.method in OWN_METHODS:
            return await call_next(request)
        return await passing.pass_on(session, request)

    async def _shake_hands(self, request: Request, call_next: CallNext, connection: Connection) -> HandlerResult:
        result = await call_next(request)
        if request.method != "initialize" or not isinstance(result, dict):
            return result
        session = self._sessions.get(id(connection)) or await self._opened(self._client(request, connection))
        client = session.client
        has_tool_search = client.name == CLAUDE_CODE and client.environment.tool_search
        return {
            **result,
            "capabilities": CAPABILITIES,
            **self._instructions(self._surface, session.view, has_tool_search=has_tool_search),
        }

    async def _opened(self, client: Client) -> Session:
        return await self._tasks.start(self._run_session, self._surface, client)

    async def _serve_modern(self, request: Request, call_next: CallNext) -> HandlerResult:
        """Answer one request of revision 2026-07-28, which is part of no session."""
        method = self._stateless_surface.methods.get(request.method) if request.method in modern.REQUESTS else None
        if request.method == "server/discover":
            view = CatalogView(self.live, self._shared.profile)
            answer = await call_next(request)
            own = answer if isinstance(answer, dict) else {}
            return {**own, "capabilities": modern.CAPABILITIES, **self._instructions(self._stateless_surface, view)}
        if method is None or request.request_id is None:
            return await call_next(request)
        environment, user, owner = self._origin_of(request)
        async with self._stateless_sessions.session(environment, user, owner) as session:
            result = await modern.answered(session, request, method)
        return modern.enveloped(request.method, result, self.server.server_info_stamp)

    def _instructions(self, surface: Surface, view: CatalogView, *, has_tool_search: bool = False) -> Json:
        """Return the field of that name, if there is something to say."""
        listings = self.live.listings
        known = {name: listing for name, listing in listings.by_name.items() if view.has(name)}
        unseen = [name for name in listings.unseen if view.has(name)]
        text = surface.instructions(known, unseen, has_tool_search=has_tool_search)
        return {"instructions": text} if text else {}

    def _input_schema(self, name: str) -> Json | None:
        """Return the schema against which the SDK checks HTTP headers that carry arguments."""
        tool = self._shared.live.catalog.get(name)
        return tool.input_schema if tool else None

    def _client(self, request: Request, connection: Connection) -> Client:
        """Return the client that has shaken hands."""
        environment, user, owner = self._origin_of(request)
        introduction, user = dict(request.params or {}), str(connection.state.get(USER) or user)
        fit = as_it_is if request.request is None else writable
        return Client(connection, introduction, environment, user, fit, owner)

    def _origin_of(self, request: Request) -> tuple[ClientEnvironment, str, str]:
        """Return where a request comes from: over HTTP with the user of the access token, and whose logins it uses."""
        came: HTTPConnection | None = request.request
        if came is None:
            return self._shared.environment, "", ""
        return ClientEnvironment.of_request(came), user_of(came), login_owner_of(came)

    async def _run_session(
        self,
        surface: Surface,
        client: Client,
        progress: ProgressRouter | None = None,
        *,
        task_status: anyio.abc.TaskStatus[Session],
    ) -> None:
        """Own one session from its handshake to the end of its connection, in one task."""
        connection = client.connection
        over, gone = anyio.Event(), anyio.Event()

        async def end() -> None:
            over.set()
            await gone.wait()

        connection.exit_stack.push_async_callback(end)
        try:
            async with open_session(
                client, surface, self._shared, self._logs_dir, self._shared_upstreams, progress
            ) as session:
                self._sessions[id(connection)] = session
                session.pool.configure(self.live.listings.configs.values())  # they may have changed meanwhile
                task_status.started(session)
                async with anyio.create_task_group() as tasks:
                    if address := self._shared.peers.address:
                        tasks.start_soon(answer_relayed, address, partial(answer_hook, session, caller=Caller.USER))
                    await over.wait()
                    tasks.cancel_scope.cancel()
        finally:
            self._sessions.pop(id(connection), None)
            gone.set()

    async def _notified(self, session: Session, request: Request, call_next: CallNext) -> HandlerResult:
        await passing.pass_notification(session, request.method, dict(request.params) if request.params else None)
        return await call_next(request)


class HandshakeServer(Server[Any]):
    """A server that announces list changes on every transport: the SDK's HTTP manager passes no options of ours."""

    def create_initialization_options(
        self, notification_options: NotificationOptions | None = None, *args: Any, **kwargs: Any
    ):
        """Switch every list-changed capability on in the SDK's options."""
        options = notification_options or NotificationOptions(True, True, True)
        return super().create_initialization_options(options, *args, **kwargs)


@asynccontextmanager
async def open_proxy_server(
    shared: ProcessContext, logs_dir: Path, *, is_service: bool = False
) -> AsyncGenerator[ProxyServer]:
    """Open the proxy server; at exit all its sessions have ended.

    Only a service has upstreams that its sessions share.
    """
    async with AsyncExitStack() as stack:
        shared_upstreams = SharedUpstreams(shared.live, shared.event_bus)
        if is_service:
            shared_upstreams = await stack.enter_async_context(open_shared_upstreams(shared, logs_dir))
        tasks = await stack.enter_async_context(anyio.create_task_group())
        try:
            yield ProxyServer(shared, logs_dir, tasks, shared_upstreams)
        finally:
            tasks.cancel_scope.cancel()
