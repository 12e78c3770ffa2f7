"""The stream on which a server behind HTTP says what belongs to no request: kept open, whatever ends it.

Imports the HTTP client, so it is imported only where a server is reached over HTTP.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio
import httpx2
import structlog

from mcp_dynaload.transport.jsonrpc_lines import Item
from mcp_dynaload.transport.line_repair import failed_answer
from mcp_dynaload.upstream.http_sending import LAST_EVENT_HEADER
from mcp_dynaload.upstream.http_session import HttpSession

FIRST_PAUSE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 60.0
"""Between attempts to open the stream of a server that is not to be reached now."""

ELSEWHERE_SECONDS = 1.0
POLL_SECONDS = 0.02

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Refusals that say nothing about whether there is such a stream."""

FORGOTTEN = frozenset({400, 404, 410})
"""Refusals of a server that has no such stream, or does not know the session any more."""

log = structlog.get_logger()


@dataclass(slots=True)
class OwnStream:
    """The server's own stream, of which there is one in a session."""

    session: HttpSession
    tell: Callable[[Item], Awaitable[None]]
    """Gives who reads the connection a message."""

    is_open: bool = False
    """It is there, or has been asked for and not refused yet."""

    owed: set[str | int] = field(default_factory=set[str | int])
    """Requests that were accepted, and whose answers are to come on it."""

    last_id: bytes = b""
    """Where it is to be resumed."""

    _opened: int = 0

    def has(self, request: httpx2.Request) -> bool:
        """Return whether a request asks for this stream, and not for the rest of a call's."""
        last = [value for name, value in request.headers.raw if name.lower() == LAST_EVENT_HEADER.encode()]
        return not last or last == [self.last_id]

    async def opened(self, open_once: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
        """Return the stream, asked for until it is there or refused for good.

        Raises:
            httpx2.HTTPError: It cannot be asked for.
        """
        pause = FIRST_PAUSE_SECONDS
        while True:
            self.is_open = True
            try:
                response = await open_once()
                if response.status_code not in PASSING:
                    break
                await response.aclose()
                why = f"HTTP {response.status_code}"
            except httpx2.TransportError as error:
                why = type(error).__name__
            await self.ended()
            log.debug("stream_not_opened", error=why, again_in_seconds=pause)
            await anyio.sleep(pause)
            pause = min(2 * pause, MAX_PAUSE_SECONDS)
        if response.is_success:
            self._opened += 1
            if self._opened > 1:
                self.session.on_gap()
        else:
            self.session.is_doubtful = self.session.is_doubtful or response.status_code in FORGOTTEN
            await self.ended()
        return response

    async def may_answer(self, number: str | int) -> None:
        """Wait a moment for the answer to a request whose own stream has ended without one."""
        if self.is_open:
            self.owed.add(number)
            with anyio.move_on_after(ELSEWHERE_SECONDS):
                while number in self.owed:  # noqa: ASYNC110 - it seldom comes to this
                    await anyio.sleep(POLL_SECONDS)
            self.owed.discard(number)

    async def ended(self) -> None:
        """Note that it is over; who waits for an answer on it is told, unless it can be resumed."""
        self.is_open = False
        owed, self.owed = self.owed, set()
        if self.last_id:
            return
        for number in owed:
            why = "it accepted the request and ended the stream on which the answer was to come"
            await self.tell(failed_answer(number, why, None, cause="no answer"))
