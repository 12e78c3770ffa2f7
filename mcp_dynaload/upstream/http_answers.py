"""The answers of a server behind HTTP: made readable, and where there is none to be had, told at once to who waits.

Imports the HTTP client, so it is imported only where a server is reached over HTTP.
"""

import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import httpx2
from httpx2 import USE_CLIENT_DEFAULT
from mcp.shared._httpx_utils import next_request_within_origin  # which redirects the transports follow
from mcp.shared.message import SessionMessage
from mcp_types import CONNECTION_CLOSED, JSONRPCError, JSONRPCMessage, JSONRPCResponse

from mcp_dynaload.errors import LoginDemand, LoginError, StoreError, UpstreamAnswerError, UpstreamLoginError
from mcp_dynaload.transport.bounds import MAX_MESSAGE_BYTES
from mcp_dynaload.transport.jsonrpc_lines import Item, format_line, parse_line
from mcp_dynaload.transport.line_repair import UNREADABLE, failed_answer, mended
from mcp_dynaload.upstream.http_bodies import DecodedBody
from mcp_dynaload.upstream.http_failures import OTHER_ERA, demand_reason, status_name, status_reason, trouble_reason

EVENTS = "text/event-stream"
JSON = "application/json"
MAX_PROBLEM_BYTES = 65_536
"""The most bytes of an error's body that are looked at."""

_STREAM_ENDED = "SSE stream "
"""How the transport begins to say so."""

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_FLOAT_ID = re.compile(rb'"id"\s*:\s*-?\d+\.')
"""Which the transport does not take."""

_NO_TRANSFER = ("content-encoding", "content-length", "transfer-encoding")

Tell = Callable[[Item], Awaitable[None]]
"""Gives who reads the connection a message, or something to note."""


Demand = Callable[[httpx2.Response], LoginDemand | None]
"""Returns the login that a refusal asks of the user; None if that is no matter of ours."""


def no_demand(response: httpx2.Response) -> LoginDemand | None:
    """Return nothing: no login is used."""
    return None


class AnsweringClient(httpx2.AsyncClient):
    """An HTTP client that sends what the SDK's transports post, and gives every request an answer in words."""

    def __init__(self, tell: Tell, *, answers_in_body: bool, demand: Demand = no_demand, **options: Any) -> None:
        super().__init__(**options)
        self._tell = tell
        self._demand = demand
        self._answers_in_body = answers_in_body
        """Or else they come in a stream that is open already."""

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
        waiting = _id_of(request)
        try:
            response = await super().send(request, stream=stream, auth=auth, follow_redirects=follow_redirects)
            return await self._answer(response, waiting)
        except (LoginError, StoreError) as error:
            return await self._failed(request, waiting, str(error), cause="no login")
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            is_gone = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
            return await self._failed(request, waiting, trouble_reason(error), cause="no answer", is_gone=is_gone)

    async def _answer(self, response: httpx2.Response, waiting: str | int | None) -> httpx2.Response:
        if response.is_error or response.has_redirect_location:
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
            elif isinstance(message, JSONRPCResponse | JSONRPCError):
                return _rebuilt(response, _with_id(message, waiting))
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
            return _rebuilt(response, _with_id(item.message, waiting))
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
        events = httpx2.Response(
            response.status_code,
            headers=_headers(response),
            stream=DecodedBody(response, self._events(response, waiting)),
        )
        events.request = response.request
        return events

    async def _events(self, response: httpx2.Response, waiting: str | int | None) -> AsyncGenerator[bytes]:
        rest = bytearray()
        async for piece in response.aiter_bytes():
            searched = max(0, len(rest) - 3)
            rest += piece
            while found := _BLANK_LINE.search(rest, searched):
                block, searched = bytes(rest[: found.end()]), 0
                del rest[: found.end()]
                readable = await self._readable(block, waiting)
                if readable is None:
                    return
                yield readable
            if len(rest) > MAX_MESSAGE_BYTES:  # the transport's own bound is for such
                yield bytes(rest)
                rest.clear()
        yield bytes(rest)

    async def _readable(self, block: bytes, waiting: str | int | None) -> bytes | None:
        """Return one event; None if it was to be the answer and there is none in it."""
        lines = block.splitlines()
        data = b"\n".join(line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:"))
        if not data.strip() or any(line.startswith(b"event:") and line[6:].strip() != b"message" for line in lines):
            return block
        item = parse_line(data)
        if isinstance(item, SessionMessage) and not _FLOAT_ID.search(data) and not _has_method_too(item, data):
            return block
        kept = [line for line in lines if line and not line.startswith(b"data:")]
        events = [b"\n".join([*kept, b"", b""])] if kept else []
        for found in [item] if isinstance(item, SessionMessage) else mended(data, item, waiting):
            message = found.message if isinstance(found, SessionMessage) else None
            if message is None or _is_failure(message):
                await self._tell(found)
                if message is not None and waiting is not None:
                    return None
            else:
                events.append(b"\n".join([*kept, b"data: " + format_line(message), b""]))
        return b"".join(events)


def in_our_words(item: Item) -> Item:
    """Return the transport's error for a stream that ended before the answer, as a failure of the server."""
    message = item.message if isinstance(item, SessionMessage) else None
    if not isinstance(message, JSONRPCError) or message.id is None or message.error.code != CONNECTION_CLOSED:
        return item
    if not message.error.message.startswith(_STREAM_ENDED):
        return item
    return failed_answer(message.id, f"it ended its answer before there was one ({message.error.message})")


def _has_method_too(item: SessionMessage, data: bytes) -> bool:
    """Return whether it may be an answer that the transport would take for a request."""
    return isinstance(item.message, JSONRPCResponse | JSONRPCError) and b'"method"' in data


def _is_failure(message: JSONRPCMessage) -> bool:
    return isinstance(message, JSONRPCError) and isinstance(message.error.data, UpstreamAnswerError)


def _with_id(message: JSONRPCResponse | JSONRPCError, waiting: str | int) -> bytes:
    if isinstance(message, JSONRPCError):
        return format_line(JSONRPCError(jsonrpc="2.0", id=waiting, error=message.error))
    return format_line(JSONRPCResponse.model_construct(jsonrpc="2.0", id=waiting, result=message.result))


def _rebuilt(response: httpx2.Response, body: bytes) -> httpx2.Response:
    headers = {**_headers(response), "content-type": JSON}
    return httpx2.Response(response.status_code, headers=headers, content=body, request=response.request)


def _accepted(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(202, request=request)


def _headers(response: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.lower() not in _NO_TRANSFER}


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


def _id_of(request: httpx2.Request) -> str | int | None:
    """Return the id of the posted request; None of a notification or an answer."""
    message = json.loads(request.content)
    return message.get("id") if "method" in message else None


def _content_type(response: httpx2.Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()
