"""The requests to an upstream that have had no answer: what of all that it says can be for one of them."""

from dataclasses import dataclass

from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse, RequestId

from mcp_dynaload.catalog.tool import Json, json_object

MAX_OPEN = 10_000
"""Requests of which it is known that an answer may come; of more, the oldest count as answered."""

PROGRESS = "notifications/progress"
CANCELLED = "notifications/cancelled"

ProgressToken = str | int


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that has had no answer."""

    number: RequestId
    place: int
    """Its place among all that was sent."""

    token: ProgressToken | None
    """With which it asked for progress."""


class OpenRequests:
    """Those of one connection."""

    def __init__(self) -> None:
        self._open: dict[str, OpenRequest] = {}
        self._by_token: dict[ProgressToken, str] = {}
        """Those of which the client wants to hear progress: not one that it has cancelled, which is still open."""

        self._sent = 0
        self._last_notification = 0
        """Its place among all that was sent: no server may answer one, and some do, without an id."""

        self._answered = 0
        """The place of the last request that was answered: what was sent before it has been read."""

    def sending(self, message: JSONRPCMessage) -> None:
        """Take note of a message that is sent."""
        self._sent += 1
        if isinstance(message, JSONRPCRequest):
            key, token = str(message.id), _token_of(json_object((message.params or {}).get("_meta")))
            self._open[key] = OpenRequest(message.id, self._sent, token)
            if token is not None:
                self._by_token[token] = key
            if len(self._open) > MAX_OPEN:
                self._close(next(iter(self._open)))
        elif isinstance(message, JSONRPCNotification):
            self._last_notification = self._sent
            if message.method == CANCELLED:
                self._want_no_progress(str((message.params or {}).get("requestId")))

    def answered_by(self, answer: JSONRPCResponse | JSONRPCError) -> OpenRequest | None:
        """Return the request to which it is the first answer."""
        request = self._close(str(answer.id))
        if request is not None:
            self._answered = max(self._answered, request.place)
        return request

    def only_one(self, *, is_for_request: bool) -> RequestId | None:
        """Return the id of the one request that an answer without an id can be for; None if nobody knows that.

        Unless it is for a request, it may be for a notification.
        """
        may_be_for_notification = not is_for_request and self._last_notification > self._answered
        if len(self._open) != 1 or may_be_for_notification:
            return None
        return next(iter(self._open.values())).number

    def token_asked_for(self, said: JSONRPCNotification | JSONRPCRequest) -> ProgressToken | None:
        """Return the token of an open request of which a message tells progress, as it was asked to."""
        is_progress = isinstance(said, JSONRPCNotification) and said.method == PROGRESS
        token = _token_of(said.params or {}) if is_progress else None
        return token if token in self._by_token else None

    def _close(self, key: str) -> OpenRequest | None:
        self._want_no_progress(key)
        return self._open.pop(key, None)

    def _want_no_progress(self, key: str) -> None:
        request = self._open.get(key)
        if request is not None and request.token is not None and self._by_token.get(request.token) == key:
            del self._by_token[request.token]


def _token_of(fields: Json) -> ProgressToken | None:
    token = fields.get("progressToken")
    return token if isinstance(token, str | int) else None
