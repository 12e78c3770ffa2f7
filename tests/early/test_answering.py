"""Stored answers on a pair of pipes, and what is handed over to the server itself."""

import json
import os
import select
from collections.abc import Iterator
from contextlib import suppress

import pytest

from mcp_dynaload.early.answering import EarlyAnswers, Exchange, Handover
from mcp_dynaload.early.first_requests import MAX_LINE_BYTES

HELLO = '{"clientInfo":{"name":"one"}}'
GREETING = '"result":{"serverInfo":{}}}\n'
TOOLS = '"result":{"tools":[]}}\n'
PROMPTS = '"result":{"prompts":[]}}\n'
NO_METHOD = '"error":{"code":-32601,"message":"no"}}\n'

CLIENT: list[Exchange] = [
    ("server/discover", "{}", NO_METHOD),
    ("initialize", HELLO, GREETING),
    ("tools/list", "{}", TOOLS),
    ("prompts/list", "{}", PROMPTS),
]
OTHER_CLIENT: list[Exchange] = [
    ("server/discover", "{}", NO_METHOD),
    ("initialize", '{"clientInfo":{"name":"two"}}', GREETING),
    ("tools/list", "{}", '"result":{"tools":[2]}}\n'),
]

INITIALIZE = f'{{"jsonrpc":"2.0","id":0,"method":"initialize","params":{HELLO}}}\n'.encode()
INITIALIZED = b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n'


def ask(number: int, method: str) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method}).encode() + b"\n"


def said(number: int, answer: str) -> bytes:
    return f'{{"jsonrpc":"2.0","id":{number},{answer}'.encode()


class Wire:
    """Early answers on two pipes, as their client has them."""

    def __init__(self, *stored: list[Exchange]) -> None:
        self.stdin, self.input = os.pipe()
        self.output, self.stdout = os.pipe()
        self.early = EarlyAnswers(list(stored), self.stdin, self.stdout)
        self.early.start()
        self._begun = b""

    def send(self, data: bytes) -> None:
        os.write(self.input, data)

    def line(self) -> bytes:
        """Return the next line that is answered."""
        while b"\n" not in self._begun:
            assert select.select([self.output], [], [], 5)[0], "nothing is answered"
            self._begun += os.read(self.output, 65_536)
        line, self._begun = self._begun.split(b"\n", 1)
        return line + b"\n"

    def is_silent(self) -> bool:
        return not self._begun and not select.select([self.output], [], [], 0)[0]

    def rest_of_input(self) -> bytes:
        """Return what the server itself finds where the early answers have stopped reading."""
        if not select.select([self.stdin], [], [], 0)[0]:
            return b""
        return os.read(self.stdin, 1_000_000)

    def hang_up(self) -> None:
        os.close(self.input)

    def stop_reading(self) -> None:
        os.close(self.output)

    def close(self) -> None:
        for number in (self.stdin, self.stdout, self.input, self.output):
            with suppress(OSError):  # the test has closed it
                os.close(number)


@pytest.fixture
def wire() -> Iterator[Wire]:
    opened = Wire(CLIENT, OTHER_CLIENT)
    yield opened
    opened.early.finish()
    opened.close()


def finished(wire: Wire) -> Handover:
    """End the answering once it has read what was sent, which it answers no more."""
    while select.select([wire.stdin], [], [], 0)[0] and wire.early.is_running:
        pass
    return wire.early.finish()


def test_the_first_requests_are_answered_and_everything_read_is_handed_over(wire: Wire) -> None:
    sent = [ask(5, "server/discover"), INITIALIZE, INITIALIZED, ask(1, "tools/list"), b"\n", ask(2, "prompts/list")]
    wire.send(sent[0])
    assert wire.line() == said(5, NO_METHOD)
    wire.send(b"".join(sent[1:]))
    assert [wire.line() for _ in range(3)] == [said(0, GREETING), said(1, TOOLS), said(2, PROMPTS)]

    handover = wire.early.finish()
    assert handover.read == b"".join(sent)
    assert list(handover.answered.values()) == [
        ("server/discover", NO_METHOD),
        ("initialize", GREETING),
        ("tools/list", TOOLS),
        ("prompts/list", PROMPTS),
    ]
    assert handover.unsent == b""


def test_a_list_is_that_of_the_client_which_has_introduced_itself(wire: Wire) -> None:
    wire.send(INITIALIZE.replace(b"one", b"two") + ask(1, "tools/list"))
    assert [wire.line(), wire.line()] == [said(0, GREETING), said(1, '"result":{"tools":[2]}}\n')]


def test_a_client_that_never_says_that_it_is_ready_is_answered(wire: Wire) -> None:
    wire.send(INITIALIZE + ask(1, "tools/list"))
    assert [wire.line(), wire.line()] == [said(0, GREETING), said(1, TOOLS)]


@pytest.mark.parametrize(
    "first",
    [
        INITIALIZE.replace(b"one", b"unknown"),
        ask(1, "tools/list"),
        ask(1, "ping"),
        b"garbage\n",
        b"[]\n",
        b"\xff\n",
    ],
)
def test_after_a_line_that_it_cannot_answer_nothing_is_answered_or_lost(wire: Wire, first: bytes) -> None:
    wire.send(first + INITIALIZE)
    handover = finished(wire)
    wire.send(ask(9, "tools/list"))

    assert wire.is_silent()
    assert handover.read + wire.rest_of_input() == first + INITIALIZE + ask(9, "tools/list")
    assert handover.answered == {}


@pytest.mark.parametrize("again", [ask(2, "tools/list"), ask(1, "prompts/list"), ask(1, "tools/list")])
def test_a_second_list_and_an_id_used_twice_are_left_to_the_server_itself(wire: Wire, again: bytes) -> None:
    wire.send(INITIALIZE + ask(1, "tools/list") + again)
    assert [wire.line(), wire.line()] == [said(0, GREETING), said(1, TOOLS)]
    handover = finished(wire)

    assert wire.is_silent()
    assert handover.read == INITIALIZE + ask(1, "tools/list") + again


def test_a_line_that_comes_in_parts_is_answered_when_it_is_whole_and_half_of_one_is_handed_over(wire: Wire) -> None:
    wire.send(INITIALIZE[:20])
    assert wire.is_silent()
    wire.send(INITIALIZE[20:] + ask(1, "tools/list")[:11])
    assert wire.line() == said(0, GREETING)
    handover = wire.early.finish()
    assert handover.read == INITIALIZE + ask(1, "tools/list")[:11]


def test_a_line_without_an_end_is_not_read_for_ever(wire: Wire) -> None:
    sent = 0
    while wire.early.is_running and sent < 2 * MAX_LINE_BYTES:
        if select.select([], [wire.input], [], 0)[1]:
            wire.send(b"x" * 4096)
            sent += 4096
    handover = wire.early.finish()
    assert MAX_LINE_BYTES < len(handover.read) <= sent < 2 * MAX_LINE_BYTES


def test_a_cancellation_of_what_is_answered_does_not_reach_its_second_run(wire: Wire) -> None:
    late = b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}\n'
    wire.send(INITIALIZE + ask(1, "tools/list"))
    assert [wire.line(), wire.line()] == [said(0, GREETING), said(1, TOOLS)]
    wire.send(late + ask(2, "prompts/list"))
    assert wire.line() == said(2, PROMPTS)
    other = late.replace(b":1}", b":77}")
    wire.send(other)

    assert finished(wire).read == INITIALIZE + ask(1, "tools/list") + ask(2, "prompts/list") + other


def test_the_end_of_input_is_left_for_the_server_itself(wire: Wire) -> None:
    wire.send(INITIALIZE)
    assert wire.line() == said(0, GREETING)
    wire.hang_up()
    handover = finished(wire)
    assert handover.read == INITIALIZE
    assert os.read(wire.stdin, 10) == b""


def test_a_client_that_does_not_read_keeps_nobody_waiting_and_gets_the_rest_later() -> None:
    long = '"result":{"tools":["' + "x" * 300_000 + '"]}}\n'
    wire = Wire([("initialize", HELLO, long)])
    try:
        wire.send(INITIALIZE)
        assert select.select([wire.output], [], [], 5)[0]
        handover = wire.early.finish()
        os.close(wire.stdout)
        taken = b""
        while chunk := os.read(wire.output, 65_536):
            taken += chunk
        assert taken + handover.unsent == said(0, long)
        assert handover.unsent
        assert handover.answered == {b'{"jsonrpc":"2.0","id":0,': ("initialize", long)}
    finally:
        wire.close()


def test_a_client_that_is_gone_ends_the_answering(wire: Wire) -> None:
    wire.stop_reading()
    wire.send(INITIALIZE + INITIALIZED)
    handover = finished(wire)
    assert handover.unsent == said(0, GREETING)
    assert handover.read == INITIALIZE + INITIALIZED


def test_where_nothing_is_stored_nothing_is_read() -> None:
    wire = Wire()
    try:
        wire.send(INITIALIZE)
        handover = wire.early.finish()
        assert (handover.read, handover.answered, wire.rest_of_input()) == (b"", {}, INITIALIZE)
    finally:
        wire.close()
