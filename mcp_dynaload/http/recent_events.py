"""The last messages of a session, in memory and bounded, with which a client resumes a stream."""

from collections import deque

from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp_types import JSONRPCMessage, jsonrpc_message_adapter

RETRY_MILLISECONDS = 500
"""After so long a client whose stream was cut comes again."""

MAX_EVENTS = 1_000
MAX_BYTES = 4_000_000
MAX_DIGITS = 18


class RecentEvents(EventStore):
    """The last messages of one session: request ids name the streams, and are the same in every session."""

    def __init__(self, max_events: int = MAX_EVENTS, max_bytes: int = MAX_BYTES) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._events: deque[tuple[str, bytes]] = deque()
        self._first = 0
        self._bytes = 0

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        """Keep a message, or the mark of a stream's beginning; what is oldest makes room."""
        content = b"" if message is None else message.model_dump_json(by_alias=True, exclude_unset=True).encode()
        self._events.append((stream_id, content))
        self._bytes += len(content)
        number = self._first + len(self._events) - 1
        while self._events and (len(self._events) > self._max_events or self._bytes > self._max_bytes):
            _, dropped = self._events.popleft()
            self._bytes -= len(dropped)
            self._first += 1
        return str(number)

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        """Send what the stream of an event had after it; None, and nothing, if the event is not kept any more."""
        is_number = last_event_id.isdecimal() and len(last_event_id) <= MAX_DIGITS
        last = int(last_event_id) - self._first if is_number else -1
        if not 0 <= last < len(self._events):
            return None
        stream_id, _ = self._events[last]
        missed = [
            (self._first + place, content)
            for place, (other_id, content) in enumerate(self._events)
            if place > last and other_id == stream_id and content
        ]
        for number, content in missed:
            message = jsonrpc_message_adapter.validate_json(content, by_name=False)
            await send_callback(EventMessage(message, str(number)))
        return stream_id
