"""The bodies of HTTP answers: decoded within bounds, and looked at where the server may have lost our session.

Imports the HTTP client, so it is imported only where a server is reached over HTTP.
"""

import json
from collections.abc import AsyncGenerator

import httpx2
import structlog
from mcp_types import INVALID_REQUEST

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.machine.freed_memory import let_go
from mcp_dynaload.transport.bounds import MessageSize, TooLargeError
from mcp_dynaload.upstream.allowance import Allowance
from mcp_dynaload.upstream.http_session import ABOUT_SESSIONS, HttpSession

SESSION_HEADER = "mcp-session-id"
EVENTS = "text/event-stream"
JSON = "application/json"

PIECE_BYTES = 8192
LINE_SECONDS = 0.000_001
BYTE_SECONDS = 0.000_000_01
"""About what it costs us to take in a line of an event stream, and a byte of it."""

MAX_PROBLEM_BYTES = 65_536
"""The most bytes of an error's body that are looked at."""

UNCARRIED = frozenset({400, 409, 410, 422, 503})
"""Refusals after which a request has not been carried out, if they speak of the session."""

log = structlog.get_logger()


class Answers:
    """A transport that sees every answer before its body is read."""

    def __init__(self, session: HttpSession, allowance: Allowance, *, is_in_address: bool = False) -> None:
        self._session = session
        self._allowance = allowance
        self._is_in_address = is_in_address
        """The session is known by the address to which is posted, as in the older transport."""

    async def check(self, response: httpx2.Response) -> None:
        """Put bounds on the body, and tell a request that was not carried out for want of a session."""
        given = [value for name, value in response.headers.raw if name.lower() == SESSION_HEADER.encode()]
        if given and response.is_success:
            self._session.given = b", ".join(given)
        raw = httpx2.Response(
            response.status_code, headers=response.headers, stream=response.stream, request=response.request
        )
        is_stream = _content_type(response) == EVENTS
        body = response.stream = DecodedBody(raw, _paced(raw, self._allowance) if is_stream else _bounded(raw))
        for header in ("content-encoding", "content-length"):
            response.headers.pop(header, None)
        has_session = self._is_in_address or SESSION_HEADER in response.request.headers
        if response.is_error and response.request.method == "POST" and has_session:
            await self._on_error(response, body)

    async def _on_error(self, response: httpx2.Response, whole: "DecodedBody") -> None:
        """Make the session anew for a server that was restarted: it answers 404 or 400 for ever."""
        body = await _begin_of(whole)
        is_lost = response.status_code == 404 or (response.status_code in UNCARRIED and _is_about_session(body))
        if not is_lost:
            self._session.is_doubtful = True
            response.stream = httpx2.ByteStream(body)
            return
        error = {"code": INVALID_REQUEST, "message": "it no longer knows our session", "data": self._session.mark}
        answer = {"jsonrpc": "2.0", "id": _id_of(response.request), "error": error}
        response.headers["content-type"] = JSON
        response.stream = httpx2.ByteStream(json.dumps(answer).encode())


class DecodedBody(httpx2.AsyncByteStream):
    """A body that is handed on in pieces, decoded or looked through on the way."""

    def __init__(self, raw: httpx2.Response, pieces: AsyncGenerator[bytes]) -> None:
        self._raw = raw
        self._pieces = pieces

    def __aiter__(self) -> AsyncGenerator[bytes]:
        return self._pieces

    async def aclose(self) -> None:
        """End the pieces and the answer that they come from."""
        await self._pieces.aclose()
        await self._raw.aclose()


async def _bounded(raw: httpx2.Response) -> AsyncGenerator[bytes]:
    """Yield the body, as far as it is no larger than one message may be."""
    size = MessageSize()
    async for piece in raw.aiter_bytes():
        try:
            size.add(piece)
        except TooLargeError as error:
            raise httpx2.StreamError(f"the answer is refused: {error}") from None
        yield piece
    let_go(size.length)


async def _paced(raw: httpx2.Response, allowance: Allowance) -> AsyncGenerator[bytes]:
    """Yield a stream of events, which may go on for ever, no faster than it is allowed to."""
    async for decoded in raw.aiter_bytes():
        for start in range(0, len(decoded), PIECE_BYTES):
            piece = decoded[start : start + PIECE_BYTES]
            yield piece
            await allowance.spend(len(piece) * BYTE_SECONDS + piece.count(b"\n") * LINE_SECONDS)


async def _begin_of(body: DecodedBody) -> bytes:
    begin = b""
    try:
        async for piece in body:
            begin += piece
            if len(begin) > MAX_PROBLEM_BYTES:
                break
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        log.debug("problem_unreadable", error=type(error).__name__)
    await body.aclose()
    return begin


def _is_about_session(body: bytes) -> bool:
    """Return whether an error says that the session is not known; of JSON-RPC only its message counts."""
    text = body.decode("utf-8", "replace")
    try:
        message = json_object(json_object(json.loads(text)).get("error")).get("message")
    except (ValueError, RecursionError):
        message = None
    return ABOUT_SESSIONS.search(message if isinstance(message, str) else text) is not None


def _id_of(request: httpx2.Request) -> object:
    message: Json = json.loads(request.content)
    return message.get("id")


def _content_type(response: httpx2.Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()
