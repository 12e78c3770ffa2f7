"""The message streams between a transport and the dispatcher: paced towards us, watched towards the upstream."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

import anyio
from mcp.shared._stream_protocols import ReadStream, WriteStream
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from mcp_dynaload.transport.line_repair import UnaddressedAnswerError, quoted
from mcp_dynaload.upstream.allowance import Allowance
from mcp_dynaload.upstream.half_characters import HalfCharacters
from mcp_dynaload.upstream.http_session import HttpSession
from mcp_dynaload.upstream.latest_words import LatestWords
from mcp_dynaload.upstream.open_requests import PROGRESS, OpenRequests, ProgressToken
from mcp_dynaload.upstream.unaddressed import UnaddressedAnswers

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

_BROKEN = (anyio.BrokenResourceError, anyio.ClosedResourceError)


@dataclass(frozen=True, slots=True)
class Streams:
    """The message streams of a transport and what stands behind it: a process, or a session over HTTP."""

    read: ReadStream[SessionMessage | Exception]
    write: WriteStream[SessionMessage]
    pid: int | None = None
    session: HttpSession | None = None
    halves: HalfCharacters | None = None
    """Whether the process reads halves of characters, as far as that is known."""

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
        progress: LatestWords[ProgressToken],
        note: Callable[[str], None],
        limit_seconds: float,
    ) -> None:
        """Take messages from `read`; `note` is told of answers of which nobody knows to what.

        One that may be for several requests fails them all when none of them was answered in `limit_seconds`.
        """
        self._read = read
        self._allowance = allowance
        self._asked_allowance = Allowance(ASKED_SHARE, ASKED_BURST_SECONDS, ASKED_SLICE_SECONDS)
        self._is_wanted = is_wanted
        self._requests = requests
        self._progress = progress
        self._note = note
        self._unaddressed = UnaddressedAnswers(requests, limit_seconds)
        self._next: deque[SessionMessage] = deque()

    def __aiter__(self) -> "Intake":
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        while not self._next:
            item = await anext(self._read)
            if self._unaddressed:
                self._settle(self._unaddressed.overdue())
            if isinstance(item, Exception):
                await self._allowance.spend(TAKEN_SECONDS)
                if isinstance(item, UnaddressedAnswerError) and self._settle(self._unaddressed.take(item)):
                    continue
                return item
            if not isinstance(item.message, Said):
                await self._answered(item, item.message)
            elif await self._is_taken(item.message):
                return item
        return self._next.popleft()

    async def _answered(self, item: SessionMessage, answer: Answer) -> None:
        """Have an answer taken next, or what is still to be told before it."""
        if isinstance(answer, JSONRPCError) and answer.id is None:
            await self._allowance.spend(TAKEN_SECONDS)
            if not self._settle(self._unaddressed.take(answer)):
                error = quoted({"code": answer.error.code, "message": answer.error.message})
                self._note(f"an error without an id, of which nobody knows for what: {error}")
                self._next.append(item)
            return
        request = self._requests.answered_by(answer)
        await self._allowance.spend(TAKEN_SECONDS if request is None else ANSWER_SECONDS)
        token = None if request is None else request.token
        if token is not None and (last := self._progress.last_of(token)) is not None:
            self._next.append(SessionMessage(JSONRPCNotification(jsonrpc="2.0", method=PROGRESS, params=last)))
        self._next.append(item)
        if self._unaddressed:
            self._settle(self._unaddressed.answered(str(answer.id)))

    def _settle(self, placed: list[SessionMessage]) -> bool:
        """Have answers taken next that are placed by now; return whether there are any."""
        for item in placed:
            if isinstance(item.message, Answer):
                self._requests.answered_by(item.message)
        self._next.extend(placed)
        return bool(placed)

    async def _is_taken(self, said: Said) -> bool:
        """Return whether a message of its own is to be worked on, once there is time for it."""
        token = self._requests.token_asked_for(said)
        if token is not None:
            key = self._requests.is_at_work(token)
            if self._unaddressed:
                self._settle(self._unaddressed.at_work(key))
        is_wanted = self._is_wanted(said)
        cost = TAKEN_SECONDS if is_wanted else KEPT_SECONDS if token is not None else DROPPED_SECONDS
        await (self._asked_allowance if token is not None else self._allowance).spend(cost)
        return is_wanted

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
