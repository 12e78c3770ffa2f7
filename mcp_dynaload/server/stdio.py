"""The stdio transport towards the client, on the event loop's own pipes.

The SDK's transport hops through a worker thread for each line, which doubles the latency of a call and keeps SIGINT
from ending the process. Windows, which has no such pipes for stdin, keeps the SDK's.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from mcp.shared.message import SessionMessage

from mcp_dynaload.wire import MAX_LINE_BYTES, format_line, parse_line

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@asynccontextmanager
async def open_stdio() -> AsyncGenerator[tuple[Any, Any]]:
    """Yield the client's (read, write) streams of `SessionMessage`; SIGTERM, SIGINT and end of input end the block.

    While it is open, stdin is empty and what is printed goes to stderr, so nothing can break into the protocol.
    """
    if sys.platform == "win32":
        from mcp.server.stdio import stdio_server

        async with stdio_server() as streams:
            yield streams
        return
    loop = asyncio.get_running_loop()
    reader, writer = await _connect_pipes(loop)
    to_server, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, from_server = anyio.create_memory_object_stream[SessionMessage](0)

    async def read_messages() -> None:
        async with to_server:
            with suppress(
                anyio.BrokenResourceError, anyio.ClosedResourceError, ValueError
            ):  # ValueError: line too long
                while line := await reader.readline():
                    if line.strip():
                        await to_server.send(parse_line(line))

    async def write_messages() -> None:
        with suppress(ConnectionError):  # the client has left
            async with from_server:
                async for message in from_server:
                    writer.write(format_line(message.message))
                    await writer.drain()

    async with anyio.create_task_group() as tasks:
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, tasks.cancel_scope.cancel)
        tasks.start_soon(read_messages)
        tasks.start_soon(write_messages)
        try:
            yield read, write
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)
            tasks.cancel_scope.cancel()
    writer.close()


async def _connect_pipes(loop: asyncio.AbstractEventLoop) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    stdin, stdout = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(stdin, "rb", 0))
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(stdout, "wb", 0))
    return reader, asyncio.StreamWriter(transport, protocol, None, loop)
