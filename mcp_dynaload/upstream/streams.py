"""The message streams between a transport and the dispatcher: paced towards us, watched towards the upstream."""

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

import anyio
from mcp.shared._stream_protocols import ReadStream, WriteStream
from mcp.shared.message import SessionMessage
from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
)

from mcp_dynaload.upstream.allowance import Allowance
from mcp_dynaload.upstream.http_session import HttpSession

Said = JSONRPCNotification | JSONRPCRequest
"""The messages that an upstream sends by itself."""

Answer = JSONRPCResponse | JSONRPCError

MAX_OPEN = 10_000
"""Requests of which it is known that an answer may come; of more, the oldest count as answered."""

ANSWER_SECONDS = 0.00001
DROPPED_SECONDS = 0.00003
TAKEN_SECONDS = 0.0003
"""About what an answer, a message that goes no further, and one that is worked on cost us.

An answer to nothing costs as much as the last: the dispatcher looks for what it could belong to, and says so.
"""

UNREAD = frozenset({PARSE_ERROR, INVALID_REQUEST})
"""The errors of a server that could not read a request, and so not its id: JSON-RPC has null in its place."""

_BROKEN = (anyio.BrokenResourceError, anyio.ClosedResourceError)


@dataclass(frozen=True, slots=True)
class Streams:
    """The message streams of a transport and what stands behind it: a process, or a session over HTTP."""

    read: ReadStream[SessionMessage | Exception]
    write: WriteStream[SessionMessage]
    pid: int | None = None
    session: HttpSession | None = None
    unfinished: Callable[[], bytes] = lambda: b""
    """The begin of a line that was not ended by now."""

    exited: anyio.Event | None = None
    """Set when the process is gone; what it has started may still hold its output open, or even answer in its place."""

    hang_up: Callable[[], None] = lambda: None
    """Ends the reading of messages, as if the output had ended."""


class Intake:
    """The messages of an upstream; of those by itself only the wanted ones, and no faster than it is allowed to."""

    def __init__(
        self,
        read: ReadStream[SessionMessage | Exception],
        allowance: Allowance,
        is_wanted: Callable[[Said], bool],
        is_asked: Callable[[Answer], bool],
        only_asked: Callable[[], RequestId | None] = lambda: None,
    ) -> None:
        self._read = read
        self._allowance = allowance
        self._is_wanted = is_wanted
        self._is_asked = is_asked
        self._only_asked = only_asked

    def __aiter__(self) -> "Intake":
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        while True:
            item = await anext(self._read)
            if isinstance(item, Exception):
                await self._allowance.spend(TAKEN_SECONDS)
                return item
            if not isinstance(item.message, Said):
                answer = self._addressed(item.message)
                await self._allowance.spend(ANSWER_SECONDS if self._is_asked(answer) else TAKEN_SECONDS)
                return item if answer is item.message else SessionMessage(answer)
            is_wanted = self._is_wanted(item.message)
            await self._allowance.spend(TAKEN_SECONDS if is_wanted else DROPPED_SECONDS)
            if is_wanted:
                return item

    def _addressed(self, answer: Answer) -> Answer:
        """Return an answer with the id of the one request that it can be for, if it says that it could not read it."""
        is_unread = isinstance(answer, JSONRPCError) and answer.id is None and answer.error.code in UNREAD
        if not is_unread or (number := self._only_asked()) is None:
            return answer
        return answer.model_copy(update={"id": number})

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message.

        Raises:
            anyio.EndOfStream: There is none.
        """
        try:
            return await anext(self)
        except StopAsyncIteration:
            raise anyio.EndOfStream from None

    async def aclose(self) -> None:
        """Close the transport's stream."""
        await self._read.aclose()

    async def __aenter__(self) -> "Intake":
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()


class Outflow:
    """The messages to an upstream: how much of them waits to be taken, and whether it still can be sent."""

    def __init__(self, write: WriteStream[SessionMessage], closed: anyio.Event) -> None:
        self._write = write
        self._closed = closed
        self._open: dict[str, RequestId] = {}
        self.waiting = 0
        """Messages that the upstream has not taken yet."""

    async def send(self, item: SessionMessage, /) -> None:
        """Send one message.

        Raises:
            anyio.BrokenResourceError: Nobody reads any more.
        """
        self.waiting += 1
        if isinstance(item.message, JSONRPCRequest):
            self._open[str(item.message.id)] = item.message.id
            if len(self._open) > MAX_OPEN:
                del self._open[next(iter(self._open))]
        try:
            await self._write.send(item)
        except _BROKEN:  # a transport that has given up sending may still wait for something to read
            self._closed.set()
            raise
        finally:
            self.waiting -= 1

    def only_asked(self) -> RequestId | None:
        """Return the id of the one request that has had no answer; None if there are several, or none."""
        return next(iter(self._open.values())) if len(self._open) == 1 else None

    def takes_answer(self, answer: Answer) -> bool:
        """Return whether it is the first answer to a request that was sent."""
        number = str(answer.id)
        is_open = number in self._open
        self._open.pop(number, None)
        return is_open

    async def aclose(self) -> None:
        """Close the transport's stream."""
        await self._write.aclose()

    async def __aenter__(self) -> "Outflow":
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()
