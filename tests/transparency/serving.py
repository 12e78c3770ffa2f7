"""Servers for tests, in this process: ASGI applications over HTTP, and the proxy in front of given upstreams."""

import json
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from mcp.server.runner import serve_loop
from mcp.shared.message import SessionMessage
from starlette.types import ASGIApp

from mcp_dynaload.app import open_proxy
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.configuration import read_configuration
from mcp_dynaload.proxy.server import ProxyServer
from tests.programs import PYTHON

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def served(app: ASGIApp, port: int = 0) -> AsyncGenerator[str]:
    """Serve an application, on a free port if none is given; yields its origin."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=1))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(server.serve, sockets=[listener]))
            try:
                yield f"http://localhost:{listener.getsockname()[1]}"
            finally:
                server.should_exit = True


@asynccontextmanager
async def proxied(
    folder: Path, servers: Mapping[str, Json], *, environ: Mapping[str, str] | None = None
) -> AsyncGenerator[ProxyServer]:
    """Open the proxy with loading switched off, in front of upstreams that are named as in a servers file."""
    file = _written(folder, servers)
    configuration = read_configuration(
        {
            "MCP_DYNALOAD_CONFIG_DIR": str(folder / "config"),
            "MCP_DYNALOAD_STATE_DIR": str(folder / "state"),
            "CLAUDE_PROJECT_DIR": str(ROOT),
            "DYNAMIC_LOADING_ENABLED": "false",
            "MCP_DYNALOAD_PINNING": "off",  # what changes is passed on, too: holding it back has tests of its own
            **(environ or {}),
        },
        explicit=[file],
    )
    assert configuration.upstreams.problems == ()
    async with open_proxy(configuration) as proxy:
        yield proxy


def _written(folder: Path, servers: Mapping[str, Json]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "servers.json"
    file.write_text(json.dumps({"mcpServers": servers}))
    return file


@asynccontextmanager
async def joined(proxy: ProxyServer) -> AsyncGenerator[tuple[Any, Any]]:
    """Connect to the proxy in memory; yields a client's transport."""
    to_server, from_client = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    to_client, from_server = anyio.create_memory_object_stream[SessionMessage](0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(serve_loop, proxy.server, from_client, to_client, lifespan_state={}))
        yield from_server, to_server
        tasks.cancel_scope.cancel()


def python_entry(module: str, *arguments: str, **options: Any) -> Json:
    """Return a stdio upstream that is a module of these tests, with names of its own."""
    return {
        "command": PYTHON,
        "args": ["-W", "ignore", "-m", module, *arguments],
        "env": {"PYTHONPATH": str(ROOT)},
        "dynaload": {"prefix": "", **options},
    }
