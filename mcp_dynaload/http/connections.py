"""Connections as sockets: how many, how long a client may take to send a request or to take an answer."""

import asyncio
import socket
import sys
from contextlib import suppress
from typing import Any

import h11
import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

HEADER_SECONDS = 10.0
"""From a connection, or the first byte of its next request, to the end of the request's headers."""

LINGER_SECONDS = 5.0
"""After an answer that did not wait for the whole request: its sender can still read it, and then is cut off."""

STALLED_SECONDS = 60.0
"""How long a client may take nothing of what is sent to it; a stream that is cut is resumed without loss."""

LOOKS = 12
"""The number of times in that time that it is looked whether the client has taken some."""

MAX_UNSENT_BYTES = 131_072
"""The most that the system takes of an answer before it is the client's turn; with megabytes nobody sees for many
seconds that a client reads. Larger answers are as fast with it."""

MAX_DESCRIPTORS = 8_192
"""The number asked for at the start: enough for thousands of streams. Servers that we start inherit it, and some close
each number one by one."""

MIN_CONNECTIONS = 16
MIN_BACKLOG = 16
MAX_BACKLOG = 2_048

log = structlog.get_logger()

_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Connections:
    """The connections of one service; of too many, those without a whole request make room, oldest first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open = 0
        self._waiting: dict[TimedProtocol, None] = {}
        self._was_full = False

    def opened(self, connection: "TimedProtocol") -> bool:
        """Count one; False if there is no room for it."""
        self._open += 1
        self._waiting[connection] = None
        if self._open <= self._limit:
            self._was_full = False
            return True
        if not self._was_full:
            log.warning("connections_full", connections=self._limit, consequence="half-sent requests are dropped")
            self._was_full = True
        oldest = next(iter(self._waiting))
        if oldest is connection:
            return False
        del self._waiting[oldest]
        oldest.drop()
        return True

    def closed(self, connection: "TimedProtocol") -> None:
        """Count it no more."""
        self._open -= 1
        self._waiting.pop(connection, None)

    def asked(self, connection: "TimedProtocol") -> None:
        """Note that the connection's request has come: it is not closed for others."""
        self._waiting.pop(connection, None)

    def answered(self, connection: "TimedProtocol") -> None:
        """Note that the connection has nothing to do again."""
        self._waiting[connection] = None


class TimedProtocol(H11Protocol):
    """A protocol like uvicorn's, which waits for ever for a request's rest and for a client that takes nothing."""

    def __init__(
        self,
        connections: Connections,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._connections = connections
        self._late: asyncio.TimerHandle | None = None
        self._look: asyncio.TimerHandle | None = None
        self._unsent = 0
        """The bytes that waited when it was looked last."""

        self._taken_at = 0.0
        """When it was seen last that the client has taken some."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, if there is room."""
        super().connection_made(transport)
        _send_at_once(transport)
        if self._connections.opened(self):
            self._wait(HEADER_SECONDS)
        else:
            self._end(_FULL)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._connections.closed(self)
        self._wait(None)
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take some, and see whether that is a request."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._late = self._late or self.loop.call_later(HEADER_SECONDS, self._end, _TOO_LATE)
        elif self._is_answering():
            self._wait(None)  # how long a body may take is the application's to say
            if self.conn.their_state is not h11.SEND_BODY:
                self._connections.asked(self)

    def on_response_complete(self) -> None:
        """Wait for the next request, or not much longer for the end of this one."""
        super().on_response_complete()
        if self.transport.is_closing() or self._is_answering():
            return
        self._connections.answered(self)
        if self.conn.their_state is not h11.IDLE:
            self._wait(LINGER_SECONDS)

    def pause_writing(self) -> None:
        """Begin to look whether the client takes what waits: an answer of megabytes is written at once."""
        super().pause_writing()
        self._unsent, self._taken_at = self.transport.get_write_buffer_size(), self.loop.time()
        self._look_later()

    def resume_writing(self) -> None:
        """Note that the client has taken nearly all."""
        super().resume_writing()
        if self._look is not None:
            self._look.cancel()

    def drop(self) -> None:
        """End it without a word."""
        self.transport.abort()

    def _look_later(self) -> None:
        self._look = self.loop.call_later(STALLED_SECONDS / LOOKS, self._see_what_is_taken)

    def _see_what_is_taken(self) -> None:
        now, before, self._unsent = self.loop.time(), self._unsent, self.transport.get_write_buffer_size()
        if self._unsent < before:
            self._taken_at = now
        if now - self._taken_at < STALLED_SECONDS:
            self._look_later()
        else:
            self.drop()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison] - it is None at first

    def _wait(self, seconds: float | None) -> None:
        if self._late is not None:
            self._late.cancel()
        self._late = None if seconds is None else self.loop.call_later(seconds, self._end, _TOO_LATE)

    def _end(self, last_words: bytes) -> None:
        if not self.transport.is_closing():
            if self.cycle is None or self.conn.their_state is h11.IDLE:  # pyright: ignore[reportUnnecessaryComparison]
                self.transport.write(last_words)
            self.transport.close()


def raise_descriptor_limit() -> int:
    """Ask for as many descriptors as the administrator allows, within reason; returns how many there are."""
    if sys.platform == "win32":  # there sockets are not counted with files
        return MAX_DESCRIPTORS
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MAX_DESCRIPTORS)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MAX_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def connection_limit(descriptors: int) -> int:
    """Return how many connections there may be: half, as servers, files and new connections need the others."""
    return max(MIN_CONNECTIONS, descriptors // 2)


def backlog(limit: int) -> int:
    """Return how many connections may be accepted at one time, before any is counted."""
    return min(MAX_BACKLOG, max(MIN_BACKLOG, limit // 4))


def _send_at_once(transport: asyncio.Transport) -> None:
    """Have small answers sent at once, which asyncio does only where the listener says that it is TCP's; hold no more.

    Linux and macOS hold little unsent, if they are asked to; elsewhere, and in some sandboxes, a slow reader is seen
    late.
    """
    connection: socket.socket | None = transport.get_extra_info("socket")
    if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            with suppress(OSError):  # a system in whose headers it is, and that does not know it
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MAX_UNSENT_BYTES)
