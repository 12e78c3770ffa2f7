"""The answers of a server behind HTTP: made readable, and where there is none to be had, told at once to who waits.

Imports the HTTP client, so it is imported only where a server is reached over HTTP.
"""

import json
import re
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import anyio
import httpx2
from httpx2 import USE_CLIENT_DEFAULT
from mcp.shared._httpx_utils import next_request_within_origin  # which redirects the transports follow
from mcp.shared.message import SessionMessage
from mcp_types import CONNECTION_CLOSED, INVALID_REQUEST, JSONRPCError, JSONRPCResponse

from mcp_dynaload.errors import LoginDemand, LoginError, StoreError, UpstreamAnswerError, UpstreamLoginError
from mcp_dynaload.transport.jsonrpc_lines import Item, format_line, parse_line
from mcp_dynaload.transport.line_repair import UNREADABLE, failed_answer, mended
from mcp_dynaload.upstream.http_bodies import DecodedBody
from mcp_dynaload.upstream.http_events import (
    Answer,
    EventStream,
    Tell,
    is_beyond_transport,
    is_failure,
    within_transport,
)
from mcp_dynaload.upstream.http_failures import OTHER_ERA, demand_reason, status_name, status_reason, trouble_reason
from mcp_dynaload.upstream.http_listening import OwnStream
from mcp_dynaload.upstream.http_sending import SendingClient
from mcp_dynaload.upstream.http_session import HttpSession

EVENTS = "text/event-stream"
JSON = "application/json"
MAX_ASKED = 10_000
MAX_PROBLEM_BYTES = 65_536
"""The most bytes of an error's body that are looked at."""

_ACCEPTED = "server answered a request with 202 Accepted"
_STREAM_ENDED = "SSE stream "
"""How the transport begins to say so."""

HELD_SECONDS = 0.2
HANDSHAKE_SECONDS = 2.0
"""How long the next message waits until the one before is taken; all wait longer for the end of the handshake."""

UNTAKEN_SECONDS = 30.0
"""After which a notification or an answer of ours that is not taken is given up."""

_ENDLESS_REDIRECT = re.compile(r"Redirect to \S+ not followed; .*")
_OK = 200
_TYPE = b"content-type"
_NO_TRANSFER = (b"content-encoding", b"content-length", b"transfer-encoding")

Once = Callable[[], Awaitable[httpx2.Response]]
"""Sends a request and returns the response."""

Demand = Callable[[httpx2.Response], LoginDemand | None]
"""Returns the login that a refusal asks of the user; None if that is no matter of ours."""


def no_demand(response: httpx2.Response) -> LoginDemand | None:
    """Return nothing: no login is used."""
    return None


class AnsweringClient(SendingClient):
    """An HTTP client that sends what the SDK's transports post, and gives every request an answer in words."""

    def __init__(
        self,
        tell: Tell,
        *,
        answers_in_body: bool,
        session: HttpSession,
        demand: Demand = no_demand,
        **options: Any,
    ) -> None:
        super().__init__(session, **options)
        self._tell = tell
        self._tasks = anyio.create_task_group()
        self._asked: dict[str | int, None] = {}
        self._own = OwnStream(session, tell)
        self._demand = demand
        self._answers_in_body = answers_in_body
        """Or else they come in a stream that is open already."""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._tasks.cancel_scope.cancel()  # no connection may be closed under a request that goes on
        try:
            await self._tasks.__aexit__(exc_type, exc_value, traceback)
        finally:
            await super().__aexit__(exc_type, exc_value, traceback)

    async def send(
        self,
        request: httpx2.Request,
        *,
        stream: bool = False,
        auth: Any = USE_CLIENT_DEFAULT,
        follow_redirects: Any = USE_CLIENT_DEFAULT,
    ) -> httpx2.Response:
        """Send a request; what goes wrong with a posted message is told, and looks accepted to the transport."""
        once = partial(self.deliver, request, stream=stream, auth=auth, follow_redirects=follow_redirects)
        if request.method == "DELETE":
            return await self.say_goodbye(request)
        if request.method != "POST":
            return await self._listened(request, once)
        waiting = _id_of(await request.aread())  # which that of a redirect has not been
        if waiting is not None and self._answers_in_body:
            self._asked[waiting] = None
            if len(self._asked) > MAX_ASKED:
                del self._asked[next(iter(self._asked))]
            return await self._answered(request, waiting, once)
        return await self._unheld(request, waiting, partial(self._answered, request, waiting, once))

    async def _listened(self, request: httpx2.Request, once: Once) -> httpx2.Response:
        """Return a stream that is there for the server's messages, or for the rest of an answer."""
        own = self._own if self._answers_in_body and self._own.has(request) else None
        response = await (own.opened(once) if own else once())
        if not self._answers_in_body and (demand := self._demand(response)) is not None:
            await response.aclose()  # the transport ends with this stream, and says of why only the status
            raise UpstreamLoginError(demand, status_name(response), demand_reason(response, demand))
        if _content_type(response) == EVENTS:
            return self._with_events(response, None, own)
        if own:
            await own.ended()
        return response

    async def _answered(self, request: httpx2.Request, waiting: str | int | None, once: Once) -> httpx2.Response:
        try:
            return await self._answer(await once(), waiting)
        except (LoginError, StoreError) as error:
            return await self._failed(request, waiting, str(error), cause="no login")
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            is_gone = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
            return await self._failed(request, waiting, trouble_reason(error), cause="no answer", is_gone=is_gone)

    async def _unheld(self, request: httpx2.Request, waiting: str | int | None, post: Once) -> httpx2.Response:
        """Post what is answered elsewhere or not at all: a server that does not even take it holds up nothing else.

        The transport posts one such message after the other.
        """
        taken: list[httpx2.Response] = []
        is_taken, is_late = anyio.Event(), anyio.Event()

        async def posted() -> None:
            response = await post()
            while (further := next_request_within_origin(response)) is not None and is_late.is_set():
                await response.aclose()
                response = await self.send(further, stream=True)
            taken.append(response)
            is_taken.set()
            if is_late.is_set():
                await response.aclose()

        async def given_up() -> None:
            with anyio.move_on_after(UNTAKEN_SECONDS):  # only so many connections may be open
                await posted()

        self._tasks.start_soon(posted if waiting is not None else given_up)
        with anyio.move_on_after(HANDSHAKE_SECONDS if _is_initialized(request) else HELD_SECONDS):
            await is_taken.wait()
            return taken[0]
        is_late.set()
        return _accepted(request)

    async def _answer(self, response: httpx2.Response, waiting: str | int | None) -> httpx2.Response:
        if not response.is_success:  # of those without a meaning, such as 600, the transport would not say whose it is
            return await self._refusal(response, waiting)
        if waiting is None or not self._answers_in_body:
            return response
        if _content_type(response) == EVENTS:
            return self._with_events(response, waiting)
        body = await response.aread()
        if not body.strip():
            if response.status_code == HTTPStatus.ACCEPTED and self._own.is_open:
                self._own.owed.add(waiting)
                return _accepted(response.request)
            why = f"it answered with {status_name(response)} and an empty body: check 'url' and 'type' of its entry"
            return await self._failed(response.request, waiting, why, cause="an empty body")
        return await self._with_body(response, body, waiting)

    async def _with_body(self, response: httpx2.Response, body: bytes, waiting: str | int) -> httpx2.Response:
        """Return the answer in a body: whatever id it has, it can be for one request only."""
        item = parse_line(body)
        failure: SessionMessage | None = None
        for found in [item] if isinstance(item, SessionMessage) else mended(body, item, waiting):
            message = found.message if isinstance(found, SessionMessage) else None
            if isinstance(found, SessionMessage) and is_failure(found.message):
                failure = found
            elif isinstance(message, Answer):
                answer = _with_id(message, waiting)
                is_beyond = is_beyond_transport(body)
                if is_beyond and _is_handshake(response.request):  # the transport takes the session from its headers
                    answer, is_beyond = within_transport(answer), False
                if not is_beyond:
                    return _rebuilt(response, format_line(answer))
                await self._tell(SessionMessage(answer))
                return _accepted(response.request)
            else:
                await self._tell(found)
        if failure is not None and _content_type(response) == JSON:
            await self._tell(failure)
            return _accepted(response.request)
        kind = f"{_content_type(response) or 'a body without a type'} without an answer in {JSON}"
        return await self._failed(response.request, waiting, f"{UNREADABLE}: {kind}", said=body)

    async def _refusal(self, response: httpx2.Response, waiting: str | int | None) -> httpx2.Response:
        """Return a refusal: an error of the server's own in JSON-RPC passes; a status alone is put into words."""
        if next_request_within_origin(response) is not None:
            return response
        body = await _begin_of(response)
        if (demand := self._demand(response)) is not None:  # some put an error in JSON-RPC beside it, which says less
            why, cause = demand_reason(response, demand), status_name(response)
            return await self._failed(response.request, waiting, why, cause=cause, demand=demand)
        item = parse_line(body)
        if waiting is not None and isinstance(item, SessionMessage) and isinstance(item.message, JSONRPCError):
            error = _with_id(item.message, waiting)
            if self._answers_in_body:
                return _rebuilt(response, format_line(error))
            await self._tell(SessionMessage(error))
            return _accepted(response.request)
        return await self._failed(
            response.request,
            waiting,
            status_reason(response),
            cause=status_name(response),
            said=body,
            is_final=response.status_code not in OTHER_ERA,
        )

    async def _failed(
        self,
        request: httpx2.Request,
        waiting: str | int | None,
        why: str,
        *,
        cause: str = "",
        said: bytes = b"",
        is_final: bool = True,
        is_gone: bool = False,
        demand: LoginDemand | None = None,
    ) -> httpx2.Response:
        quote = said.decode("utf-8", "replace").strip() or None
        if waiting is None:
            await self._tell(UpstreamAnswerError(f"a notification or answer of ours was not taken: {why}"))
        else:
            await self._tell(
                failed_answer(waiting, why, quote, cause=cause, is_final=is_final, is_gone=is_gone, demand=demand)
            )
        return _accepted(request)

    def _with_events(
        self, response: httpx2.Response, waiting: str | int | None, own: OwnStream | None = None
    ) -> httpx2.Response:
        """Return the stream with its unreadable parts made readable, or told."""
        request = response.request
        stream = EventStream(
            self._tell,
            waiting,
            is_handshake=waiting is not None and _is_handshake(request),
            address="" if self._answers_in_body else str(request.url),
            asked=self._asked,
            elsewhere=self._own if waiting is not None else None,
            own=own,
        )
        events = httpx2.Response(
            _OK if response.is_success else response.status_code,
            headers=_headers(response),
            stream=DecodedBody(response, stream.readable(response.aiter_bytes())),
        )
        events.request = response.request
        return events


def in_our_words(item: Item) -> Item | None:
    """Return what the transport says of a stream that ended before the answer, or of redirects, as a failure.

    What looks accepted to it has been told, or is answered later: then there is nothing to say.
    """
    message = item.message if isinstance(item, SessionMessage) else None
    if not isinstance(message, JSONRPCError) or message.id is None:
        return item
    if message.error.code == INVALID_REQUEST and message.error.message == _ACCEPTED:
        return None
    if message.error.code == INVALID_REQUEST and _ENDLESS_REDIRECT.fullmatch(message.error.message):
        return failed_answer(
            message.id, "it redirects from one address to the next without end: check 'url' of its entry"
        )
    if message.error.code != CONNECTION_CLOSED:
        return item
    if not message.error.message.startswith(_STREAM_ENDED):
        return item
    return failed_answer(message.id, f"it ended its answer before there was one ({message.error.message})")


def _with_id(message: Answer, waiting: str | int) -> Answer:
    if isinstance(message, JSONRPCError):
        return JSONRPCError(jsonrpc="2.0", id=waiting, error=message.error)
    return JSONRPCResponse(jsonrpc="2.0", id=waiting, result=message.result)


def _is_initialized(request: httpx2.Request) -> bool:
    return json.loads(request.content).get("method") == "notifications/initialized"


def _is_handshake(request: httpx2.Request) -> bool:
    return json.loads(request.content).get("method") == "initialize"


def _rebuilt(response: httpx2.Response, body: bytes) -> httpx2.Response:
    """Return the response with this body, and with a status with which the transport looks at one."""
    headers = [*((name, value) for name, value in _headers(response) if name != _TYPE), (_TYPE, JSON.encode())]
    status = response.status_code if response.is_error else _OK
    return httpx2.Response(status, headers=headers, content=body, request=response.request)


def _accepted(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(202, request=request)


def _headers(response: httpx2.Response) -> list[tuple[bytes, bytes]]:
    """Return the headers as they came: not all of them are ASCII."""
    lower = [(name.lower(), value) for name, value in response.headers.raw]
    return [(name, value) for name, value in lower if name not in _NO_TRANSFER]


async def _begin_of(response: httpx2.Response) -> bytes:
    begin = b""
    try:
        async for piece in response.aiter_bytes():
            begin += piece
            if len(begin) > MAX_PROBLEM_BYTES:
                break
    except (httpx2.HTTPError, httpx2.StreamError) as error:  # the status says enough
        return begin or f"({trouble_reason(error)})".encode()
    finally:
        await response.aclose()
    return begin


def _id_of(posted: bytes) -> str | int | None:
    """Return the id of the posted request; None of a notification or an answer."""
    message = json.loads(posted)
    return message.get("id") if "method" in message else None


def _content_type(response: httpx2.Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()
