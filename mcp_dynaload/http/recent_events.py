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


class RecentEvents(EventStore):
    """The last messages of one session: request ids name the streams, and are the same in every session."""

    def __init__(self, max_events: int = MAX_EVENTS, max_bytes: int = MAX_BYTES) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._events: deque[StoredEvent] = deque()
        self._first = 0
        self._bytes = 0
        self._more = anyio.Event()
        self._is_closed = False

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        """Keep a message, or the mark of a stream's beginning; what is oldest makes room."""
        content = b"" if message is None else message.model_dump_json(by_alias=True, exclude_unset=True).encode()
        self._events.append(StoredEvent(stream_id, content, isinstance(message, JSONRPCResponse | JSONRPCError)))
        self._bytes += len(content)
        number = self._end - 1
        while self._events and (len(self._events) > self._max_events or self._bytes > self._max_bytes):
            self._bytes -= len(self._events.popleft().content)
            self._first += 1
        self._wake()
        return str(number)

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        """Send what the stream of an event had after it and has from now on, until its answer or the session's end.

        Always None: a stream's name would have the SDK send the rest by itself, which loses what comes between the
        two, and all that comes before it sees that the stream before was cut.
        """
        number = self._number(last_event_id)
        if number is None:
            return None
        event = self._events[number - self._first]
        stream_id = event.stream_id
        while not event.is_last:
            number = max(number + 1, self._first)
            while number >= self._end:
                if self._is_closed:
                    return None
                await self._more.wait()
            event = self._events[number - self._first]
            if event.stream_id != stream_id:
                continue
            if event.content:
                message = jsonrpc_message_adapter.validate_json(event.content, by_name=False)
                await send_callback(EventMessage(message, str(number)))
        return None

    def close(self) -> None:
        """End the streams that are being resumed: nothing comes any more."""
        self._is_closed = True
        self._wake()

    @property
    def _end(self) -> int:
        return self._first + len(self._events)

    def _number(self, event_id: str) -> int | None:
        """Read the id of an event that is still kept."""
        number = int(event_id) if event_id.isdecimal() and len(event_id) <= MAX_DIGITS else -1
        return number if self._first <= number < self._end else None

    def _wake(self) -> None:
        self._more.set()
        self._more = anyio.Event()
