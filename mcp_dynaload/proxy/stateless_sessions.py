"""Sessions for requests that belong to none: one for each user, kept while requests come."""

from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.abc
from mcp.server.connection import Connection
from mcp_types.version import LATEST_MODERN_VERSION

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.client import Client, ClientEnvironment
from mcp_dynaload.proxy.progress import ProgressRouter
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.version import __version__

INTRODUCTION: Json = {"clientInfo": {"name": "mcp-dynaload", "version": __version__}, "capabilities": {}}
"""The profile of a client that is nobody in particular and can answer no question."""

Run = Callable[..., Coroutine[Any, Any, None]]
"""Runs the session of a client, with a progress router, until its connection ends; its start gives the session."""


@dataclass(slots=True)
class _UserSession:
    """A user's session, and its use."""

    session: Session
    requests: int = 0
    last_used: float = field(default_factory=anyio.current_time)


class StatelessSessions:
    """The sessions of users whose requests come without one: opened, lent and ended."""

    def __init__(self, run: Run, tasks: anyio.abc.TaskGroup, idle_seconds: float) -> None:
        self._run = run
        self._tasks = tasks
        self._idle_seconds = idle_seconds
        self._user_sessions: dict[tuple[str, str], _UserSession] = {}
        self._opening = anyio.Lock()

    @asynccontextmanager
    async def session(self, environment: ClientEnvironment, user: str, owner: str = "") -> AsyncGenerator[Session]:
        """Hold the session of a user for the time of a request; the owner is whose logins it uses."""
        async with self._opening:
            user_session = self._user_sessions.get((user, owner)) or await self._open(environment, user, owner)
            user_session.requests += 1
        try:
            yield user_session.session
        finally:
            user_session.requests -= 1
            user_session.last_used = anyio.current_time()

    async def _open(self, environment: ClientEnvironment, user: str, owner: str) -> _UserSession:
        connection = Connection.from_envelope(LATEST_MODERN_VERSION, None, None)
        client = Client(connection, INTRODUCTION, environment, user, login_owner=owner)
        session: Session = await self._tasks.start(self._run, client, ProgressRouter())
        user_session = self._user_sessions[user, owner] = _UserSession(session)
        self._tasks.start_soon(self._end_when_idle, (user, owner), user_session, connection)
        return user_session

    async def _end_when_idle(self, whose: tuple[str, str], user_session: _UserSession, connection: Connection) -> None:
        while self._user_sessions.get(whose) is user_session:
            await anyio.sleep(self._idle_seconds)
            async with self._opening:
                if not user_session.requests and anyio.current_time() - user_session.last_used >= self._idle_seconds:
                    del self._user_sessions[whose]
        await connection.exit_stack.aclose()
