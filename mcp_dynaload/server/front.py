"""The MCP server towards clients: handshake, sessions, and one table of methods."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult
from mcp.server.lowlevel.server import NotificationOptions, Server
from starlette.requests import HTTPConnection

from mcp_dynaload import __version__
from mcp_dynaload.catalog.names import SERVER_NAME
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.server import calls, passing
from mcp_dynaload.server.client import Client, ClientEnvironment, Request, user_of
from mcp_dynaload.server.commands import surface
from mcp_dynaload.server.live_catalog import LiveCatalog
from mcp_dynaload.server.session import Session, open_session
from mcp_dynaload.server.shared import Shared
from mcp_dynaload.server.texts import instructions_text

Method = Callable[[Session, Request, Json], Awaitable[Json]]

METHODS: Mapping[str, Method] = {
    "tools/list": calls.list_tools,
    "tools/call": calls.call_tool,
    "prompts/list": surface.list_prompts,
    "prompts/get": surface.get_prompt,
    "resources/list": passing.list_resources,
    "resources/templates/list": passing.list_templates,
    "resources/read": passing.read_resource,
    "resources/subscribe": passing.subscribe,
    "resources/unsubscribe": passing.unsubscribe,
    "completion/complete": surface.complete,
    "logging/setLevel": passing.set_log_level,
}

OWN_METHODS = frozenset({"initialize", "ping", "server/discover", "subscriptions/listen"})
"""What is between the client and us: the rest is for its one upstream, if it has only one."""

USER = "user"
"""Where a transport that knows it leaves the person's name in the connection's state, before the handshake."""

CAPABILITIES: Json = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"subscribe": True, "listChanged": True},
    "completions": {},
    "logging": {},
}


class Front:
    """Serves any number of connections; each gets a session of its own with its handshake."""

    def __init__(self, shared: Shared, logs_dir: Path, tasks: anyio.abc.TaskGroup) -> None:
        self._shared = shared
        self._logs_dir = logs_dir
        self._tasks = tasks
        self._sessions: dict[int, Session] = {}
        self.server: Server[Any] = HandshakeServer(SERVER_NAME, version=__version__)
        # The raw path: what is in our table never meets the SDK's models, which would drop fields they do not know.
        self.server.middleware[:] = [self._serve]

    @property
    def live(self) -> LiveCatalog:
        """The catalog that all sessions share."""
        return self._shared.live

    @property
    def sessions(self) -> tuple[Session, ...]:
        """Those that are open, oldest first."""
        return tuple(self._sessions.values())

    def session_of(self, connection: Connection) -> Session:
        """The session of a connection that has shaken hands.

        Raises:
            LookupError: It has not, or is over.
        """
        return self._sessions[id(connection)]

    async def _serve(self, ctx: Request, call_next: CallNext) -> HandlerResult:
        request = ctx
        connection: Connection = request.session._connection  # pyright: ignore[reportPrivateUsage] - no public accessor
        session = self._sessions.get(id(connection))
        if session is None:
            return await self._shake_hands(request, call_next, connection)
        if request.request_id is None:
            return await self._notified(session, request, call_next)
        if (method := METHODS.get(request.method)) is not None:
            return await method(session, request, dict(request.params or {}))
        if (upstream := session.host.only_upstream()) is not None and request.method not in OWN_METHODS:
            return await passing.pass_on(session, request, upstream)
        return await call_next(request)

    async def _shake_hands(self, request: Request, call_next: CallNext, connection: Connection) -> HandlerResult:
        result = await call_next(request)
        if request.method != "initialize" or not isinstance(result, dict):
            return result
        await self._tasks.start(self._run_session, self._client(request, connection))
        live = self._shared.live
        instructions = instructions_text(live.listings, live.unseen)
        if not self._shared.settings.dynamic_loading_enabled:
            instructions = "\n\n".join(
                listing.instructions for listing in live.listings.values() if listing.instructions
            )
        return {**result, "capabilities": CAPABILITIES, **({"instructions": instructions} if instructions else {})}

    def _client(self, request: Request, connection: Connection) -> Client:
        """Who has shaken hands: over HTTP the person is the one of the access token."""
        came: HTTPConnection | None = request.request
        environment, user = self._shared.environment, connection.state.get(USER)
        if came is not None:
            environment, user = ClientEnvironment.of_request(came), user_of(came)
        return Client(connection, dict(request.params or {}), environment, str(user or ""))

    async def _run_session(self, client: Client, *, task_status: anyio.abc.TaskStatus[None]) -> None:
        """Own one session from its handshake to the end of its connection, in one task."""
        connection = client.connection
        over, gone = anyio.Event(), anyio.Event()

        async def end() -> None:
            over.set()
            await gone.wait()

        connection.exit_stack.push_async_callback(end)
        try:
            async with open_session(client, self._shared, self._logs_dir) as session:
                self._sessions[id(connection)] = session
                task_status.started()
                await over.wait()
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
        """The SDK's options with every list-changed capability on."""
        options = notification_options or NotificationOptions(True, True, True)
        return super().create_initialization_options(options, *args, **kwargs)


@asynccontextmanager
async def open_front(shared: Shared, logs_dir: Path) -> AsyncGenerator[Front]:
    """The front; at exit all its sessions have ended."""
    async with anyio.create_task_group() as tasks:
        try:
            yield Front(shared, logs_dir, tasks)
        finally:
            tasks.cancel_scope.cancel()
