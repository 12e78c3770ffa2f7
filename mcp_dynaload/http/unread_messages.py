"""Messages to a client of the SSE transport that it has not read: so many, and it is cut off."""

from collections.abc import Callable, Iterator
from types import TracebackType

import anyio
import pydantic_core
import structlog
from mcp.shared.message import SessionMessage
from starlette.types import Message, Send

from mcp_dynaload.upstream.streams import WriteStream

MAX_UNREAD_BYTES = 16_000_000
"""The most that waits for one client that takes nothing; one that reads 100 kB a second is seen to, and has all."""

UNREAD_SECONDS = 5.0
"""So long it has taken nothing by then, while more than that waited."""

PIECE_BYTES = 65_536
"""The most that is handed on at one time: of a longer piece nobody learns that the client takes it bit by bit."""

log = structlog.get_logger()


class PiecewiseSend:
    """The ASGI `send` of one stream, in pieces; a server takes the next one when most of the last has gone out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._turn = anyio.Lock()
        self.taken_at = anyio.current_time()
        """When the last piece was taken."""

    async def __call__(self, message: Message) -> None:
        """Send one message; none comes between its pieces, as a ping would."""
        async with self._turn:
            for piece in _pieces(message):
                await self._send(piece)
                self.taken_at = anyio.current_time()


class UnreadMessages:
    """The stream to one client, which goes out by `out`; `end` is called when too much of it waits."""

    def __init__(self, write: WriteStream[SessionMessage], out: PiecewiseSend, end: Callable[[], None]) -> None:
        self._write = write
        self._out = out
        self._end = end
        self._bytes = 0
        self._over_since = anyio.current_time()

    async def send(self, item: SessionMessage, /) -> None:
        """Send one message, when those before have been taken."""
        now, size = anyio.current_time(), _size(item)
        if self._bytes <= MAX_UNREAD_BYTES:
            self._over_since = now
        self._bytes += size
        if self._bytes > MAX_UNREAD_BYTES and now - max(self._over_since, self._out.taken_at) > UNREAD_SECONDS:
            log.warning("client_cut_off", unread_bytes=self._bytes, why="it reads nothing of what it has asked for")
            self._end()
        try:
            await self._write.send(item)
        finally:
            self._bytes -= size

    async def aclose(self) -> None:
        """Close the transport's stream."""
        await self._write.aclose()

    async def __aenter__(self) -> "UnreadMessages":
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()


def _pieces(message: Message) -> Iterator[Message]:
    """Return a message, or those that say the same in bodies that are no longer than a piece."""
    body: bytes = message.get("body", b"")
    if len(body) <= PIECE_BYTES:
        yield message
        return
    for start in range(0, len(body), PIECE_BYTES):
        end = start + PIECE_BYTES
        yield {**message, "body": body[start:end], "more_body": end < len(body) or message.get("more_body", False)}


def _size(item: SessionMessage) -> int:
    """Return the bytes of the message as the transport writes it, which takes it several times as long."""
    try:
        return len(pydantic_core.to_json(item.message, by_alias=True))
    except pydantic_core.PydanticSerializationError:
        return 0  # the transport will not write it, either, and says so
