"""JSON-RPC messages as lines of JSON: the stdio framing of both our sides.

The SDK's own codec validates each envelope against a union of models; this one looks only at the envelope's shape, so
that what is inside `params`, `result` and `error` passes through as it came.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from types import TracebackType
from typing import Any, cast

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import ErrorData, JSONRPCError, JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from mcp_dynaload import bounds
from mcp_dynaload.bounds import Edges, MessageSize, TooLargeError
from mcp_dynaload.catalog.tool import Json

CHUNK_BYTES = 65_536

NOTIFY_SECONDS = 0.1
"""How long to wait for a reader that is behind before a notification counts as sent: it is in the buffer by then.

The SDK shields the word that a request was cancelled from cancellation: a frozen server would hold up everybody's exit.
"""

Receive = Callable[[], Awaitable[bytes]]
"""The next bytes; empty, or `anyio.EndOfStream`, at the end."""

Send = Callable[[bytes], Awaitable[None]]

Skipped = Callable[[int], Awaitable[None]]
"""Told of bytes that held no message; may take its time."""

_GONE = (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError)


async def _for_nothing(skipped: int) -> None:
    """Skip without a charge."""


class LineReader:
    """The messages of a byte stream, in the form that the SDK's dispatcher iterates over.

    No task or memory stream stands between pipe and dispatcher: each would cost every message a turn of the loop.
    """

    def __init__(self, receive: Receive, skipped: Skipped = _for_nothing) -> None:
        self._receive = receive
        self._skipped = skipped
        self._buffer = bytearray()

    def __aiter__(self) -> "LineReader":
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        while line := await self._line():
            if isinstance(line, Edges):
                return _refused(line, f"it is longer than {bounds.MAX_MESSAGE_BYTES} bytes")
            if line.strip():
                return parse_line(line)
            await self._skip_blanks()
        raise StopAsyncIteration

    async def receive(self) -> SessionMessage | Exception:
        """The next message.

        Raises:
            anyio.EndOfStream: There is none.
        """
        try:
            return await anext(self)
        except StopAsyncIteration:
            raise anyio.EndOfStream from None

    async def aclose(self) -> None:
        """Nothing to do: who opened the bytes closes them."""

    async def __aenter__(self) -> "LineReader":
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _line(self) -> bytes | Edges:
        """The next line with its end, or what is kept of one that is too long.

        Empty at the end of the stream, where an unfinished line is dropped.
        """
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > bounds.MAX_MESSAGE_BYTES:
                return await self._skip_line()
            if not (chunk := await self._chunk()):
                return b""
            self._buffer += chunk
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line

    async def _skip_line(self) -> Edges | bytes:
        """Read on to the end of a line without keeping it; empty if it has none."""
        edges = Edges()
        while (end := self._buffer.find(b"\n")) < 0:
            edges.add(self._buffer)
            await self._skipped(len(self._buffer))
            self._buffer = bytearray(await self._chunk())
            if not self._buffer:
                return b""
        edges.add(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return edges

    async def _skip_blanks(self) -> None:
        """Drop the empty lines that come next, all at once."""
        rest = self._buffer.lstrip()
        await self._skipped(len(self._buffer) - len(rest))
        self._buffer = rest

    async def _chunk(self) -> bytes:
        try:
            return await self._receive()
        except _GONE:
            return b""


class LineWriter:
    """Takes messages from the SDK's dispatcher and sends each as a line at once."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def send(self, item: SessionMessage, /) -> None:
        """Send one message.

        Raises:
            anyio.BrokenResourceError: Nobody reads any more.
        """
        is_notification = isinstance(item.message, JSONRPCNotification)
        try:
            with anyio.move_on_after(NOTIFY_SECONDS) if is_notification else nullcontext():
                await self._send(format_line(item.message))
        except _GONE as error:
            raise anyio.BrokenResourceError from error

    async def aclose(self) -> None:
        """Nothing to do: who opened the bytes closes them."""

    async def __aenter__(self) -> "LineWriter":
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()


def parse_line(line: bytes) -> SessionMessage | Exception:
    """The message on one line; what is wrong with it, as a value, if it holds none."""
    try:
        if len(line) > bounds.SMALL_BYTES:
            MessageSize().add(line)
    except TooLargeError as error:
        edges = Edges()
        edges.add(line)
        return _refused(edges, str(error))
    try:
        return SessionMessage(_envelope(json.loads(line)))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return ValueError(f"not a JSON-RPC message ({error}): {line[:200]!r}")


def _refused(edges: Edges, why: str) -> SessionMessage | Exception:
    """An error in place of an answer that is too large; what is wrong, if it was no answer."""
    refusal = edges.refusal(why)
    return SessionMessage(refusal) if refusal else ValueError(f"a line is skipped: {why}: {edges.begin[:200]!r}")


def format_line(message: JSONRPCMessage) -> bytes:
    """The message as one line of compact JSON, newline included."""
    if isinstance(message, JSONRPCError):
        fields: Json = {"jsonrpc": "2.0", "id": message.id, "error": _error_fields(message.error)}
    else:
        fields = {
            name: getattr(message, name) for name in type(message).model_fields if name in message.model_fields_set
        }
    try:
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    except UnicodeEncodeError:  # a lone surrogate, legal in JSON as an escape
        return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _envelope(value: object) -> JSONRPCMessage:
    if not isinstance(value, dict):
        raise TypeError("not an object")
    fields = cast(dict[str, Any], value)
    if fields.get("jsonrpc") != "2.0":
        raise ValueError("no jsonrpc 2.0 field")
    if "method" in fields:
        return _call(fields)
    if "result" in fields:
        _require(fields["result"], dict, "result")
        return JSONRPCResponse.model_construct(jsonrpc="2.0", id=_request_id(fields), result=fields["result"])
    return JSONRPCError(jsonrpc="2.0", id=fields.get("id"), error=ErrorData.model_validate(fields["error"]))


def _call(fields: Json) -> JSONRPCMessage:
    _require(fields["method"], str, "method")
    call: Json = {"jsonrpc": "2.0", "method": fields["method"]}
    if fields.get("params") is not None:
        _require(fields["params"], dict, "params")
        call["params"] = fields["params"]
    if "id" in fields:
        return JSONRPCRequest.model_construct(
            **{"params": None, **call, "id": _request_id(fields)}, _fields_set={*call, "id"}
        )
    return JSONRPCNotification.model_construct(**{"params": None, **call}, _fields_set=set(call))


def _request_id(fields: Json) -> str | int:
    value = fields["id"]
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError("id is neither text nor a whole number")
    return value


def _require(value: object, kind: type, field: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{field} is not {kind.__name__}")


def _error_fields(error: ErrorData) -> Json:
    fields: Json = {"code": error.code, "message": error.message}
    if "data" in error.model_fields_set:
        fields["data"] = error.data
    return fields
