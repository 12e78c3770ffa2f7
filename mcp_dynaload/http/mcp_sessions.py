"""The sessions over HTTP: how many there are, whose they are, and which one makes room for another."""

import json
import math
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import structlog
from mcp.server.auth.middleware.bearer_auth import AuthorizationContext
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.http.recent_events import RETRY_MILLISECONDS, RecentEvents

NOBODY = ""
"""The sender of a request with which no token came."""

log = structlog.get_logger()


class McpSessions(StreamableHTTPSessionManager):
    """The SDK's sessions, each with events of its own, and no more than allowed, those over SSE included.

    Where there is no room, the one makes room from which nothing was heard for longest: clients like `claude -p` go
    without a word. One that has a stream, or works on a request, makes none.
    """

    def __init__(self, app: Server[Any], settings: Settings) -> None:
        super().__init__(
            app,
            retry_interval=RETRY_MILLISECONDS,
            session_idle_timeout=settings.session_idle_seconds,
            max_request_body_size=settings.max_request_bytes,
            max_sessions=settings.max_concurrent_sessions,
        )
        self._most, self._most_per_token = settings.max_concurrent_sessions, settings.max_sessions_per_token
        self._over_sse: Counter[str] = Counter()
        self._working: Counter[str] = Counter()
        self._events: dict[str, RecentEvents] = {}

    @property
    def open(self) -> int:
        """The number of clients that are connected, the ones just shaking hands included."""
        return len(self._server_instances) + self._over_sse.total()

    @property
    def owners(self) -> set[str]:
        """The senders whose tokens have sessions."""
        return {*map(sender_name, self._session_owners.values()), *self._over_sse} - {NOBODY}

    def make_room(self, sender: str, elsewhere: int = 0) -> str | None:
        """End a session if one more needs its place; returns why there is no room if none can be ended."""
        if sender and self._held(sender) + elsewhere >= self._most_per_token:
            longest_idle, most = self._longest_idle(sender), self._most_per_token
            why = f"{most} sessions of this token are open, as many as max_sessions_per_token allows"
        elif self.open >= self._most:
            longest_idle = self._longest_idle()
            why = f"{self._most} sessions are open, as many as MAX_CONCURRENT_SESSIONS allows"
        else:
            return None
        if longest_idle is None:
            return f"{why}: try later"
        self._end(longest_idle)
        return None

    def occupied(self, sender: str) -> int:
        """Return how many sessions of a sender would not make room."""
        return self._held(sender) - len(self._idle_sessions(sender))

    @contextmanager
    def over_sse(self, sender: str) -> Generator[None]:
        """Count one that lasts as long as its stream."""
        self._over_sse[sender] += 1
        try:
            yield
        finally:
            self._over_sse[sender] -= 1
            if not self._over_sse[sender]:
                del self._over_sse[sender]

    @contextmanager
    def at_work(self, session: str) -> Generator[None]:
        """Count a request that a session works on, whether its sender still waits or not."""
        self._working[session] += 1
        try:
            yield
        finally:
            self._working[session] -= 1
            if not self._working[session]:
                del self._working[session]

    def _held(self, sender: str) -> int:
        return sum(sender_name(owner) == sender for owner in self._session_owners.values()) + self._over_sse[sender]

    def _longest_idle(self, sender: str = NOBODY) -> str | None:
        idle = self._idle_sessions(sender)
        return min(idle, key=lambda session: idle[session]) if idle else None

    def _idle_sessions(self, sender: str) -> dict[str, float]:
        """Return the sessions of a sender, or of all, that nothing holds, and when each ends by itself."""
        idle: dict[str, float] = {}
        for session, transport in self._server_instances.items():
            ends = transport.idle_scope.deadline if transport.idle_scope else math.inf
            is_wanted = not sender or sender_name(self._session_owners.get(session)) == sender
            if is_wanted and ends < math.inf and not self._working[session]:
                idle[session] = ends
        return idle

    def _end(self, session: str) -> None:
        """Forget a session now, and end what belongs to it soon."""
        assert self._task_group is not None
        log.info("session_made_room", session=session, open=self.open)
        transport = self._server_instances.pop(session)
        self._session_owners.pop(session, None)
        self._task_group.start_soon(self._discard_session, session, transport)

    def _admit_session(self, requestor: AuthorizationContext | None) -> StreamableHTTPServerTransport | None:
        if self.make_room(sender_name(requestor)) is not None:
            return None
        # The manager gives all its transports one store, in which equal request ids of two sessions would meet.
        self.event_store = events = RecentEvents()
        transport = super()._admit_session(requestor)
        if transport is not None and transport.mcp_session_id is not None:
            self._events[transport.mcp_session_id] = events
        return transport

    async def _discard_session(self, session_id: str, transport: StreamableHTTPServerTransport) -> None:
        events = self._events.pop(session_id, None)
        try:
            await super()._discard_session(session_id, transport)
        finally:
            if events is not None:
                events.close()


def sender_name(sender: AuthorizationContext | None) -> str:
    """Return a name for the sender of a request, by its token: the same at every replica."""
    return NOBODY if sender is None else json.dumps(sender, sort_keys=True)
