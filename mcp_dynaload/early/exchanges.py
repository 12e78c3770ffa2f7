"""The first requests as the server itself answers them: what was answered early is not sent again, but compared."""

from mcp_dynaload.early.answering import Exchange, Handover
from mcp_dynaload.early.first_requests import (
    HANDSHAKE,
    LISTS,
    MAX_LINE_BYTES,
    METHODS,
    PASSED_BY,
    EarlyRequest,
    read_line,
)

TYPE_CHECKING = False  # `typing` would take a tenth of the time until the first answer
if TYPE_CHECKING:
    from collections.abc import Callable


class FirstExchanges:
    """Watches input and output until a request comes that is none of the first, and all before it are answered."""

    def __init__(self, handover: Handover, changed: "Callable[[], None]") -> None:
        """Compare with what was answered early; `changed` is called whenever there is something new to look at."""
        self._early = dict(handover.answered)
        self._changed = changed
        self._unread = bytearray()
        self._listens = True
        self._waiting: dict[bytes, EarlyRequest] = {}
        self._answers: dict[str, Exchange] = {}
        self.differing: set[str] = set()
        """The methods that were answered early, and are answered otherwise now."""

        self.is_over = False

    @property
    def answers(self) -> "list[Exchange]":
        """Each answer, in the same order always; empty without a handshake and a list of tools."""
        handshake = self._answers.get(HANDSHAKE)
        is_whole = handshake is not None and handshake[2].startswith('"result":') and LISTS[0] in self._answers
        return [self._answers[method] for method in METHODS if method in self._answers] if is_whole else []

    def see(self, chunk: bytes) -> None:
        """Take note of input; of its end, if it is empty."""
        if not self._listens:
            return
        self._unread += chunk
        while self._listens and (end := self._unread.find(b"\n")) >= 0:
            self._look_at(bytes(self._unread[: end + 1]))
            del self._unread[: end + 1]
        if not chunk or len(self._unread) > MAX_LINE_BYTES:
            self._listens = False
        self._end_if_over()

    def is_sent(self, data: bytes) -> bool:
        """Return whether this line answers what has been answered early: it is not to be sent."""
        for prefix in (*self._waiting, *self._early):
            if data.startswith(prefix):
                return self._answered(prefix, data[len(prefix) :].decode())
        return False

    def _answered(self, prefix: bytes, answer: str) -> bool:
        request, early = self._waiting.pop(prefix, None), self._early.pop(prefix, None)
        if request is not None:
            self._answers[request.method] = request.method, request.params, answer
        if early is not None and early[1] != answer:
            self.differing.add(early[0])
            self._changed()
        self._end_if_over()
        return early is not None

    def _look_at(self, line: bytes) -> None:
        request = read_line(line)
        if not isinstance(request, EarlyRequest):
            self._listens = request is PASSED_BY
            return
        is_early_list = request.method in LISTS and not self._knows(HANDSHAKE)
        if is_early_list or self._knows(request.method) or request.prefix in self._waiting:
            self._listens = False
            return
        self._waiting[request.prefix] = request

    def _knows(self, method: str) -> bool:
        return method in self._answers or any(request.method == method for request in self._waiting.values())

    def _end_if_over(self) -> None:
        if not self._listens and not self._waiting and not self._early and not self.is_over:
            self.is_over = True
            self._unread.clear()
            self._changed()
