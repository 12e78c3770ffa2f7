"""The last messages of a session, in memory and bounded, with which a client resumes a stream."""

from collections import deque
from dataclasses import dataclass

import anyio
from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCResponse, jsonrpc_message_adapter

RETRY_MILLISECONDS = 500
"""After so long a client whose stream was cut comes again."""

MAX_EVENTS = 1_000
MAX_BYTES = 4_000_000
MAX_DIGITS = 18


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A message of one stream as it is sent, or with no content the mark of the stream's beginning."""

    stream_id: str
    content: bytes
    is_last: bool
    """Whether its stream ends with it: the answer to the request that opened the stream."""


@dataclass(slots=True)
class _Resumed:
    """A stream that is being resumed, with the events that it has not had yet."""

    stream_id: str
    pending: deque[tuple[int, StoredEvent]]
    is_behind: bool = False
    """Whether its client reads so slowly that not all events were kept for it: it ends after those that were."""


class RecentEvents(EventStore):
    """The last messages of one session: request ids name the streams, and are the same in every session."""

    def __init__(self, max_events: int = MAX_EVENTS, max_bytes: int = MAX_BYTES) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._events: deque[StoredEvent] = deque()
        self._first = 0
        self._bytes = 0
        self._resumed: list[_Resumed] = []
        self._more = anyio.Event()
        self._is_closed = False

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        """Keep a message, or the mark of a stream's beginning; what is oldest makes room, the newest never."""
        content = b"" if message is None else message.model_dump_json(by_alias=True, exclude_unset=True).encode()
        is_answer = isinstance(message, JSONRPCResponse | JSONRPCError) and message.id is not None
        event, number = StoredEvent(stream_id, content, is_answer), self._first + len(self._events)
        self._events.append(event)
        self._bytes += len(content)
        while len(self._events) > 1 and (len(self._events) > self._max_events or self._bytes > self._max_bytes):
            self._bytes -= len(self._events.popleft().content)
            self._first += 1
        for stream in self._resumed:
            if stream.stream_id == stream_id and content:
                stream.is_behind = stream.is_behind or len(stream.pending) >= self._max_events
                if not stream.is_behind:
                    stream.pending.append((number, event))
        self._wake()
        return str(number)

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        """Send what the stream of an event had after it and has from now on, until its answer or the session's end.

        Always None: a stream's name would have the SDK send the rest by itself, which loses what comes between the
        two, and all that comes before it sees that the stream before was cut.
        """
        place = self._place(last_event_id)
        if place is None or self._events[place].is_last:
            return None
        stream_id = self._events[place].stream_id
        numbered = ((self._first + at, event) for at, event in enumerate(self._events))
        missed = ((at, event) for at, event in numbered if at > self._first + place and event.stream_id == stream_id)
        stream = _Resumed(stream_id, deque((at, event) for at, event in missed if event.content))
        self._resumed.append(stream)
        try:
            await self._send_rest(stream, send_callback)
        finally:
            self._resumed.remove(stream)
        return None

    def close(self) -> None:
        """End the streams that are being resumed: nothing comes any more."""
        self._is_closed = True
        self._wake()

    async def _send_rest(self, stream: _Resumed, send: EventCallback) -> None:
        while True:
            while not stream.pending:
                if self._is_closed or stream.is_behind:
                    return
                await self._more.wait()
            number, event = stream.pending.popleft()
            message = jsonrpc_message_adapter.validate_json(event.content, by_name=False)
            await send(EventMessage(message, str(number)))
            if event.is_last:
                return

    def _place(self, event_id: str) -> int | None:
        """Return which of the events that are still kept has this id."""
        place = int(event_id) - self._first if event_id.isdecimal() and len(event_id) <= MAX_DIGITS else -1
        return place if 0 <= place < len(self._events) else None

    def _wake(self) -> None:
        self._more.set()
        self._more = anyio.Event()
