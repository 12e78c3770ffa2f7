"""A private Unix socket on which a process of ours answers another of the same user: one line of JSON each way."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.abc
import structlog
from anyio.streams.buffered import BufferedByteReceiveStream

from mcp_dynaload.catalog.tool import Json, json_object

MAX_BYTES = 8_000_000
"""The most bytes of a line: a prompt may be long."""

RETRY_SECONDS = 0.05
SOCKET_MODE = 0o600

Answer = Callable[[Json], Awaitable[Json]]

log = structlog.get_logger()


async def answer_lines(address: str, answer: Answer) -> None:
    """Answer what is asked at the socket, for ever.

    Raises:
        OSError: There can be no socket.
    """

    async def serve(stream: anyio.abc.ByteStream) -> None:
        async with stream:
            try:
                line = await BufferedByteReceiveStream(stream).receive_until(b"\n", MAX_BYTES)
                await stream.send(json.dumps(await answer(json_object(json.loads(line)))).encode() + b"\n")
            except (
                anyio.BrokenResourceError,
                anyio.DelimiterNotFound,
                anyio.EndOfStream,
                anyio.IncompleteRead,
                ValueError,
            ) as error:
                log.warning("private_socket_unanswered", error=str(error))

    listener = await anyio.create_unix_listener(address, mode=SOCKET_MODE)
    async with listener:
        await listener.serve(serve)


async def ask(address: str, question: Json, *, opening_seconds: float, seconds: float) -> Json:
    """Return the answer of the process that listens there, or soon will.

    Raises:
        OSError: Nobody listens there in time, or answers in time.
        ValueError: The answer is none.
    """
    try:
        with anyio.fail_after(seconds):
            async with await _connected(address, opening_seconds) as stream:
                await stream.send(json.dumps(question).encode() + b"\n")
                answer: Any = json.loads(await BufferedByteReceiveStream(stream).receive_until(b"\n", MAX_BYTES))
                return json_object(answer)
    except (anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead) as error:
        raise ConnectionError(f"it ended before it answered ({type(error).__name__})") from error
    except anyio.DelimiterNotFound as error:
        raise ValueError("its answer has no end") from error


async def _connected(address: str, opening_seconds: float) -> anyio.abc.SocketStream:
    """Return a connection to a process that may be just starting: it is known before it listens.

    Raises:
        OSError: It does not listen in time.
    """
    with anyio.move_on_after(opening_seconds):
        while True:
            try:
                return await anyio.connect_unix(address)
            except OSError:
                await anyio.sleep(RETRY_SECONDS)
    return await anyio.connect_unix(address)
