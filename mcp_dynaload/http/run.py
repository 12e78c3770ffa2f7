"""Serving the application until a signal comes: running calls are finished, then everything is closed."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import cast

import anyio
import anyio.to_thread
import structlog
import uvicorn

from mcp_dynaload.configuration import Configuration
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.http.app import create_app
from mcp_dynaload.http.connections import (
    Connections,
    TimedProtocol,
    backlog,
    connection_limit,
    raise_descriptor_limit,
)
from mcp_dynaload.http.dependencies import serving_of
from mcp_dynaload.http.mcp_endpoints import Endpoints
from mcp_dynaload.machine.logs import set_up_logs
from mcp_dynaload.machine.loopback import is_loopback
from mcp_dynaload.store.backends import open_tokens

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

CLOSING_SECONDS = 5
"""Sessions are over by then; what is left are connections that are being closed."""

log = structlog.get_logger()


class _Server(uvicorn.Server):
    """A uvicorn server without its own way with signals, which cuts streams off and ends by the signal."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave them to `serve_http`."""
        yield


async def serve_http(
    configuration: Configuration, host: str, port: int, listening: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT; a second one cuts off what is still running.

    `listening` is told the address, in a thread, as soon as somebody can connect to it.

    Raises:
        ConfigError: Nothing can listen on that host and port, or others could reach it and need no token.
    """
    set_up_logs(
        configuration.settings.log_level, configuration.locations.logs_dir, to_stderr=True, masker=configuration.masker
    )
    await _refuse_open_door(configuration, host)
    app = create_app(configuration)
    limit = connection_limit(raise_descriptor_limit())
    server = _Server(
        uvicorn.Config(
            app,
            http=cast("type[asyncio.Protocol]", partial(TimedProtocol, Connections(limit))),
            backlog=backlog(limit),
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=CLOSING_SECONDS,
        )
    )
    with _listening(host, port) as listener, anyio.open_signal_receiver(*STOP_SIGNALS) as signals:
        async with anyio.create_task_group() as tasks:

            async def stop() -> None:
                await anext(signals)
                await _drain(serving_of(app).endpoints, configuration.settings.drain_seconds, signals)
                server.should_exit = True

            tasks.start_soon(stop)
            bound = listener.getsockname()[1]
            log.info("listening", host=host, port=bound)
            if listening is not None:
                tasks.start_soon(anyio.to_thread.run_sync, listening, f"http://{host}:{bound}")
            await server.serve([listener])
            tasks.cancel_scope.cancel()


async def _refuse_open_door(configuration: Configuration, host: str) -> None:
    if is_loopback(host) or configuration.settings.oauth_issuer:
        return
    with open_tokens(configuration.settings.store_url, configuration.locations.database_file) as tokens:
        if await tokens.has_any():
            return
    raise ConfigError(
        f"--host {host} can be reached by others, and there is no access token: make one with "
        f"`mcp-dynaload token create NAME`, or listen on 127.0.0.1"
    )


async def _drain(endpoints: Endpoints, seconds: float, signals: AsyncIterator[signal.Signals]) -> None:
    """End the sessions when their calls have finished, or at the next signal."""
    log.info("draining", longest_seconds=seconds)
    async with anyio.create_task_group() as tasks:

        async def wait() -> None:
            await endpoints.drain(seconds)
            tasks.cancel_scope.cancel()

        tasks.start_soon(wait)
        await anext(signals)
        tasks.cancel_scope.cancel()
    endpoints.end()


@contextmanager
def _listening(host: str, port: int) -> Generator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another --host or --port"
        ) from error
    with listener:
        yield listener
