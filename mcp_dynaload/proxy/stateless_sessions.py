"""Sessions for requests that belong to none: one for each person, kept while requests come."""

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
from mcp_dynaload.proxy.progress import Crowd
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.version import __version__

INTRODUCTION: Json = {"clientInfo": {"name": "mcp-dynaload", "version": __version__}, "capabilities": {}}
"""Of nobody in particular, who can answer nothing."""

Run = Callable[..., Coroutine[Any, Any, None]]
"""Runs the session of a client and a crowd until its connection ends; started with the session as its value."""


@dataclass(slots=True)
class _Visit:
    """One person's session, and its use."""

    session: Session
    requests: int = 0
    last_used: float = field(default_factory=anyio.current_time)


class Visitors:
    """Opens, lends and ends the sessions."""

    def __init__(self, run: Run, tasks: anyio.abc.TaskGroup, idle_seconds: float) -> None:
        self._run = run
        self._tasks = tasks
        self._idle_seconds = idle_seconds
        self._visits: dict[str, _Visit] = {}
        self._opening = anyio.Lock()

    @asynccontextmanager
    async def session(self, environment: ClientEnvironment, user: str) -> AsyncGenerator[Session]:
        """The session of a person for the time of a request."""
        async with self._opening:
            visit = self._visits.get(user) or await self._open(environment, user)
            visit.requests += 1
        try:
            yield visit.session
        finally:
            visit.requests -= 1
            visit.last_used = anyio.current_time()

    async def _open(self, environment: ClientEnvironment, user: str) -> _Visit:
        connection = Connection.from_envelope(LATEST_MODERN_VERSION, None, None)
        client = Client(connection, INTRODUCTION, environment, user)
        session: Session = await self._tasks.start(self._run, client, Crowd())
        visit = self._visits[user] = _Visit(session)
        self._tasks.start_soon(self._end_when_idle, user, visit, connection)
        return visit

    async def _end_when_idle(self, user: str, visit: _Visit, connection: Connection) -> None:
        while self._visits.get(user) is visit:
            await anyio.sleep(self._idle_seconds)
            async with self._opening:
                if not visit.requests and anyio.current_time() - visit.last_used >= self._idle_seconds:
                    del self._visits[user]
        await connection.exit_stack.aclose()
