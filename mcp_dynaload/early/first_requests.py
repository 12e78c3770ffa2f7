"""The requests with which a client begins, told from all others."""

import json

TYPE_CHECKING = False  # `typing` would take a tenth of the time until the first answer
if TYPE_CHECKING:
    from typing import TypeGuard

HANDSHAKE = "initialize"
LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
METHODS = ("server/discover", HANDSHAKE, *LISTS)
"""The requests that are answered from stored bytes; every other one waits for the server itself."""

MAX_LINE_BYTES = 256 * 1024
MAX_ID = 2**53

_FIELDS = frozenset({"jsonrpc", "id", "method", "params"})


class EarlyRequest:
    """One of these requests."""

    __slots__ = ("method", "params", "prefix", "request_id")

    def __init__(self, method: str, params: str, request_id: "int | str") -> None:
        self.method = method
        self.params = params
        """Its params as canonical JSON; a list's without `_meta`, on which no list depends."""

        self.request_id = request_id
        self.prefix = b'{"jsonrpc":"2.0","id":' + json.dumps(request_id).encode() + b","
        """How the line of its answer begins."""


class Cancellation:
    """The word that a request need not be answered any more."""

    __slots__ = ("request_id",)

    def __init__(self, request_id: "int | str") -> None:
        self.request_id = request_id


PASSED_BY = object()
"""A line that asks for nothing and changes nothing: a blank one, or `notifications/initialized`."""

UNKNOWN = object()
"""Any other line, whether it is a message or not: the server itself sees to it."""


def read_line(line: bytes) -> object:
    """Return what a line is: a `EarlyRequest`, a `Cancellation`, `PASSED_BY` or `UNKNOWN`."""
    if line.isspace():
        return PASSED_BY
    if len(line) > MAX_LINE_BYTES:
        return UNKNOWN
    try:
        message: dict[str, object] = json.loads(line.decode())
    except (ValueError, RecursionError):
        return UNKNOWN
    if not _is_object(message) or message.get("jsonrpc") != "2.0" or not _FIELDS.issuperset(message):
        return UNKNOWN
    method, given = message.get("method"), message.get("params")
    params: object = {} if given is None else given
    if not isinstance(method, str) or not _is_object(params):
        return UNKNOWN
    if "id" in message:
        return _request(method, params, message["id"])
    if method == "notifications/cancelled":
        request_id = params.get("requestId")
        return Cancellation(request_id) if _is_plain(request_id) else UNKNOWN
    return PASSED_BY if method == "notifications/initialized" else UNKNOWN


def _request(method: str, params: "dict[str, object]", request_id: object) -> object:
    if method not in METHODS or not _is_plain(request_id):
        return UNKNOWN
    if method in LISTS:
        if not _is_object(params.get("_meta", {})):
            return UNKNOWN
        params = {key: value for key, value in params.items() if key != "_meta"}
    return EarlyRequest(method, json.dumps(params, sort_keys=True, separators=(",", ":")), request_id)


def _is_object(value: object) -> "TypeGuard[dict[str, object]]":
    return isinstance(value, dict)


def _is_plain(request_id: object) -> "TypeGuard[int | str]":
    """Return whether there is one way only to write the id as JSON."""
    if isinstance(request_id, str):
        return request_id.isascii() and request_id.isprintable() and '"' not in request_id and "\\" not in request_id
    return isinstance(request_id, int) and not isinstance(request_id, bool) and -MAX_ID < request_id < MAX_ID
