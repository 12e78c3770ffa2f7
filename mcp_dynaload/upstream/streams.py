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
)

from mcp_dynaload.transport.line_repair import UnaddressedAnswerError, failed_answer, quoted
from mcp_dynaload.upstream.allowance import Allowance
from mcp_dynaload.upstream.http_session import HttpSession
from mcp_dynaload.upstream.latest_progress import LatestProgress
from mcp_dynaload.upstream.open_requests import OpenRequests

Said = JSONRPCNotification | JSONRPCRequest
"""The messages that an upstream sends by itself."""

Answer = JSONRPCResponse | JSONRPCError

ANSWER_SECONDS = 0.00001
DROPPED_SECONDS = 0.00003
TAKEN_SECONDS = 0.0003
KEPT_SECONDS = 0.00001
"""About what an answer, a message that goes no further, one that is worked on, and progress that is kept cost us.

An answer to nothing costs as much as the last: the dispatcher looks for what it could belong to, and says so.
"""

ASKED_SHARE = 0.33
ASKED_BURST_SECONDS = 0.01
ASKED_SLICE_SECONDS = 0.0001
"""For progress that a client asked for: it is not to make its call slow, nor those to other servers.

With more, or in longer pieces, a short call to another server takes more than twice its time meanwhile.
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
        requests: OpenRequests,
        progress: LatestProgress,
        unplaced: Callable[[str], None],
    ) -> None:
        """Take messages from `read`; `unplaced` is told of answers of which nobody knows to what."""
        self._read = read
        self._allowance = allowance
        self._asked_allowance = Allowance(ASKED_SHARE, ASKED_BURST_SECONDS, ASKED_SLICE_SECONDS)
        self._is_wanted = is_wanted
        self._requests = requests
        self._progress = progress
        self._unplaced = unplaced
        self._next: SessionMessage | None = None

    def __aiter__(self) -> "Intake":
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        if (item := self._next) is not None:
            self._next = None
            return item
        while True:
            item = await anext(self._read)
            if isinstance(item, UnaddressedAnswerError):
                item = self._placed(item)
            if isinstance(item, Exception):
                await self._allowance.spend(TAKEN_SECONDS)
                return item
            if not isinstance(item.message, Said):
                return await self._answered(item, item.message)
            if await self._is_taken(item.message):
                return item

    async def _answered(self, item: SessionMessage, given: Answer) -> SessionMessage:
        """Return an answer, or what is still to be told before it."""
        answer = self._addressed(given)
        request = self._requests.answered_by(answer)
        await self._allowance.spend(TAKEN_SECONDS if request is None else ANSWER_SECONDS)
        item = item if answer is given else SessionMessage(answer)
        last = None if request is None else self._progress.last_of(request.token)
        if last is None:
            return item
        self._next = item
        return SessionMessage(last)

    async def _is_taken(self, said: Said) -> bool:
        """Return whether a message of its own is to be worked on, once there is time for it."""
        is_asked_for = self._requests.token_asked_for(said) is not None
        is_wanted = self._is_wanted(said)
        cost = TAKEN_SECONDS if is_wanted else KEPT_SECONDS if is_asked_for else DROPPED_SECONDS
        await (self._asked_allowance if is_asked_for else self._allowance).spend(cost)
        return is_wanted

    def _addressed(self, answer: Answer) -> Answer:
        """Return an answer with the id of the one request that it can be for, if it is an error without one."""
        if not isinstance(answer, JSONRPCError) or answer.id is not None:
            return answer
        number = self._requests.only_one(is_for_request=answer.error.code in UNREAD)
        if number is None:
            error = quoted({"code": answer.error.code, "message": answer.error.message})
            self._unplaced(f"an error without an id, of which nobody knows for what: {error}")
            return answer
        return answer.model_copy(update={"id": number})

    def _placed(self, answer: UnaddressedAnswerError) -> SessionMessage | UnaddressedAnswerError:
        """Return a failure for the one request that such an answer can be for."""
        number = self._requests.only_one(is_for_request=False)
        return answer if number is None else failed_answer(number, str(answer))

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
        self.requests = OpenRequests()
        self.waiting = 0
        """Messages that the upstream has not taken yet."""

    async def send(self, item: SessionMessage, /) -> None:
        """Send one message.

        Raises:
            anyio.BrokenResourceError: Nobody reads any more.
        """
        self.waiting += 1
        self.requests.sending(item.message)
        try:
            await self._write.send(item)
        except _BROKEN:  # a transport that has given up sending may still wait for something to read
            self._closed.set()
            raise
        finally:
            self.waiting -= 1

    async def aclose(self) -> None:
        """Close the transport's stream."""
        await self._write.aclose()

    async def __aenter__(self) -> "Outflow":
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()
