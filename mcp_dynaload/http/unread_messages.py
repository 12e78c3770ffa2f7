"""Messages to a client of the SSE transport that it has not read: so many, and it is cut off."""

from collections.abc import Callable
from types import TracebackType

import anyio
import structlog
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from mcp_dynaload.telemetry.sizes import size_of
from mcp_dynaload.upstream.streams import WriteStream

MAX_UNREAD_BYTES = 16_000_000
"""The most that waits for one client that takes nothing; one that reads, however slowly, has what it asked for."""

UNREAD_SECONDS = 5.0
"""So long it has taken nothing by then."""

log = structlog.get_logger()


class UnreadMessages:
    """The stream to one client; `end` is called when too much of it waits."""

    def __init__(self, write: WriteStream[SessionMessage], end: Callable[[], None]) -> None:
        self._write = write
        self._end = end
        self._bytes = 0
        self._taken_at = anyio.current_time()

    async def send(self, item: SessionMessage, /) -> None:
        """Send one message, when those before have been taken."""
        size = _size(item)
        if not self._bytes:
            self._taken_at = anyio.current_time()  # nothing was there to be taken
        self._bytes += size
        if self._bytes > MAX_UNREAD_BYTES and anyio.current_time() - self._taken_at > UNREAD_SECONDS:
            log.warning("client_cut_off", unread_bytes=self._bytes, why="it reads nothing of what it has asked for")
            self._end()
        try:
            await self._write.send(item)
            self._taken_at = anyio.current_time()
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


def _size(item: SessionMessage) -> int:
    match item.message:
        case JSONRPCResponse(result=said):
            return size_of(said)
        case JSONRPCNotification(params=said) | JSONRPCRequest(params=said):
            return size_of(said)
        case JSONRPCError(error=error):
            return len(error.message)
