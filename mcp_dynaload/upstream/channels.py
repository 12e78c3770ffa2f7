"""Opening the message streams to an upstream: a child process, streamable HTTP or server-sent events."""

import os
import sys
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio.streams.memory import MemoryObjectSendStream

from mcp_dynaload.config.servers_file import UpstreamConfig
from mcp_dynaload.errors import UpstreamStartError
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.machine.authorities import EXTRA_AUTHORITIES, trusted_authorities
from mcp_dynaload.transport.bounds import MAX_MESSAGE_BYTES
from mcp_dynaload.transport.jsonrpc_lines import Item
from mcp_dynaload.upstream.allowance import Allowance
from mcp_dynaload.upstream.http_session import HttpSession
from mcp_dynaload.upstream.output_log import OutputLog
from mcp_dynaload.upstream.process import ProcessCommand, child_environment, open_process
from mcp_dynaload.upstream.sandbox import contained
from mcp_dynaload.upstream.streams import Streams

_Client = TypeVar("_Client")

HTTP_CONNECT_SECONDS = 30.0
HTTP_READ_SECONDS = 3600.0
"""A stream may be silent for long; the call's own timeout is what ends a call."""


@asynccontextmanager
async def open_streams(
    config: UpstreamConfig, project_dir: Path, log: OutputLog, allowance: Allowance, logins: Logins | None = None
) -> AsyncGenerator[Streams]:
    """Open the transport that the entry asks for; `allowance` is for what comes without having been asked for.

    `logins` are the user's, for servers behind HTTP.

    Raises:
        UpstreamStartError: The folder in which to start it does not exist, or it cannot be contained as its entry asks.
        OSError: The process could not be started.
        httpx2.HTTPError: The server could not be reached.
    """
    opened = (
        _open_stdio(config, project_dir, log, allowance)
        if config.transport == "stdio"
        else _open_http(config, allowance, project_dir, logins)
    )
    async with opened as streams:
        yield streams


@asynccontextmanager
async def _open_stdio(
    config: UpstreamConfig, project_dir: Path, log: OutputLog, allowance: Allowance
) -> AsyncGenerator[Streams]:
    folder = config.folder(project_dir)
    _check_folder(folder)
    env = child_environment(config.env, inherit=config.options.inherit_env, environ=os.environ)
    command = ProcessCommand(config.command, config.args, env, folder)
    if config.options.sandbox is not None:
        command = await contained(config, command)
    if sys.platform != "win32":
        async with open_process(command, log, allowance) as streams:
            yield streams
        return
    # Job objects, .cmd look-up and the process group's end on Windows are the SDK's own.
    from mcp.client.stdio import StdioServerParameters, stdio_client

    parameters = StdioServerParameters(command=config.command, args=list(config.args), env=env, cwd=folder)
    async with stdio_client(parameters) as (read, write):
        yield Streams(read, write)


def _check_folder(folder: Path) -> None:
    """Refuse a folder that is not there: the system's own error would look like that of a missing program."""
    if not folder.is_dir():
        raise UpstreamStartError(f"the folder {str(folder)!r}, in which it is to run, does not exist")


@asynccontextmanager
async def _open_http(
    config: UpstreamConfig, allowance: Allowance, project_dir: Path, logins: Logins | None
) -> AsyncGenerator[Streams]:
    # The HTTP client is needed by few configurations only, and not before a call.
    import httpx2
    from mcp.client.sse import sse_client
    from mcp.client.streamable_http import streamable_http_client

    from mcp_dynaload.logins.credentials import Credentials
    from mcp_dynaload.upstream.http_answers import AnsweringClient, in_our_words, no_demand
    from mcp_dynaload.upstream.http_bodies import Answers
    from mcp_dynaload.upstream.http_writing import WritableMessages

    session = HttpSession()
    credentials = Credentials(config, logins, project_dir) if logins is not None else None
    answers = Answers(session, allowance, is_in_address=config.transport == "sse")
    send, receive = anyio.create_memory_object_stream[Item](0)

    async def tell(item: Item) -> None:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # nobody reads any more
            if (told := in_our_words(item)) is not None:
                await send.send(told)

    def client_of(
        headers: dict[str, str] | None = None, timeout: httpx2.Timeout | None = None, auth: httpx2.Auth | None = None
    ) -> httpx2.AsyncClient:
        return _supported(
            AnsweringClient,
            tell,
            answers_in_body=config.transport != "sse",
            session=session,
            headers=headers,
            timeout=timeout,
            auth=credentials or auth,
            verify=trusted_authorities(os.environ.get(EXTRA_AUTHORITIES)),
            demand=credentials.demand if credentials else no_demand,
            event_hooks={"response": [answers.check]},
        )

    headers: dict[str, Any] = {name: value.encode("latin-1") for name, value in config.headers.items()}
    async with send, receive:
        if config.transport == "sse":
            async with (
                sse_client(config.url, headers, HTTP_CONNECT_SECONDS, HTTP_READ_SECONDS, client_of) as (read, write),
                _passing_on(read, send, tell),
            ):
                yield _streams(receive, WritableMessages(write, tell), session)
            return
        async with (
            client_of(headers, httpx2.Timeout(HTTP_CONNECT_SECONDS, read=HTTP_READ_SECONDS)) as client,
            streamable_http_client(config.url, http_client=client, max_sse_event_size=MAX_MESSAGE_BYTES) as (
                read,
                write,
            ),
            _passing_on(read, send, tell),
        ):
            yield _streams(receive, WritableMessages(write, tell), session)


def _supported(client: Callable[..., _Client], *args: Any, **options: Any) -> _Client:
    """Return the HTTP client.

    Raises:
        UpstreamStartError: What the environment sets for it needs a package that is not there.
    """
    try:
        return client(*args, **options)
    except ImportError as error:
        said = "a variable of the environment (ALL_PROXY, HTTP_PROXY or HTTPS_PROXY) sets a SOCKS proxy, for which the"
        raise UpstreamStartError(
            f"{said} package 'socksio' is missing: install it beside mcp-dynaload, or name its host in NO_PROXY"
        ) from error


@asynccontextmanager
async def _passing_on(
    read: AsyncIterable[Item], send: MemoryObjectSendStream[Item], tell: Callable[[Item], Awaitable[None]]
) -> AsyncGenerator[None]:
    """Pass on what the SDK's transport reads, together with what it could not read; that ends the connection."""

    async def pass_on() -> None:
        async with send:
            async for item in read:
                await tell(item)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pass_on)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()


def _streams(read: Any, write: Any, session: HttpSession | None = None) -> Streams:
    return Streams(read, write, session=session)
