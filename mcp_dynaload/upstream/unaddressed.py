"""Answers of an upstream that have no id: whose they are, as soon as that can be told.

They may be for one of several requests. Each request that is answered, or of which there is word, is none of theirs any
more: the answers are for those that are left. So what fails at last has been silent for as long as any call may be.
"""

import time
from dataclasses import dataclass

from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, JSONRPCError

from mcp_dynaload.transport.line_repair import UnaddressedAnswerError, failed_answer, quoted
from mcp_dynaload.upstream.open_requests import OpenRequest, OpenRequests

UNREAD = frozenset({PARSE_ERROR, INVALID_REQUEST})
"""The errors of a server that could not read a request, and so not its id: JSON-RPC has null in its place."""

MAX_WAITING = 64
"""Such answers that are kept: a server may send nothing else."""

Answer = JSONRPCError | UnaddressedAnswerError

Suspects = dict[str, OpenRequest]


@dataclass(slots=True, eq=False)
class _Waiting:
    """An answer, and the requests that it can be for."""

    answer: Answer
    suspects: Suspects
    came_at: float


class UnaddressedAnswers:
    """Those of one connection that nobody could place by now."""

    def __init__(self, requests: OpenRequests, limit_seconds: float) -> None:
        """Place answers to `requests`; after `limit_seconds`, if not zero, one fails all that it may be for."""
        self._requests = requests
        self._limit_seconds = limit_seconds
        self._waiting: list[_Waiting] = []

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self, answer: Answer) -> list[SessionMessage]:
        """Return the answers, with an id, that can be placed now that this one has come."""
        is_unread = isinstance(answer, JSONRPCError) and answer.error.code in UNREAD
        suspects = _named_in(answer, self._requests.suspects(is_unread=is_unread))
        if suspects and len(self._waiting) < MAX_WAITING:
            self._waiting.append(_Waiting(answer, suspects, time.monotonic()))
        return self._placed()

    def answered(self, key: str) -> list[SessionMessage]:
        """Return those that can be placed now that a request was answered."""
        for one in self._waiting:
            one.suspects.pop(key, None)
        return self._placed()

    def at_work(self, key: str) -> list[SessionMessage]:
        """Return those that can be placed now that there is progress of a request: it was read, and goes on."""
        return self.answered(key)

    def overdue(self) -> list[SessionMessage]:
        """Return a failure for each request that an answer may be for which waits for long."""
        if not self._limit_seconds:
            return []
        latest = time.monotonic() - self._limit_seconds
        late = [one for one in self._waiting if one.came_at < latest]
        self._waiting = [one for one in self._waiting if one.came_at >= latest]
        why = "it answered without an id, to this request or to another one that it did not answer"
        return [
            failed_answer(request.number, why, _said(one.answer)) for one in late for request in one.suspects.values()
        ]

    def _placed(self) -> list[SessionMessage]:
        """Return what is certain: of as many answers as there are requests that they can be for, each has one."""
        placed: list[SessionMessage] = []
        self._waiting = [one for one in self._waiting if one.suspects]
        while (found := self._certain()) is not None:
            answers, suspects = found
            requests = sorted(suspects.values(), key=lambda request: request.place)
            placed += [_addressed(one.answer, request) for one, request in zip(answers, requests, strict=False)]
            self._waiting = [one for one in self._waiting if one not in answers]
            for one in self._waiting:
                one.suspects = {key: request for key, request in one.suspects.items() if key not in suspects}
            self._waiting = [one for one in self._waiting if one.suspects]
        return placed

    def _certain(self) -> tuple[list[_Waiting], Suspects] | None:
        for one in sorted(self._waiting, key=lambda waiting: len(waiting.suspects)):
            same = [other for other in self._waiting if other.suspects.keys() <= one.suspects.keys()]
            if len(same) >= len(one.suspects):
                return same, one.suspects
        return None


def _named_in(answer: Answer, suspects: Suspects) -> Suspects:
    """Return the requests whose method an error names, if there are any: it is one of those."""
    said = answer.error.message if isinstance(answer, JSONRPCError) else ""
    return {key: one for key, one in suspects.items() if "/" in one.method and one.method in said} or suspects


def _addressed(answer: Answer, request: OpenRequest) -> SessionMessage:
    if isinstance(answer, UnaddressedAnswerError):
        return failed_answer(request.number, str(answer))
    return SessionMessage(answer.model_copy(update={"id": request.number}))


def _said(answer: Answer) -> str:
    if isinstance(answer, UnaddressedAnswerError):
        return str(answer)
    return quoted({"code": answer.error.code, "message": answer.error.message})
