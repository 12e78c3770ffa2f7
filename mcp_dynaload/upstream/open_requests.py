"""The requests to an upstream that have had no answer: what of all that it says can be for one of them."""

import time
from dataclasses import dataclass

from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse, RequestId

from mcp_dynaload.catalog.tool import Json, json_object

MAX_OPEN = 10_000
"""Requests of which it is known that an answer may come; of more, the oldest count as answered."""

READ_SECONDS = 1.0
"""How long a server that works on nothing may take to read a request, and to say that it could not."""

PROGRESS = "notifications/progress"
CANCELLED = "notifications/cancelled"

ProgressToken = str | int


@dataclass(slots=True)
class OpenRequest:
    """A request that has had no answer."""

    number: RequestId
    place: int
    """Its place among all that was sent."""

    sent_at: float
    token: ProgressToken | None
    """With which it asked for progress."""

    method: str
    withdrawn: int = 0
    """The place of the word that it is cancelled: a server that has read that answers it no more."""


class OpenRequests:
    """Those of one connection."""

    def __init__(self) -> None:
        self._open: dict[str, OpenRequest] = {}
        self._by_token: dict[ProgressToken, str] = {}
        """Those of which the client wants to hear progress: not one that it has cancelled, which is still open."""

        self._sent = 0
        self._last_notification = 0
        """Its place among all that was sent: no server may answer one, and some do, without an id."""

        self._read = 0
        """The place of the last request of which there was word: what was sent before it has been read, too."""

        self._answered_at = 0.0

    def sending(self, message: JSONRPCMessage) -> None:
        """Take note of a message that is sent."""
        self._sent += 1
        if isinstance(message, JSONRPCRequest):
            key, token = str(message.id), _token_of(json_object((message.params or {}).get("_meta")))
            self._open[key] = OpenRequest(message.id, self._sent, time.monotonic(), token, message.method)
            if token is not None:
                self._by_token[token] = key
            if len(self._open) > MAX_OPEN:
                self._close(next(iter(self._open)))
        elif isinstance(message, JSONRPCNotification):
            self._last_notification = self._sent
            if message.method == CANCELLED:
                self._withdraw(str((message.params or {}).get("requestId")))

    def answered_by(self, answer: JSONRPCResponse | JSONRPCError) -> OpenRequest | None:
        """Return the request to which it is the first answer."""
        request = self._close(str(answer.id))
        if request is not None:
            self._read = max(self._read, request.place)
            self._answered_at = time.monotonic()
        return request

    def acknowledged(self, number: object) -> None:
        """Take note that a request for a stream was granted: it stays open as long as that, and waits for nothing."""
        if (request := self._close(str(number))) is not None:
            self._read = max(self._read, request.place)

    def suspects(self, *, is_unread: bool) -> dict[str, OpenRequest]:
        """Return the requests that an answer without an id can be for; none if it may be for a notification.

        One that says that something `is_unread` is for a request, and comes as soon as that is read.
        """
        may_be_for_notification = not is_unread and self._last_notification > self._read
        if may_be_for_notification:
            return {}
        waiting = {key: one for key, one in self._open.items() if not 0 < one.withdrawn <= self._read}
        return self._not_read_before(waiting) if is_unread else waiting

    def _not_read_before(self, waiting: dict[str, OpenRequest]) -> dict[str, OpenRequest]:
        unread = {key: one for key, one in waiting.items() if one.place > self._read}
        earliest = time.monotonic() - READ_SECONDS
        recent = {key: one for key, one in unread.items() if max(one.sent_at, self._answered_at) > earliest}
        return recent or unread or waiting

    def token_asked_for(self, said: JSONRPCNotification | JSONRPCRequest) -> ProgressToken | None:
        """Return the token of an open request of which a message tells progress, as it was asked to."""
        is_progress = isinstance(said, JSONRPCNotification) and said.method == PROGRESS
        token = _token_of(said.params or {}) if is_progress else None
        return token if token in self._by_token else None

    def is_at_work(self, token: ProgressToken) -> str:
        """Take note of the progress of an open request, and return its key: it has been read."""
        key = self._by_token[token]
        self._read = max(self._read, self._open[key].place)
        return key

    def _close(self, key: str) -> OpenRequest | None:
        self._want_no_progress(key)
        return self._open.pop(key, None)

    def _withdraw(self, key: str) -> None:
        self._want_no_progress(key)
        if (request := self._open.get(key)) is not None:
            request.withdrawn = self._sent

    def _want_no_progress(self, key: str) -> None:
        request = self._open.get(key)
        if request is not None and request.token is not None and self._by_token.get(request.token) == key:
            del self._by_token[request.token]


def _token_of(fields: Json) -> ProgressToken | None:
    token = fields.get("progressToken")
    return token if isinstance(token, str | int) else None
