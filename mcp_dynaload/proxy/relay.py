"""Hook calls between two servers of ours: what the plugin tells the one that stands by reaches the one that serves."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.abc
import structlog
from anyio.streams.buffered import BufferedByteReceiveStream

from mcp_dynaload.catalog.tool import Json, json_object

MAX_BYTES = 8_000_000
"""The most bytes of a call: a prompt may be long."""

RELAY_SECONDS = 20.0
"""The client gives a hook thirty."""

OPENING_SECONDS = 10.0
"""How long after its start a server may take to open its socket."""

RETRY_SECONDS = 0.05

Answer = Callable[[Json], Awaitable[Json]]

log = structlog.get_logger()


async def answer_relayed(address: str, answer: Answer) -> None:
    """Answer the hook calls that come to a Unix socket, for ever: one line each way.

    Where there can be no socket, the plugin's hooks are not heard beside a registered server; all else goes on.
    """

    async def serve(stream: anyio.abc.ByteStream) -> None:
        async with stream:
            try:
                line = await BufferedByteReceiveStream(stream).receive_until(b"\n", MAX_BYTES)
                await stream.send(json.dumps(await answer(json_object(json.loads(line)))).encode() + b"\n")
            except (anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead, ValueError) as error:
                log.warning("relayed_call_unanswered", error=str(error))

    try:
        listener = await anyio.create_unix_listener(address, mode=0o600)
    except OSError as error:  # the folder for temporary files is gone, or its path too long for a socket
        log.warning("relay_not_opened", error=str(error), consequence="the plugin's hooks are not heard")
        return
    async with listener:
        await listener.serve(serve)


async def relayed(address: str, arguments: Json) -> Json | None:
    """Return the answer of the server that listens there to a hook call; None if it gives none."""
    try:
        with anyio.fail_after(RELAY_SECONDS):
            async with await _connected(address) as stream:
                await stream.send(json.dumps(arguments).encode() + b"\n")
                answer: Any = json.loads(await BufferedByteReceiveStream(stream).receive_until(b"\n", MAX_BYTES))
                return json_object(answer)
    except (OSError, anyio.BrokenResourceError, anyio.IncompleteRead, ValueError) as error:
        log.warning("hook_not_relayed", error=str(error) or type(error).__name__)
        return None


async def _connected(address: str) -> anyio.abc.SocketStream:
    """Return a connection to a server that may be just starting: it is known before it listens.

    Raises:
        OSError: It does not listen in time.
    """
    with anyio.move_on_after(OPENING_SECONDS):
        while True:
            try:
                return await anyio.connect_unix(address)
            except OSError:
                await anyio.sleep(RETRY_SECONDS)
    return await anyio.connect_unix(address)
