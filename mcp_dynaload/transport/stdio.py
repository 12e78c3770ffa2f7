"""The stdio transport towards the client, on the event loop's own pipes.

The SDK's transport hops through a worker thread for each line, which doubles the latency of a call and keeps SIGINT
from ending the process. Windows, which has no such pipes for stdin, keeps the SDK's.
"""

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
import structlog
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError

from mcp_dynaload.early.answering import Handover
from mcp_dynaload.early.exchanges import FirstExchanges
from mcp_dynaload.early.start import EarlyStart
from mcp_dynaload.transport.jsonrpc_lines import CHUNK_BYTES, Item, LineReader, LineWriter, Receive, Send
from mcp_dynaload.transport.line_repair import refusals

STOP_SIGNALS = [signal.SIGTERM, signal.SIGINT]
if sys.platform != "win32":
    STOP_SIGNALS.append(signal.SIGHUP)  # the terminal was closed


log = structlog.get_logger()


@asynccontextmanager
async def open_stdio(
    early: EarlyStart | None = None, watched: Callable[[FirstExchanges], None] = lambda first: None
) -> AsyncGenerator[tuple[Any, Any]]:
    """Yield the client's (read, write) streams of `SessionMessage`; a stop signal and end of input end the block.

    While it is open, stdin is empty and what is printed goes to stderr, so nothing can break into the protocol. From
    an early start its input is taken over whole, and what it has answered is not answered again: `watched` is given
    what becomes of that whenever there is news.
    """
    if sys.platform == "win32":
        from mcp.server.stdio import stdio_server

        async with stdio_server() as streams:
            yield streams
        return
    loop = asyncio.get_running_loop()
    handover = early.answers.finish() if early is not None else None
    stdin, stdout = _take_streams()
    receive, (send, close) = await _receiving(loop, stdin), await _sending(loop, stdout)
    if handover is not None:
        receive, send = await _taken_over(handover, receive, send, watched)
    lines = LineWriter(send)

    async def refuse(line: bytes, problem: Exception) -> Iterable[Item]:
        """Tell the client at once what is no message; what it answered us goes to who has asked."""
        said = refusals(line)
        for refusal in said:
            if isinstance(refusal, JSONRPCError):
                log.warning("client_line_refused", error=refusal.error.message)
                await lines.send(SessionMessage(refusal))
        return [item for item in said if not isinstance(item, JSONRPCError)]

    heeded = [number for number in STOP_SIGNALS if not _is_ignored_hang_up(number)]
    with anyio.CancelScope() as scope:
        for number in heeded:
            loop.add_signal_handler(number, scope.cancel)
        try:
            yield LineReader(receive, refuse), lines
        finally:
            for number in heeded:
                loop.remove_signal_handler(number)
    close()


async def _taken_over(
    handover: Handover, receive: Receive, send: Send, watched: Callable[[FirstExchanges], None]
) -> tuple[Receive, Send]:
    """Return how to read on from what was read early, and how to write without what was answered early."""
    read = handover.read
    first = FirstExchanges(handover, lambda: watched(first))
    if handover.unsent:
        await send(handover.unsent)

    async def receive_all() -> bytes:
        nonlocal read
        chunk, read = read or await receive(), b""
        if not first.is_over:
            first.see(chunk)
        return chunk

    async def send_rest(data: bytes) -> None:
        if first.is_over or not first.is_sent(data):
            await send(data)

    return receive_all, send_rest


def _is_ignored_hang_up(number: signal.Signals) -> bool:
    """Return whether it is SIGHUP and `nohup` had it ignored: the client outlives its terminal, and so do we."""
    return number.name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN


def _take_streams() -> tuple[int, int]:
    """Return duplicates of stdin and stdout, and leave an empty stdin and stderr in their places."""
    stdin, stdout = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    os.dup2(2, 1)
    return stdin, stdout


async def _receiving(loop: asyncio.AbstractEventLoop, number: int) -> Receive:
    """Return how to read from a descriptor; it is owned from now on."""
    if not _can_be_waited_for(number):
        # A file or the null device is never waited for: the loop would not hear of its end.
        file = os.fdopen(number, "rb", 0)
        return lambda: anyio.to_thread.run_sync(file.read, CHUNK_BYTES, abandon_on_cancel=True)
    reader = asyncio.StreamReader(limit=CHUNK_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(number, "rb", 0))
    return lambda: reader.read(CHUNK_BYTES)


async def _sending(loop: asyncio.AbstractEventLoop, number: int) -> tuple[Send, Callable[[], None]]:
    """Return how to write to a descriptor, and how to close it."""
    if stat.S_ISREG(os.fstat(number).st_mode):  # it takes at once whatever comes, and the loop knows no such pipe
        file = os.fdopen(number, "wb")

        async def write(data: bytes) -> None:
            file.write(data)
            file.flush()

        return write, file.close
    transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(number, "wb", 0))
    writer = asyncio.StreamWriter(transport, protocol, None, loop)

    async def send(data: bytes) -> None:
        writer.write(data)
        await writer.drain()

    return send, writer.close


def _can_be_waited_for(number: int) -> bool:
    """Return whether the event loop can be told when there is something to read."""
    mode = os.fstat(number).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(number)
