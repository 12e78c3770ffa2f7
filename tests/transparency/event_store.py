"""An event store with which clients resume a stream of a streamable HTTP server: its last events, in memory."""

from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp_types import JSONRPCMessage

RETRY_MILLISECONDS = 100


class RecentEvents(EventStore):
    """The events of all streams in the order in which they were sent."""

    def __init__(self) -> None:
        self._events: list[tuple[str, JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        self._events.append((stream_id, message))
        return str(len(self._events) - 1)

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        if not last_event_id.isdecimal() or int(last_event_id) >= len(self._events):
            return None
        stream_id, _ = self._events[int(last_event_id)]
        for number in range(int(last_event_id) + 1, len(self._events)):
            other_id, message = self._events[number]
            if other_id == stream_id and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream_id
