"""Answers the first requests from stored bytes, in a thread, until the server itself takes over."""

import os
import select
import sys
import threading

from mcp_dynaload.early.first_requests import (
    HANDSHAKE,
    LISTS,
    MAX_LINE_BYTES,
    PASSED_BY,
    Cancellation,
    EarlyRequest,
    read_line,
)

CHUNK_BYTES = 65_536
WRITE_BYTES = 512
"""A pipe that can be written to takes so many bytes without blocking, everywhere."""

SWITCH_SECONDS = 0.0005
"""How soon this thread gets its turn while another one imports; Python's own 5 ms would pass for each step."""

Exchange = tuple[str, str, str]
"""Method and params of a request, and its answer from behind the id."""


class Handover:
    """All that the server itself must know when it takes over."""

    __slots__ = ("answered", "read", "unsent")

    def __init__(self, read: bytes, answered: "dict[bytes, tuple[str, str]]", unsent: bytes) -> None:
        self.read = read
        """The input read so far, whole, but for the word that what has been answered is cancelled."""

        self.answered = answered
        """Method and answer of the requests answered by now, by how the line of the answer begins."""

        self.unsent = unsent
        """The rest of an answer that the client has not taken yet."""


class EarlyAnswers:
    """Stored answers, given on a pair of descriptors from `start` to `finish`."""

    def __init__(self, stored: "list[list[Exchange]]", stdin: int = 0, stdout: int = 1) -> None:
        """Know the answers that each of some clients was given."""
        self._stored = [{(method, params): answer for method, params, answer in one} for one in stored]
        self._stdin, self._stdout = stdin, stdout
        self._read = bytearray()
        self._begun_at = 0
        """Where the line begins that is looked at next."""

        self._ids: set[int | str] = set()
        self._methods: set[str] = set()
        self._answered: dict[bytes, tuple[str, str]] = {}
        self._unsent = b""
        self._wake: tuple[int, int] | None = None
        self._switches_after = sys.getswitchinterval()
        self._thread = threading.Thread(target=self._run, name="early-answers", daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether it still reads: it has not come to what the server itself must see to."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to answer."""
        if self._stored:
            self._wake = os.pipe()
            sys.setswitchinterval(SWITCH_SECONDS)
            self._thread.start()

    def finish(self) -> Handover:
        """Stop reading; returns what was read and answered."""
        if self._wake is not None:
            os.write(self._wake[1], b".")
            self._thread.join()
            for number in self._wake:
                os.close(number)
            self._wake = None
        return Handover(bytes(self._read), self._answered, self._unsent)

    def _run(self) -> None:
        try:
            self._answer_all()
        finally:
            sys.setswitchinterval(self._switches_after)

    def _answer_all(self) -> None:
        while self._is_more_stored() and self._receive():
            while (end := self._read.find(b"\n", self._begun_at)) >= 0:
                if not self._take(end + 1):
                    return
            if len(self._read) - self._begun_at > MAX_LINE_BYTES:
                return

    def _is_more_stored(self) -> bool:
        """Return whether anything is stored that has not been answered."""
        return any(method not in self._methods for one in self._stored for method, _ in one)

    def _receive(self) -> bool:
        """Read what comes next; false where nothing does any more."""
        assert self._wake is not None
        ready, _, _ = select.select([self._stdin, self._wake[0]], [], [])
        if self._wake[0] in ready:
            return False
        try:
            chunk = os.read(self._stdin, CHUNK_BYTES)
        except OSError:  # the server itself finds the same
            return False
        self._read += chunk
        return bool(chunk)

    def _take(self, end: int) -> bool:
        """Take the next line, which ends there; false where the server itself must see to it and to what follows."""
        line = read_line(bytes(self._read[self._begun_at : end]))
        if isinstance(line, Cancellation):
            if line.request_id not in self._ids:
                return False
            del self._read[self._begun_at : end]  # it comes too late, and must not reach the request's second run
            return True
        if isinstance(line, EarlyRequest):
            answer = self._answer(line)
            if answer is None or not self._send(line.prefix + answer.encode()):
                return False
        elif line is not PASSED_BY:
            return False
        self._begun_at = end
        return True

    def _answer(self, request: EarlyRequest) -> "str | None":
        """Return the one stored answer; None if there is none, or the request is out of turn."""
        is_early_list = request.method in LISTS and HANDSHAKE not in self._methods
        if is_early_list or request.method in self._methods or request.request_id in self._ids:
            return None
        key = request.method, request.params
        fitting = [stored for stored in self._stored if key in stored]
        answers = {stored[key] for stored in fitting}
        if len(answers) != 1:
            return None
        answer = answers.pop()
        self._stored = fitting
        self._ids.add(request.request_id)
        self._methods.add(request.method)
        self._answered[request.prefix] = request.method, answer
        return answer

    def _send(self, data: bytes) -> bool:
        """Write an answer; false where that stops before its end."""
        assert self._wake is not None
        while data:
            ready, _, _ = select.select([self._wake[0]], [self._stdout], [])
            if ready:
                break
            try:
                data = data[os.write(self._stdout, data[:WRITE_BYTES]) :]
            except OSError:  # nobody reads any more, which the server itself finds, too
                break
        self._unsent = data
        return not data
