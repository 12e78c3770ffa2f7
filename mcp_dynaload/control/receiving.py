"""The body of a request: taken in whole before anything is begun for it, within bounds, and read as JSON."""

import math
import re
from typing import cast

import anyio
import pydantic_core
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from mcp_dynaload.errors import DynaloadError

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


def has_body(headers: Headers) -> bool:
    """Whether a request says that it has one."""
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


async def read_body(headers: Headers, receive: Receive, max_bytes: int) -> bytes:
    """The body of a request.

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


def check_json(headers: Headers, body: bytes) -> None:
    """See that a body is JSON to the letter: no NaN, no half of a character, nothing that no answer could repeat.

    Raises:
        UnfitBodyError: It is not, or does not say that it is.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise UnfitBodyError(415, f"a body of the type {kind!r} is not taken: send application/json")
    try:
        value: object = pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise UnfitBodyError(400, f"the body is not JSON: {error}") from error
    if _HUGE.search(body) and _has_infinity(value):
        raise UnfitBodyError(400, "the body has a number that is too large")


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
