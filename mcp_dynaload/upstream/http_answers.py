"""The answers of a server behind HTTP: made readable, and where there is none to be had, told at once to who waits.

Imports the HTTP client, so it is imported only where a server is reached over HTTP.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import httpx2
from httpx2 import USE_CLIENT_DEFAULT
from mcp.shared._httpx_utils import next_request_within_origin  # which redirects the transports follow
from mcp.shared.message import SessionMessage
from mcp_types import CONNECTION_CLOSED, INVALID_REQUEST, JSONRPCError, JSONRPCMessage, JSONRPCResponse

from mcp_dynaload.errors import LoginDemand, LoginError, StoreError, UpstreamAnswerError, UpstreamLoginError
from mcp_dynaload.transport.bounds import MAX_MESSAGE_BYTES
from mcp_dynaload.transport.jsonrpc_lines import Item, format_line, parse_line
from mcp_dynaload.transport.line_repair import UNREADABLE, failed_answer, mended, quoted
from mcp_dynaload.transport.sdk_json import UnwritableError, writable
from mcp_dynaload.upstream.http_bodies import SESSION_HEADER, DecodedBody
from mcp_dynaload.upstream.http_failures import OTHER_ERA, demand_reason, status_name, status_reason, trouble_reason
from mcp_dynaload.upstream.http_session import HttpSession

EVENTS = "text/event-stream"
LAST_EVENT_HEADER = "last-event-id"
JSON = "application/json"
MAX_PROBLEM_BYTES = 65_536
"""The most bytes of an error's body that are looked at."""

MAX_LEVELS = 200
"""The transport reads not many more; that many brackets are looked at more closely by nobody, as that costs nothing."""

_HALF_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")

_STREAM_ENDED = "SSE stream "
"""How the transport begins to say so."""

MIN_RETRY_MS = 1_000
MIN_AWAITED_RETRY_MS = 100
MAX_RETRY_MS = 60_000
"""When a stream that has ended is asked for again, whatever the server says; sooner where a call waits for it."""

_RETRY = re.compile(rb"(?:^|(?<=[\r\n]))retry:[ ]?([^\r\n]*)")
_MILLISECONDS = re.compile(rb"[0-9]{1,15}")
_ENDLESS_REDIRECT = re.compile(r"Redirect to \S+ not followed; .*")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_FLOAT_ID = re.compile(rb'"id"\s*:\s*-?\d+\.')
"""Which the transport does not take."""

_OK = 200
_TYPE = b"content-type"
_NO_TRANSFER = (b"content-encoding", b"content-length", b"transfer-encoding")

Answer = JSONRPCResponse | JSONRPCError

_Headers = Iterable[tuple[str | bytes, str | bytes]]

Tell = Callable[[Item], Awaitable[None]]
"""Gives who reads the connection a message, or something to note."""


Demand = Callable[[httpx2.Response], LoginDemand | None]
"""Returns the login that a refusal asks of the user; None if that is no matter of ours."""


def no_demand(response: httpx2.Response) -> LoginDemand | None:
    """Return nothing: no login is used."""
    return None


class AnsweringClient(httpx2.AsyncClient):
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
        super().__init__(**options)
        self._tell = tell
        self._session = session
        self._demand = demand
        self._answers_in_body = answers_in_body
        """Or else they come in a stream that is open already."""

    def build_request(
        self, method: str, url: httpx2.URL | str, *, headers: Any = None, **options: Any
    ) -> httpx2.Request:
        """Build a request that has the id of its session as the server wrote it: the transport has it as text."""
        return super().build_request(method, url, headers=self._as_written(headers), **options)

    def _as_written(self, headers: Any) -> Any:
        """Return headers in any form that the client takes, changed only where they have what the server gave."""
        if not headers:
            return headers
        # of an object of the client's own the bytes as they came, and a copy
        given: object = headers.raw if isinstance(headers, httpx2.Headers) else headers
        pairs = cast(_Headers, given.items() if isinstance(given, Mapping) else given)
        return [(name, self._value_as_written(name, value)) for name, value in pairs]

    def _value_as_written(self, name: str | bytes, value: str | bytes) -> str | bytes:
        if value.isascii():
            return value
        match (name if isinstance(name, str) else name.decode("latin-1")).lower():
            case header if header == SESSION_HEADER:
                return self._session.given or value
            case header if header == LAST_EVENT_HEADER and isinstance(value, str):
                return value.encode()  # as the standard of event streams has it
            case _:
                return value

    async def send(
        self,
        request: httpx2.Request,
        *,
        stream: bool = False,
        auth: Any = USE_CLIENT_DEFAULT,
        follow_redirects: Any = USE_CLIENT_DEFAULT,
    ) -> httpx2.Response:
        """Send a request; what goes wrong with a posted message is told, and looks accepted to the transport."""
        if request.method != "POST":
            response = await super().send(request, stream=stream, auth=auth, follow_redirects=follow_redirects)
            if not self._answers_in_body and (demand := self._demand(response)) is not None:
                await response.aclose()  # the transport ends with this stream, and says of why only the status
                raise UpstreamLoginError(demand, status_name(response), demand_reason(response, demand))
            return self._with_events(response, None) if _content_type(response) == EVENTS else response
        waiting = _id_of(await request.aread())  # which that of a redirect has not been
        try:
            response = await super().send(request, stream=stream, auth=auth, follow_redirects=follow_redirects)
            return await self._answer(response, waiting)
        except (LoginError, StoreError) as error:
            return await self._failed(request, waiting, str(error), cause="no login")
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            is_gone = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
            return await self._failed(request, waiting, trouble_reason(error), cause="no answer", is_gone=is_gone)

    async def _answer(self, response: httpx2.Response, waiting: str | int | None) -> httpx2.Response:
        if not response.is_success:  # of those without a meaning, such as 600, the transport would not say whose it is
            return await self._refusal(response, waiting)
        if waiting is None or not self._answers_in_body:
            return response
        if _content_type(response) == EVENTS:
            return self._with_events(response, waiting)
        body = await response.aread()
        if not body.strip():
            why = f"it answered with {status_name(response)} and an empty body: check 'url' and 'type' of its entry"
            return await self._failed(response.request, waiting, why, cause="an empty body")
        return await self._with_body(response, body, waiting)

    async def _with_body(self, response: httpx2.Response, body: bytes, waiting: str | int) -> httpx2.Response:
        """Return the answer in a body: whatever id it has, it can be for one request only."""
        item = parse_line(body)
        failure: SessionMessage | None = None
        for found in [item] if isinstance(item, SessionMessage) else mended(body, item, waiting):
            message = found.message if isinstance(found, SessionMessage) else None
            if isinstance(found, SessionMessage) and _is_failure(found.message):
                failure = found
            elif isinstance(message, Answer):
                answer = _with_id(message, waiting)
                is_beyond = _is_beyond_transport(body)
                if is_beyond and _is_handshake(response.request):  # the transport takes the session from its headers
                    answer, is_beyond = _within_transport(answer), False
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
            return _rebuilt(response, format_line(_with_id(item.message, waiting)))
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

    def _with_events(self, response: httpx2.Response, waiting: str | int | None) -> httpx2.Response:
        """Return the stream with its unreadable parts made readable, or told."""
        request = response.request
        stream = EventStream(
            self._tell,
            waiting,
            is_handshake=waiting is not None and _is_handshake(request),
            address="" if self._answers_in_body else str(request.url),
        )
        events = httpx2.Response(
            _OK if response.is_success else response.status_code,
            headers=_headers(response),
            stream=DecodedBody(response, stream.readable(response.aiter_bytes())),
        )
        events.request = response.request
        return events


@dataclass(slots=True)
class EventStream:
    """A stream of events whose unreadable parts are made readable, or told."""

    tell: Tell
    waiting: str | int | None
    """The request to which one of the events is the answer."""

    is_handshake: bool = False
    """That request opens a session, which the transport takes from the headers of the stream."""

    address: str = ""
    """The address of a stream of the older transport, which names another one for what is posted."""

    _words: bytes = b""
    """Data without any object in it, as some send to keep a connection open; at the end it is all that there was."""

    _error: bytes = b""
    """The data of an event that is named `error`: no message for anybody, but it says why there is none."""

    _is_answered: bool = False
    _has_endpoint: bool = False

    async def readable(self, pieces: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
        """Yield the stream as the transport can read it."""
        rest = bytearray()
        is_begin = True
        async for piece in pieces:
            searched = max(0, len(rest) - 3)
            rest += piece
            if is_begin and len(rest) >= len(_BYTE_ORDER_MARK):
                is_begin = False
                if rest.startswith(_BYTE_ORDER_MARK):
                    del rest[: len(_BYTE_ORDER_MARK)]
            while found := _BLANK_LINE.search(rest, searched):
                block, searched = bytes(rest[: found.end()]), 0
                del rest[: found.end()]
                event = await self._readable(block)
                if event is None:
                    return
                yield event
            if len(rest) > MAX_MESSAGE_BYTES:  # the transport's own bound is for such
                yield bytes(rest)
                rest.clear()
        if rest.strip() and (event := await self._readable(_whole_event(bytes(rest)))):
            yield event
        if self.address and not self._has_endpoint:
            raise httpx2.SSEError("it ended its stream of events before it named an address for messages")
        said = self._error or self._words
        if said and not self._is_answered and self.waiting is not None:
            why = "it answered with an error event" if self._error else f"{UNREADABLE}: it is no JSON"
            await self.tell(failed_answer(self.waiting, why, said.decode(errors="replace")))

    async def _readable(self, block: bytes) -> bytes | None:
        """Return one event; None if it was to be the answer and there is none in it, or it has been told."""
        if b"retry" in block:
            block = _RETRY.sub(self._bounded_retry, block)
        lines = block.splitlines()
        data = b"\n".join(line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:"))
        if self.address and any(line.startswith(b"event:") and line[6:].strip() == b"endpoint" for line in lines):
            self._has_endpoint = True
            _check_endpoint(self.address, data.decode("utf-8", "replace"))
        kinds = {line[6:].strip() for line in lines if line.startswith(b"event:")}
        item = parse_line(data) if data.strip() and not kinds - {b"message", b"error"} else None
        if item is not None and kinds == {b"error"}:
            if not self._is_own_error(item):
                self._error = data
                return block
            lines = [line for line in lines if not line.startswith(b"event:")]
            block = b"\n".join([*(line for line in lines if line), b"", b""])
        if item is None:
            return block
        if isinstance(item, SessionMessage) and not _needs_rewriting(item, data):
            self._is_answered = self._is_answered or isinstance(item.message, Answer)
            return block
        kept = [line for line in lines if line and not line.startswith(b"data:")]
        events = [b"\n".join([*kept, b"", b""])] if kept else []
        waiting = self.waiting if b"{" in data else None
        if waiting is None:
            self._words = data
        for found in [item] if isinstance(item, SessionMessage) else mended(data, item, waiting):
            message = found.message if isinstance(found, SessionMessage) else None
            self._is_answered = self._is_answered or isinstance(message, Answer)
            is_beyond = _is_beyond_transport(data)
            if is_beyond and self.is_handshake and isinstance(message, Answer):
                message, is_beyond = _within_transport(message), False
            if message is None or _is_failure(message) or is_beyond:
                await self.tell(found)
                if isinstance(message, Answer) and self.waiting is not None:
                    return None
            else:
                events.append(b"\n".join([*kept, b"data: " + format_line(message), b""]))
        return b"".join(events)

    def _is_own_error(self, item: Item) -> bool:
        """Return whether an event is the server's own error in JSON-RPC, for a request that may wait for it here."""
        message = item.message if isinstance(item, SessionMessage) else None
        if not isinstance(message, JSONRPCError) or message.id is None:
            return False
        return self.waiting is None or message.id == self.waiting

    def _bounded_retry(self, found: re.Match[bytes]) -> bytes:
        """Return the field that says when to come again, not too soon; without it where that is no time at all."""
        if not _MILLISECONDS.fullmatch(found[1]):
            return b": "
        least = MIN_RETRY_MS if self.waiting is None else MIN_AWAITED_RETRY_MS
        return b"retry: %d" % min(max(int(found[1]), least), MAX_RETRY_MS)


def _check_endpoint(address: str, named: str) -> None:
    """See that messages go where the stream comes from: of another address the transport says nothing.

    Raises:
        httpx2.SSEError: They would not.
    """
    try:
        at = urljoin(address, named)
        is_there = bool(named.strip()) and urlsplit(at)[:2] == urlsplit(address)[:2]
    except ValueError:
        is_there = False
    if not is_there:
        raise httpx2.SSEError(f"it names an address for messages that is not one of its own: {quoted(named)}")


def _whole_event(rest: bytes) -> bytes:
    """Return the end of a stream as an event: its last line lacks an end, or it is JSON and no stream at all."""
    if rest.lstrip().startswith((b"{", b"[")):
        rest = b"\n".join(b"data: " + line for line in rest.splitlines())
    return rest + b"\n\n"


def in_our_words(item: Item) -> Item:
    """Return what the transport says of a stream that ended before the answer, or of redirects, as a failure."""
    message = item.message if isinstance(item, SessionMessage) else None
    if not isinstance(message, JSONRPCError) or message.id is None:
        return item
    if message.error.code == INVALID_REQUEST and _ENDLESS_REDIRECT.fullmatch(message.error.message):
        return failed_answer(
            message.id, "it redirects from one address to the next without end: check 'url' of its entry"
        )
    if message.error.code != CONNECTION_CLOSED:
        return item
    if not message.error.message.startswith(_STREAM_ENDED):
        return item
    return failed_answer(message.id, f"it ended its answer before there was one ({message.error.message})")


def _needs_rewriting(item: SessionMessage, data: bytes) -> bool:
    """Return whether the transport would not take a message for what it is."""
    is_answer = isinstance(item.message, Answer)
    return _FLOAT_ID.search(data) is not None or (is_answer and b'"method"' in data) or _is_beyond_transport(data)


def _is_failure(message: JSONRPCMessage) -> bool:
    return isinstance(message, JSONRPCError) and isinstance(message.error.data, UpstreamAnswerError)


def _with_id(message: Answer, waiting: str | int) -> Answer:
    if isinstance(message, JSONRPCError):
        return JSONRPCError(jsonrpc="2.0", id=waiting, error=message.error)
    return JSONRPCResponse(jsonrpc="2.0", id=waiting, result=message.result)


def _is_handshake(request: httpx2.Request) -> bool:
    return json.loads(request.content).get("method") == "initialize"


def _within_transport(answer: Answer) -> Answer:
    """Return an answer without halves of characters, as far as that makes it one that the transport can read."""
    if isinstance(answer, JSONRPCResponse):
        with suppress(UnwritableError):
            return JSONRPCResponse(jsonrpc="2.0", id=answer.id, result=writable(answer.result))
    return answer


def _is_beyond_transport(data: bytes) -> bool:
    """Return whether JSON may have what the transport cannot read: halves of characters, many levels."""
    return data.count(b"{") + data.count(b"[") > MAX_LEVELS or _HALF_ESCAPE.search(data) is not None


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
