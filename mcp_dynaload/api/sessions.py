"""The sessions of a program: one for each conversation, the least recently used making room."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import anyio.abc
import structlog

from mcp_dynaload.api.connection import Connected, open_connection
from mcp_dynaload.app import FIRST_LISTING_SECONDS
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.proxy.server import ProxyServer

log = structlog.get_logger()

Key = tuple[str, str]
"""User and session id, each empty where none was given."""


class TooManySessionsError(DynaloadError):
    """As many sessions as allowed are at work."""


@dataclass(slots=True)
class ApiSession:
    """A session, used by one caller at a time."""

    id: str
    user: str
    connected: Connected
    turn: anyio.Lock = field(default_factory=anyio.Lock)
    over: anyio.Event = field(default_factory=anyio.Event)
    gone: anyio.Event = field(default_factory=anyio.Event)
    users: int = 0
    """Callers that use it now or wait for their turn."""

    used_at: float = 0.0


class ApiSessions:
    """The API's sessions, opened when they are first used; made within the task group that then owns them."""

    def __init__(self, proxy: ProxyServer, tasks: anyio.abc.TaskGroup, limit: int) -> None:
        self._proxy, self._tasks, self._limit = proxy, tasks, limit
        self._open: dict[Key, ApiSession] = {}
        self._opening = anyio.Lock()

    def __len__(self) -> int:
        return len(self._open)

    @property
    def limit(self) -> int:
        """The most sessions at the same time."""
        return self._limit

    @asynccontextmanager
    async def use(self, user: str, session_id: str) -> AsyncGenerator[ApiSession]:
        """Hold the conversation, opened if it is new; a second caller waits for its turn.

        Raises:
            TooManySessionsError: There is no room, and nobody's session is idle.
        """
        async with self._opening:
            conversation = self._open.get((user, session_id)) or await self._opened(user, session_id)
            conversation.users += 1
        try:
            async with conversation.turn:
                yield conversation
        finally:
            conversation.users -= 1
            conversation.used_at = anyio.current_time()

    async def look_around(self) -> None:
        """Open the session without user and id: servers are listed and the index is built before anybody asks."""
        try:
            async with self.use("", ""):
                log.debug("servers_listed")
        except TooManySessionsError:  # those that came first look around, too
            log.debug("servers_listed_by_others")

    async def close(self, user: str, session_id: str) -> bool:
        """End a conversation; False if there is none."""
        conversation = self._open.pop((user, session_id), None)
        if conversation is None:
            return False
        conversation.over.set()
        await conversation.gone.wait()
        return True

    async def _opened(self, user: str, session_id: str) -> ApiSession:
        if len(self._open) >= self._limit:
            await self._make_room()
        conversation: ApiSession = await self._tasks.start(self._run, user, session_id)
        session = conversation.connected.session
        with anyio.move_on_after(FIRST_LISTING_SECONDS) as scope:
            await session.first_listing.ended.wait()
            await session.live.index.ready.wait()
        if scope.cancelled_caught:
            log.warning(
                "servers_not_listed", missing=session.live.listings.unseen, waited_seconds=FIRST_LISTING_SECONDS
            )
        self._open[user, session_id] = conversation
        return conversation

    async def _make_room(self) -> None:
        idle = {key: one for key, one in self._open.items() if not one.users}
        if not idle:
            raise TooManySessionsError(
                f"all {self._limit} sessions are at work; wait, or raise MAX_CONCURRENT_SESSIONS"
            )
        key = min(idle, key=lambda key: idle[key].used_at)
        log.info("session_made_room", user=key[0], session=key[1])
        await self.close(*key)

    async def _run(self, user: str, session_id: str, *, task_status: anyio.abc.TaskStatus[ApiSession]) -> None:
        """Own one session from its start to its end, in one task."""
        async with open_connection(self._proxy, user) as connected:
            await connected.session.identify(session_id)
            conversation = ApiSession(connected.session.id, user, connected)
            try:
                task_status.started(conversation)
                await conversation.over.wait()
            finally:
                self._open.pop((user, session_id), None)
        conversation.gone.set()
