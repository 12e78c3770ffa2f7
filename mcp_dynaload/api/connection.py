"""A client of our own server in the same process, with the session that it has there."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
from mcp import Client, MCPError
from mcp.client.session import IncomingMessage
from mcp.server.connection import Connection
from mcp.server.runner import serve_connection
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.shared.memory import create_client_server_memory_streams
from mcp_types import (
    CONNECTION_CLOSED,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    Implementation,
    ToolListChangedNotification,
)

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.server import USER, ProxyServer
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.version import __version__

NAME = "mcp-dynaload-api"


@dataclass(frozen=True, slots=True)
class Connected:
    """The two ends of one connection."""

    client: Client
    session: Session

    async def call(self, name: str, arguments: Json) -> CallToolResult:
        """Call a tool as a client does.

        Raises:
            MCPError: There is no such tool, or the upstream's own error answer.
        """
        # Not `Client.call_tool`: it lists all tools again for a name that it does not know, and checks results twice.
        request = CallToolRequest(params=CallToolRequestParams(name=name, arguments=arguments))
        return await self.client.session.send_request(request, CallToolResult)


@asynccontextmanager
async def open_connection(proxy: ProxyServer, user: str) -> AsyncGenerator[Connected]:
    """Connect as this user ("": the only one); at exit the session is over and its upstreams are gone."""
    async with create_client_server_memory_streams() as ((read, write), server), anyio.create_task_group() as tasks:
        dispatcher = JSONRPCDispatcher[Any](*server, inline_methods=frozenset({"initialize"}))
        connection = Connection.for_loop(dispatcher)
        connection.state[USER] = user
        client: Client | None = None

        async def serve() -> None:
            await serve_connection(proxy.server, dispatcher, connection=connection, lifespan_state={})

        async def heard(message: IncomingMessage) -> None:
            if client is not None and isinstance(message, ToolListChangedNotification):
                tasks.start_soon(_reread, client)

        @asynccontextmanager
        async def transport() -> AsyncGenerator[tuple[Any, Any]]:
            yield read, write

        tasks.start_soon(serve)
        introduction = Implementation(name=NAME, version=__version__)
        async with Client(
            transport(), mode="legacy", cache=None, client_info=introduction, message_handler=heard
        ) as connected:
            client = connected
            await client.list_tools()
            yield Connected(client, proxy.session_of(connection))
        await write.aclose()  # the server ends with its input, and closes the session


async def _reread(client: Client) -> None:
    """List anew, unless the session ends meanwhile."""
    try:
        await client.list_tools()
    except MCPError as error:
        if error.code != CONNECTION_CLOSED:
            raise
