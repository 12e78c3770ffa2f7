"""Sends requests over HTTP: each over a connection that is there, in its session, and no longer than it is worth.

Imports the HTTP client, so it is imported only where a server is reached over HTTP.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import anyio
import httpx2
from httpx2 import USE_CLIENT_DEFAULT

from mcp_dynaload.upstream.http_bodies import SESSION_HEADER
from mcp_dynaload.upstream.http_session import HttpSession

LAST_EVENT_HEADER = "last-event-id"

GOODBYE_SECONDS = 1.0
"""How long a server may take to hear that its session is over: who calls it next waits for that."""

_OPENS = "connection.connect_"
_SENT = "http11.send_request_body.complete"
_ANSWERED = "http11.receive_response_headers.complete"

_Headers = Iterable[tuple[str | bytes, str | bytes]]


@dataclass(slots=True)
class _Race:
    """Whether a request met the end of a connection that was open from before."""

    is_reused: bool = True
    is_sent: bool = False
    is_answered: bool = False

    async def note(self, event: str, details: object) -> None:
        """Take note of what is done for the request."""
        if event.startswith(_OPENS):
            self.is_reused = False
        elif event == _SENT:
            self.is_sent = True
        elif event == _ANSWERED:
            self.is_answered = True

    def is_lost(self, request: httpx2.Request) -> bool:
        """Return whether it is to be sent once more: not a call that the server may have read, and carried out.

        RFC 9110, section 9.2.2: what is not idempotent is not repeated, unless it is known not to have been applied.
        """
        return self.is_reused and not self.is_answered and not (self.is_sent and _is_call(request))


class SendingClient(httpx2.AsyncClient):
    """An HTTP client whose requests have the session's id as the server wrote it, and do not fail by chance."""

    def __init__(self, session: HttpSession, **options: Any) -> None:
        super().__init__(**options)
        self.session = session

    def build_request(
        self, method: str, url: httpx2.URL | str, *, headers: Any = None, **options: Any
    ) -> httpx2.Request:
        """Build a request that has the newest id of its session: the transport has the first one, and as text."""
        return super().build_request(method, url, headers=self._as_written(headers), **options)

    async def deliver(
        self, request: httpx2.Request, *, stream: bool, auth: Any, follow_redirects: Any
    ) -> httpx2.Response:
        """Send a request, and once more each time that it met the end of a connection that was kept open.

        Raises:
            httpx2.HTTPError: It could not be sent, or there was no answer.
        """
        while True:
            race = _Race()
            request.extensions = {**request.extensions, "trace": race.note}
            try:
                return await super().send(request, stream=stream, auth=auth, follow_redirects=follow_redirects)
            except (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError):
                if not race.is_lost(request):  # a new connection's end is the server's own
                    raise

    async def say_goodbye(self, request: httpx2.Request) -> httpx2.Response:
        """End the session, if the server hears it in time."""
        with anyio.move_on_after(GOODBYE_SECONDS):
            return await super().send(request, auth=USE_CLIENT_DEFAULT, follow_redirects=False)
        return httpx2.Response(202, request=request)

    def _as_written(self, headers: Any) -> Any:
        """Return headers in any form that the client takes, changed only where they have what the server gave."""
        if not headers:
            return headers
        # of an object of the client's own the bytes as they came, and a copy
        given: object = headers.raw if isinstance(headers, httpx2.Headers) else headers
        pairs = cast(_Headers, given.items() if isinstance(given, Mapping) else given)
        written = [(name, self._value_as_written(name, value)) for name, value in pairs]
        if self.session.given and not any(_text(name).lower() == SESSION_HEADER for name, _ in written):
            return [(SESSION_HEADER, self.session.given), *written]
        return written

    def _value_as_written(self, name: str | bytes, value: str | bytes) -> str | bytes:
        match _text(name).lower():
            case header if header == SESSION_HEADER:
                return self.session.given or value
            case header if header == LAST_EVENT_HEADER and isinstance(value, str) and not value.isascii():
                return value.encode()  # as the standard of event streams has it
            case _:
                return value


def _text(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode("latin-1")


def _is_call(request: httpx2.Request) -> bool:
    """Return whether it may change something, and twice if it is carried out twice."""
    return request.method == "POST" and json.loads(request.content).get("method") == "tools/call"
