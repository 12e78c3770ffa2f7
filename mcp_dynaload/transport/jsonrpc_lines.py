"""JSON-RPC messages as lines of JSON: the stdio framing of both our sides.

The SDK's own codec validates each envelope against a union of models; this one looks only at the envelope's shape, so
that what is inside `params`, `result` and `error` passes through as it came.
"""

import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from types import TracebackType
from typing import Any, TypeGuard, cast

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import (
    INTERNAL_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from pydantic import ValidationError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.machine.freed_memory import let_go
from mcp_dynaload.transport import bounds, plain_json
from mcp_dynaload.transport.bounds import EDGE_BYTES, Edges, MessageSize, TooLargeError

CHUNK_BYTES = 65_536

NOTIFY_SECONDS = 0.1
"""How long to wait for a reader that is behind before a notification counts as sent: it is in the buffer by then.

The SDK shields the word that a request was cancelled from cancellation: a frozen server would hold up everybody's exit.
"""

Receive = Callable[[], Awaitable[bytes]]
"""The next bytes; empty, or `anyio.EndOfStream`, at the end."""

Send = Callable[[bytes], Awaitable[None]]

Item = SessionMessage | Exception
"""A message for the SDK's dispatcher, or the problem with one."""

Mend = Callable[[bytes, Exception], Awaitable[Iterable[Item]]]
"""The repair of a line that holds no message, from the line and its problem."""

Reword = Callable[[JSONRPCMessage], Awaitable[JSONRPCMessage]]

HALF_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")

TOO_DEEP = ErrorData(code=INTERNAL_ERROR, message="the result is nested too deeply to be written as JSON")

Skipped = Callable[[int], Awaitable[None]]
"""Told of bytes that held no message; may take its time."""

Worked = Callable[[float], Awaitable[None]]
"""Told of the seconds that a line took which is no answer; may take its time."""

LONG_SECONDS = 0.0003
"""The time that a line may take without a word."""

_GONE = (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError)


class TooDeepError(ValueError):
    """A line is nested too deeply to be read."""


async def left_as_it_is(line: bytes, problem: Exception) -> Iterable[Item]:
    """Make nothing of a line that holds no message."""
    return (problem,)


async def _for_nothing(cost: float) -> None:
    """Skip or work without a charge."""


class LineReader:
    """The messages of a byte stream, in the form that the SDK's dispatcher iterates over.

    No task or memory stream stands between pipe and dispatcher: each would cost every message a turn of the loop.
    """

    def __init__(
        self,
        receive: Receive,
        mend: Mend = left_as_it_is,
        skipped: Skipped = _for_nothing,
        worked: Worked = _for_nothing,
        *,
        takes_unfinished: bool = False,
    ) -> None:
        """Read from `receive`; what stands behind the last line end is dropped unless it is to be taken, too."""
        self._receive = receive
        self._mend = mend
        self._skipped = skipped
        self._worked = worked
        self._takes_unfinished = takes_unfinished
        self._mended: deque[Item] = deque()
        self._buffer = bytearray()

    @property
    def unfinished(self) -> bytes:
        """The begin of a line that has not ended: a program that asks on it waits for an answer."""
        return bytes(self._buffer[:EDGE_BYTES])

    def __aiter__(self) -> "LineReader":
        return self

    async def __anext__(self) -> Item:
        if self._mended:
            return self._mended.popleft()
        while line := await self._line():
            if isinstance(line, Edges):
                return _refused(line, f"it is longer than {bounds.MAX_MESSAGE_BYTES} bytes")
            if line.isspace():
                await self._skip_blanks()
                continue
            began = time.perf_counter()
            item = parse_line(line)
            let_go(len(line))
            if isinstance(item, SessionMessage) and isinstance(item.message, JSONRPCResponse | JSONRPCError):
                return item
            found = (item,) if isinstance(item, SessionMessage) else await self._mend(line, item)
            if (seconds := time.perf_counter() - began) > LONG_SECONDS:
                await self._worked(seconds)
            self._mended.extend(found)
            if self._mended:
                return self._mended.popleft()
        raise StopAsyncIteration

    async def receive(self) -> Item:
        """Return the next message.

        Raises:
            anyio.EndOfStream: There is none.
        """
        try:
            return await anext(self)
        except StopAsyncIteration:
            raise anyio.EndOfStream from None

    async def aclose(self) -> None:
        """Do nothing: who opened the bytes closes them."""

    async def __aenter__(self) -> "LineReader":
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _line(self) -> bytes | Edges:
        """Return the next line with its end, or the parts kept of one that is too long.

        Empty at the end of the stream.
        """
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > bounds.MAX_MESSAGE_BYTES:
                return await self._skip_line()
            if not (chunk := await self._chunk()):
                rest, self._buffer = self._buffer, bytearray()
                return bytes(rest) if self._takes_unfinished else b""
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
    """A stream that takes messages from the SDK's dispatcher and sends each as a line at once."""

    def __init__(self, send: Send, reword: Reword | None = None) -> None:
        """Write with `send`; a message with half of a character in it as `reword` has it."""
        self._send = send
        self._reword = reword

    async def send(self, item: SessionMessage, /) -> None:
        """Send one message.

        Raises:
            anyio.BrokenResourceError: Nobody reads any more.
        """
        is_notification = isinstance(item.message, JSONRPCNotification)
        line = format_line(item.message)
        if self._reword is not None and b"\\ud" in line and HALF_ESCAPE.search(line):
            line = format_line(await self._reword(item.message))
        try:
            with anyio.move_on_after(NOTIFY_SECONDS) if is_notification else nullcontext():
                await self._send(line)
            let_go(len(line))
        except _GONE as error:
            raise anyio.BrokenResourceError from error

    async def aclose(self) -> None:
        """Do nothing: who opened the bytes closes them."""

    async def __aenter__(self) -> "LineWriter":
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        await self.aclose()


def parse_line(line: bytes) -> Item:
    """Parse the message on one line; if it holds none, return the problem, as a value."""
    try:
        if len(line) > bounds.SMALL_BYTES:
            MessageSize().add(line)
    except TooLargeError as error:
        edges = Edges()
        edges.add(line)
        return _refused(edges, str(error))
    try:
        return SessionMessage(envelope(plain_json.parse(line)))
    except RecursionError:
        return TooDeepError(f"not a JSON-RPC message (nested too deeply): {line[:200]!r}")
    except (ValueError, KeyError, TypeError) as error:
        return ValueError(f"not a JSON-RPC message ({error}): {line[:200]!r}")


def _refused(edges: Edges, why: str) -> Item:
    """Return an error in place of an answer that is too large; the problem, if it was no answer."""
    refusal = edges.refusal(why)
    return SessionMessage(refusal) if refusal else TooLargeError(f"a line is skipped: {why}: {edges.begin[:200]!r}")


def format_line(message: JSONRPCMessage) -> bytes:
    """Return the message as one line of compact JSON, newline included; what JSON cannot say is null.

    Raises:
        RecursionError: It is nested too deeply, and nobody waits for it as an answer.
    """
    try:
        return plain_json.bytes_of(_fields(message)) + b"\n"
    except RecursionError:
        if not isinstance(message, JSONRPCResponse):
            raise
        return format_line(JSONRPCError(jsonrpc="2.0", id=message.id, error=TOO_DEEP))


def _fields(message: JSONRPCMessage) -> Json:
    if isinstance(message, JSONRPCError):
        return {"jsonrpc": "2.0", "id": message.id, "error": _error_fields(message.error)}
    if isinstance(message, JSONRPCResponse):
        return {"jsonrpc": "2.0", "id": message.id, "result": message.result}
    call: Json = {"jsonrpc": "2.0"}
    if isinstance(message, JSONRPCRequest):
        call["id"] = message.id
    call["method"] = message.method
    if "params" in message.model_fields_set:
        call["params"] = message.params
    return call


def envelope(value: object) -> JSONRPCMessage:
    """Return the message that a JSON value is.

    Raises:
        ValueError: It is none; as are KeyError and TypeError.
    """
    if not isinstance(value, dict):
        raise TypeError("not an object")
    fields = cast(dict[str, Any], value)
    if fields.get("jsonrpc") != "2.0":
        raise ValueError("no jsonrpc 2.0 field")
    if fields.get("method") is not None and not has_answer(fields):
        return _call(fields)
    if "result" in fields:
        _require(fields["result"], dict, "result")
        return JSONRPCResponse(jsonrpc="2.0", id=_request_id(fields), result=fields["result"])
    if "error" not in fields:
        raise TypeError("neither method, result nor error")
    return JSONRPCError(jsonrpc="2.0", id=fields.get("id"), error=_error(fields["error"]))


def has_answer(fields: Json) -> bool:
    """Return whether there is a result or an error in it: some programs write all fields of a message, used or not."""
    return isinstance(fields.get("result"), dict) or isinstance(fields.get("error"), dict)


def is_code(value: object) -> TypeGuard[int | float]:
    """Return whether it is a whole number, as an error's code is."""
    return isinstance(value, int | float) and value == value // 1  # for what is infinite that is no number


def _error(value: object) -> ErrorData:
    try:
        return ErrorData.model_validate(value)
    except ValidationError:
        raise TypeError("error is no object with a whole number as code and a text as message") from None


def _call(fields: Json) -> JSONRPCMessage:
    _require(fields["method"], str, "method")
    params = {} if fields.get("params") is None else {"params": fields["params"]}
    if params:
        _require(params["params"], dict, "params")
    if "id" in fields:
        return JSONRPCRequest(jsonrpc="2.0", id=_request_id(fields), method=fields["method"], **params)
    return JSONRPCNotification(jsonrpc="2.0", method=fields["method"], **params)


def _request_id(fields: Json) -> str | int:
    value = fields["id"]
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 3.0 is 3
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError("id is neither text nor a whole number")
    return value


def _require(value: object, kind: type, field: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{field} is not {_KINDS[kind]}")


_KINDS = {dict: "an object", str: "text"}


def _error_fields(error: ErrorData) -> Json:
    fields: Json = {"code": error.code, "message": error.message}
    if "data" in error.model_fields_set:
        fields["data"] = error.data
    return fields
