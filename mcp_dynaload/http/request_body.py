"""The body of a request: taken in whole before anything is begun for it, within bounds, and read as JSON."""

import math
import re
from collections.abc import Callable
from typing import cast

import anyio
import pydantic_core
from mcp_types import INVALID_REQUEST, ErrorData, JSONRPCError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive

from mcp_dynaload.catalog.tool import json_object
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.http.host_guard import refused
from mcp_dynaload.http.mcp_endpoints import rpc_response
from mcp_dynaload.transport.jsonrpc_lines import Item, envelope, format_line
from mcp_dynaload.transport.line_repair import refusals_of, unparsed

BODY_SECONDS = 20.0
"""How long a body may take to come, whatever its size."""

MIN_BYTES_PER_SECOND = 20_000
"""A larger one may take longer, if it comes as fast as this; the slowest mobile connection is faster."""

_HUGE = re.compile(rb"\d[eE]\+?\d{3}|\d{309}")
"""How a number may be written that is infinity to a computer, which JSON cannot say."""


class UnfitBodyError(DynaloadError):
    """A body that is not worked on."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    def response(self) -> Response:
        """Return what its sender is told."""
        return refused(self.status, str(self))


class UnfitMessageError(UnfitBodyError):
    """A body of an MCP client that holds no message."""

    def __init__(self, error: JSONRPCError) -> None:
        super().__init__(400, error.error.message)
        self._error = error

    def response(self) -> Response:
        """Return what the client's protocol has for it."""
        return rpc_response(self.status, self._error)


Take = Callable[[bytes], bytes]
"""Makes of a body what is to be worked on; raises `UnfitBodyError`."""


def has_body(headers: Headers) -> bool:
    """Return whether a request says that it has one."""
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


async def read_body(headers: Headers, receive: Receive, max_bytes: int) -> bytes:
    """Read the body of a request.

    Raises:
        UnfitBodyError: It is too large, or does not come in time.
        ClientDisconnect: Its sender has gone.
    """
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    with anyio.CancelScope(deadline=anyio.current_time() + BODY_SECONDS) as patience:
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise ClientDisconnect
            part = message.get("body", b"")
            body += part
            patience.deadline += len(part) / MIN_BYTES_PER_SECOND
            if len(body) > max_bytes:
                raise _too_large(max_bytes)
            if not message.get("more_body", False):
                return bytes(body)
    raise UnfitBodyError(408, f"the body did not come in time: {len(body)} bytes of it did")


def check_type(headers: Headers) -> None:
    """See that a body is said to be JSON.

    Raises:
        UnfitBodyError: It is not.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise UnfitBodyError(415, f"a body of the type {kind!r} is not taken: send application/json")


def take_json(body: bytes) -> bytes:
    """See that a body is JSON, if there is one.

    Raises:
        UnfitBodyError: It is not.
    """
    try:
        if body:
            _parsed(body)
    except ValueError as error:
        raise UnfitBodyError(400, f"the body is not JSON: {error}") from error
    return body


def take_message(body: bytes) -> bytes:
    """Return the JSON-RPC message of a body, as the SDK takes it.

    Raises:
        UnfitMessageError: There is none.
    """
    try:
        value = _parsed(body)
    except ValueError as error:
        raise UnfitMessageError(unparsed(body, str(error))) from error
    try:
        message = envelope(value)
    except (ValueError, KeyError, TypeError) as error:
        said = refusals_of(value)
        if said and not isinstance(said[0], JSONRPCError | Exception):  # an answer to us: who has asked is to have it
            return format_line(said[0].message)
        raise UnfitMessageError(_only(said, str(error))) from error
    is_odd = isinstance(message, JSONRPCError) or isinstance(json_object(value).get("id"), float)
    return format_line(message) if is_odd else body  # the SDK takes no 3.0 for an id, and no error without one


def _only(said: list[Item | JSONRPCError], why: str) -> JSONRPCError:
    """Return the one answer to a body; to several requests at once, or to a notification, it has no id."""
    errors = [error for error in said if isinstance(error, JSONRPCError)]
    if len(errors) == 1:
        return errors[0]
    error = errors[0].error if errors else ErrorData(code=INVALID_REQUEST, message=f"Invalid request: {why}")
    return JSONRPCError(jsonrpc="2.0", id=None, error=error)


def _parsed(body: bytes) -> object:
    """Read JSON to the letter: no NaN, no half of a character, nothing that no answer could repeat.

    Raises:
        ValueError: It is not.
    """
    value: object = pydantic_core.from_json(body, allow_inf_nan=False)
    if _HUGE.search(body) and _has_infinity(value):
        raise ValueError("it has a number that is too large")
    return value


def _has_infinity(value: object) -> bool:
    match value:
        case float():
            return math.isinf(value)
        case dict():
            return any(map(_has_infinity, cast("dict[str, object]", value).values()))
        case list():
            return any(map(_has_infinity, cast("list[object]", value)))
        case _:
            return False


def _too_large(max_bytes: int) -> UnfitBodyError:
    return UnfitBodyError(413, f"the body is larger than {max_bytes} bytes: max_request_bytes is the setting for it")
