"""Streams of events, as servers behind HTTP write them: what the transport could not read is made readable, or told.

Imports the HTTP client, so it is imported only where a server is reached over HTTP.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Container
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx2
import structlog
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCNotification, JSONRPCResponse

from mcp_dynaload.errors import UpstreamAnswerError
from mcp_dynaload.transport.bounds import MAX_MESSAGE_BYTES
from mcp_dynaload.transport.jsonrpc_lines import HALF_ESCAPE, Item, format_line, parse_line
from mcp_dynaload.transport.line_repair import UNREADABLE, failed_answer, mended, quoted
from mcp_dynaload.transport.sdk_json import UnwritableError, writable
from mcp_dynaload.upstream.http_listening import OwnStream

MAX_LEVELS = 200
"""The transport reads not many more; that many brackets are looked at more closely by nobody, as that costs nothing."""

MIN_RETRY_MS = 1_000
MIN_AWAITED_RETRY_MS = 100
MAX_RETRY_MS = 60_000
"""When a stream that has ended is asked for again, whatever the server says; sooner where a call waits for it."""

_RETRY = re.compile(rb"(?:^|(?<=[\r\n]))retry:[ ]?([^\r\n]*)")
_MILLISECONDS = re.compile(rb"[0-9]{1,15}")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_EVENT_ID = re.compile(rb"^id:[ ]?([^\r\n]*)", re.MULTILINE)
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_FLOAT_ID = re.compile(rb'"id"\s*:\s*-?\d+\.')
"""Which the transport does not take."""

Answer = JSONRPCResponse | JSONRPCError

Tell = Callable[[Item], Awaitable[None]]
"""Gives who reads the connection a message, or something to note."""


log = structlog.get_logger()


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

    asked: Container[str | int] = ()
    """The requests that were sent; the answer to another one of them is not this one's."""

    elsewhere: OwnStream | None = None
    """The server's own stream, on which an answer may come instead."""

    own: OwnStream | None = None
    """The server's own stream, if this is it."""

    _words: bytes = b""
    """Data without any object in it, as some send to keep a connection open; at the end it is all that there was."""

    _error: bytes = b""
    """The data of an event that is named `error`: no message for anybody, but it says why there is none."""

    _is_answered: bool = False
    _is_resumable: bool = False
    """It has said where to go on: the transport asks for the rest."""

    _has_endpoint: bool = False

    async def readable(self, pieces: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
        """Yield the stream as the transport can read it."""
        rest = bytearray()
        is_begin = True
        async for piece in self._to_its_end(pieces):
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
        is_over = not said and not self._is_answered and not self._is_resumable
        if is_over and self.waiting is not None and self.elsewhere is not None:
            await self.elsewhere.may_answer(self.waiting)
        if said and not self._is_answered and self.waiting is not None:
            why = "it answered with an error event" if self._error else f"{UNREADABLE}: it is no JSON"
            await self.tell(failed_answer(self.waiting, why, said.decode(errors="replace")))

    async def _to_its_end(self, pieces: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
        """Yield the pieces; a stream that is asked for again when it ends, ends also where it is cut off.

        The transport asks for one that was cut off no more than twice.
        """
        try:
            async for piece in pieces:
                yield piece
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            if self.waiting is not None or self.address:
                raise
            log.debug("stream_cut_off", error=type(error).__name__)
        finally:
            if self.own is not None:
                await self.own.ended()

    async def _readable(self, block: bytes) -> bytes | None:
        """Return one event; None if it was to be the answer and there is none in it, or it has been told."""
        if found := _EVENT_ID.findall(block):
            self._is_resumable = True
            if self.own is not None:
                self.own.last_id = found[-1]
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
        if isinstance(item, SessionMessage) and isinstance(item.message, Answer) and self._is_for_another(item.message):
            await self.tell(item)
            return b": \n\n"
        if isinstance(item, SessionMessage) and isinstance(item.message, JSONRPCNotification):
            await self.tell(item)  # the transport, which does no more with it, would take three times as long
            return b"".join(line + b"\n" for line in lines if line.startswith((b"id:", b"retry:"))) + b"\n"
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
            is_beyond = is_beyond_transport(data)
            if is_beyond and self.is_handshake and isinstance(message, Answer):
                message, is_beyond = within_transport(message), False
            if message is None or is_failure(message) or is_beyond:
                await self.tell(found)
                if isinstance(message, Answer) and self.waiting is not None:
                    return None
            else:
                events.append(b"\n".join([*kept, b"data: " + format_line(message), b""]))
        return b"".join(events)

    def _is_for_another(self, answer: Answer) -> bool:
        """Return whether it answers another request, which the transport would not look at."""
        number = answer.id
        if self.own is not None and number is not None:
            self.own.owed.discard(number)
        return number is not None and self.waiting is not None and number != self.waiting and number in self.asked

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


def _needs_rewriting(item: SessionMessage, data: bytes) -> bool:
    """Return whether the transport would not take a message for what it is."""
    is_answer = isinstance(item.message, Answer)
    return _FLOAT_ID.search(data) is not None or (is_answer and b'"method"' in data) or is_beyond_transport(data)


def is_failure(message: JSONRPCMessage) -> bool:
    """Return whether a message stands for an answer that cannot be used."""
    return isinstance(message, JSONRPCError) and isinstance(message.error.data, UpstreamAnswerError)


def within_transport(answer: Answer) -> Answer:
    """Return an answer without halves of characters, as far as that makes it one that the transport can read."""
    if isinstance(answer, JSONRPCResponse):
        with suppress(UnwritableError):
            return JSONRPCResponse(jsonrpc="2.0", id=answer.id, result=writable(answer.result))
    return answer


def is_beyond_transport(data: bytes) -> bool:
    """Return whether JSON may have what the transport cannot read: halves of characters, many levels."""
    return data.count(b"{") + data.count(b"[") > MAX_LEVELS or HALF_ESCAPE.search(data) is not None
