import json
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from mcp.shared._stream_protocols import ReadStream
from mcp.shared.message import SessionMessage
from mcp_types import (
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import UpstreamAnswerError
from mcp_dynaload.transport.jsonrpc_lines import LineReader, LineWriter, format_line, parse_line
from mcp_dynaload.transport.line_repair import UnaddressedAnswerError, mended
from mcp_dynaload.upstream import open_requests
from mcp_dynaload.upstream.allowance import Allowance
from mcp_dynaload.upstream.latest_words import AT_ONCE, LatestWords
from mcp_dynaload.upstream.open_requests import OpenRequests, ProgressToken
from mcp_dynaload.upstream.streams import Intake, Outflow, Said
from tests.faults.scripted import until

MANY = 200


def message(number: int) -> SessionMessage:
    return SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=number, result={}))


async def nothing(params: Json) -> None:
    """Tell nobody."""


def intake_of(
    incoming: ReadStream[SessionMessage | Exception],
    outflow: Outflow,
    allowance: Allowance | None = None,
    note: Callable[[str], None] = lambda words: None,
    limit_seconds: float = 0,
) -> Intake:
    """Return the messages of an upstream, of which all are wanted but progress that is not due."""
    progress = LatestWords[ProgressToken](nothing)

    def is_wanted(said: Said) -> bool:
        token = outflow.requests.token_asked_for(said)
        return token is None or not isinstance(said, JSONRPCNotification) or progress.is_due(token, said.params or {})

    return Intake(incoming, allowance or Allowance(1, 1), is_wanted, outflow.requests, progress, note, limit_seconds)


async def taken(*, are_asked: bool) -> int:
    """Return how many of many answers are taken in a moment, with an allowance for three messages at work."""
    sent, outgoing = anyio.create_memory_object_stream[SessionMessage](MANY)
    answers, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](MANY)
    outflow = Outflow(sent, anyio.Event())
    intake = intake_of(incoming, outflow, Allowance(1e-6, 0.001))
    for number in range(MANY):
        if are_asked:
            await outflow.send(SessionMessage(JSONRPCRequest(jsonrpc="2.0", id=number, method="ping")))
        await answers.send(message(number))
    count = 0
    with sent, outgoing, answers, incoming, anyio.move_on_after(0.5):
        while count < MANY:
            await anext(intake)
            count += 1
    return count


@pytest.mark.proves("bounded")
async def test_answers_that_nobody_asked_for_are_taken_as_slowly_as_what_a_server_says_by_itself() -> None:
    assert await taken(are_asked=False) < 10
    assert await taken(are_asked=True) > 90


async def test_a_request_has_one_answer() -> None:
    sent, outgoing = anyio.create_memory_object_stream[SessionMessage](1)
    outflow = Outflow(sent, anyio.Event())
    with sent, outgoing:
        await outflow.send(SessionMessage(JSONRPCRequest(jsonrpc="2.0", id=7, method="ping")))

        answer = JSONRPCResponse(jsonrpc="2.0", id="7", result={})
        assert [outflow.requests.answered_by(answer) is not None for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("open_requests", "code", "told"), [(1, PARSE_ERROR, 0), (2, PARSE_ERROR, None), (2, -32601, None)]
)
async def test_a_server_that_could_not_read_the_only_request_fails_it(
    open_requests: int, code: int, told: int | None
) -> None:
    sent, outgoing = anyio.create_memory_object_stream[SessionMessage](2)
    answers, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](1)
    outflow = Outflow(sent, anyio.Event())
    intake = intake_of(incoming, outflow)
    with sent, outgoing, answers, incoming:
        for number in range(open_requests):
            await outflow.send(SessionMessage(JSONRPCRequest(jsonrpc="2.0", id=number, method="ping")))
        error = ErrorData(code=code, message="no")
        await answers.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=None, error=error)))

        answer = await intake.receive()

    assert isinstance(answer, SessionMessage)
    assert answer.message == JSONRPCError(jsonrpc="2.0", id=told, error=error)


async def placed(answer: object, *sent: JSONRPCRequest | JSONRPCNotification | JSONRPCResponse) -> tuple[object, str]:
    """Return what becomes of an answer without a usable id, after these messages, and what is noted of it.

    A response among them is the server's answer to one of the requests.
    """
    messages, outgoing = anyio.create_memory_object_stream[SessionMessage](len(sent))
    answers, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](2)
    outflow, noted = Outflow(messages, anyio.Event()), list[str]()
    intake = intake_of(incoming, outflow, note=noted.append)
    with messages, outgoing, answers, incoming:
        for message in sent:
            if isinstance(message, JSONRPCResponse):
                outflow.requests.answered_by(message)
            else:
                await outflow.send(SessionMessage(message))
        line = json.dumps(answer).encode()
        item = parse_line(line)
        for found in [item] if isinstance(item, SessionMessage) else list(mended(line, item))[1:]:
            await answers.send(found)
        return await intake.receive(), " ".join(noted)


FIRST, SECOND = (JSONRPCRequest(jsonrpc="2.0", id=number, method="tools/call") for number in (1, 2))
FIRST_DONE = JSONRPCResponse(jsonrpc="2.0", id=1, result={})
NOTICE = JSONRPCNotification(jsonrpc="2.0", method="notifications/initialized")
RESULT: Json = {"jsonrpc": "2.0", "result": {"content": []}}
NO_METHOD: Json = {"jsonrpc": "2.0", "error": {"code": -32601, "message": "no"}}
NO_IDS: tuple[object, ...] = (None, {}, [1], True, 1.5)


@pytest.mark.parametrize("answer", [RESULT, *({**RESULT, "id": odd} for odd in NO_IDS)])
async def test_an_answer_without_a_usable_id_fails_the_only_open_request_in_words(answer: Json) -> None:
    item, _ = await placed(answer, FIRST, NOTICE, SECOND, FIRST_DONE, JSONRPCResponse(jsonrpc="2.0", id=2, result={}))
    assert isinstance(item, UnaddressedAnswerError)  # nobody waits

    item, _ = await placed(answer, NOTICE, FIRST, FIRST_DONE, SECOND)
    assert isinstance(item, SessionMessage)
    assert isinstance(item.message, JSONRPCError)
    assert (item.message.id, isinstance(item.message.error.data, UpstreamAnswerError)) == (2, True)
    assert item.message.error.message.startswith("it answered without a usable id: '{")


async def test_an_error_without_an_id_is_that_of_the_only_open_request_that_it_can_be_for() -> None:
    item, _ = await placed(NO_METHOD, NOTICE, FIRST, FIRST_DONE, SECOND)

    assert isinstance(item, SessionMessage)
    assert item.message == JSONRPCError(jsonrpc="2.0", id=2, error=ErrorData(code=-32601, message="no"))


@pytest.mark.parametrize(
    "sent", [(FIRST, SECOND), (NOTICE, FIRST), (FIRST, FIRST_DONE, NOTICE, SECOND), (FIRST, NOTICE)]
)
@pytest.mark.parametrize("answer", [RESULT, NO_METHOD])
async def test_an_answer_that_may_be_for_another_fails_none(answer: Json, sent: tuple[Any, ...]) -> None:
    item, noted = await placed(answer, *sent)

    if isinstance(item, SessionMessage):
        assert isinstance(item.message, JSONRPCError)
        assert item.message.id is None
        assert noted == """an error without an id, of which nobody knows for what: '{"code":-32601,"message":"no"}'"""
    else:
        assert isinstance(item, UnaddressedAnswerError)


class Wire:
    """The requests to an upstream and what it says, with what is taken of that."""

    def __init__(self, limit_seconds: float = 0) -> None:
        self._said = b""
        self._outflow = Outflow(LineWriter(self._sent), anyio.Event())
        self._intake = intake_of(LineReader(self._read), self._outflow, limit_seconds=limit_seconds)
        self.requests = self._outflow.requests

    async def send(self, *messages: JSONRPCMessage) -> None:
        for message in messages:
            await self._outflow.send(SessionMessage(message))

    async def take(self, *said: JSONRPCMessage) -> list[tuple[object, str]]:
        """Return the answers that have an id after the upstream has said this: to what, and the error in them."""
        self._said = b"".join(map(format_line, said))
        taken = [item.message async for item in self._intake if isinstance(item, SessionMessage)]
        errors = {one.id: one.error.message for one in taken if isinstance(one, JSONRPCError)}
        return [
            (one.id, errors.get(one.id, ""))
            for one in taken
            if isinstance(one, JSONRPCResponse | JSONRPCError) and one.id is not None
        ]

    async def _read(self) -> bytes:
        said, self._said = self._said, b""
        return said

    async def _sent(self, line: bytes) -> None:
        """Take a line."""


def asked(number: int | str, method: str = "tools/call", token: object = None) -> JSONRPCRequest:
    return JSONRPCRequest(jsonrpc="2.0", id=number, method=method, params={"_meta": {"progressToken": token}})


def answered(number: int | str) -> JSONRPCResponse:
    return JSONRPCResponse(jsonrpc="2.0", id=number, result={})


def refused(message: str = "no", code: int = PARSE_ERROR) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=code, message=message))


def withdrawn(number: int) -> JSONRPCNotification:
    return JSONRPCNotification(jsonrpc="2.0", method="notifications/cancelled", params={"requestId": number})


@pytest.mark.parametrize("code", [PARSE_ERROR, -32000])
async def test_an_error_without_an_id_is_that_of_the_request_which_is_left_when_the_others_are_answered(
    code: int,
) -> None:
    wire = Wire()
    await wire.send(asked(1), asked(2), asked(3))

    assert await wire.take(refused(code=code), answered(3)) == [(3, "")]
    assert await wire.take(answered(1)) == [(1, ""), (2, "no")]


@pytest.mark.parametrize("code", [PARSE_ERROR, -32000])
async def test_a_request_that_goes_on_is_none_that_has_failed(code: int) -> None:
    wire = Wire(limit_seconds=60)
    await wire.send(asked("slow", token="t"), asked(2))

    assert await wire.take(progress("t", 1), refused(code=code)) == ([] if code == -32000 else [(2, "no")])
    assert await wire.take(progress("t", 2)) == ([(2, "no")] if code == -32000 else [])
    assert await wire.take(answered("slow")) == [("slow", "")]


async def test_as_many_errors_without_an_id_as_there_are_requests_fail_them_all() -> None:
    wire = Wire()
    await wire.send(asked(1), asked(2), asked(3))

    assert await wire.take(refused("first"), refused("second")) == []
    assert await wire.take(answered(2)) == [(2, ""), (1, "first"), (3, "second")]


async def test_a_request_that_was_read_before_is_none_that_could_not_be_read() -> None:
    wire = Wire()
    await wire.send(asked("slow"), asked(2))
    await wire.take(answered(2))
    await wire.send(asked(3))
    assert await wire.take(refused()) == [(3, "no")]  # what was sent before a request that is answered was read

    await wire.send(asked("also slow", token="t"), asked(4))
    assert await wire.take(refused(), progress("t", 1)) == [(4, "no")]  # and so was one that is worked on


async def test_a_server_says_at_once_that_it_could_not_read_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_requests, "READ_SECONDS", 0.05)
    wire = Wire()
    await wire.send(asked("slow"))
    await anyio.sleep(0.06)
    await wire.send(asked(2))

    assert await wire.take(refused()) == [(2, "no")]


async def test_a_server_that_was_at_work_may_read_what_was_sent_meanwhile_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(open_requests, "READ_SECONDS", 0.05)
    wire = Wire()
    await wire.send(asked(1), asked(2))
    await anyio.sleep(0.06)
    await wire.send(asked(3))

    assert await wire.take(answered(1), refused()) == [(1, "")]
    assert await wire.take(answered(3)) == [(3, ""), (2, "no")]


async def test_an_error_without_an_id_that_names_a_method_is_for_a_request_with_it() -> None:
    wire = Wire()
    await wire.send(asked(1, "prompts/list"), asked(2, "resources/list"))

    assert await wire.take(refused("Method not found: prompts/list", -32601)) == [(1, "Method not found: prompts/list")]
    assert await wire.take(answered(2)) == [(2, "")]


async def test_a_withdrawn_request_may_be_the_one_that_an_error_without_an_id_is_for_until_that_is_read() -> None:
    wire = Wire()
    await wire.send(asked(1), withdrawn(1), asked(2))
    assert await wire.take(refused()) == []
    assert await wire.take(answered(2)) == [(2, ""), (1, "no")]

    await wire.send(asked(3), withdrawn(3), asked(4))
    await wire.take(answered(4))
    await wire.send(asked(5))
    assert await wire.take(refused(code=-32000)) == [(5, "no")]


async def test_a_stream_that_stays_open_is_not_what_an_error_without_an_id_is_for() -> None:
    wire = Wire()
    await wire.send(asked("listen-1", "subscriptions/listen"))
    await wire.send(asked(1))
    wire.requests.acknowledged("listen-1")

    assert await wire.take(refused(code=-32000)) == [(1, "no")]


async def test_an_error_without_an_id_fails_all_that_it_may_be_for_after_a_time_in_which_none_was_answered() -> None:
    wire = Wire(limit_seconds=0.05)
    await wire.send(asked(1), asked(2))
    assert await wire.take(refused()) == []
    await anyio.sleep(0.05)

    told = await wire.take(progress("nobody's", 1))  # it goes on to speak, so that its silence ends no wait

    assert [number for number, _ in told] == [1, 2]
    assert told[0][1].startswith("it answered without an id, to this request or to another one")


def call_with(token: object, number: int = 1) -> JSONRPCRequest:
    return JSONRPCRequest(
        jsonrpc="2.0", id=number, method="tools/call", params={"name": "x", "_meta": {"progressToken": token}}
    )


def progress(token: object, done: int) -> JSONRPCNotification:
    params = {"progressToken": token, "progress": done}
    return JSONRPCNotification(jsonrpc="2.0", method="notifications/progress", params=params)


async def heard(token: object, many: int) -> list[JSONRPCMessage]:
    """Return what is taken of a call's answer after so much progress, of an upstream whose own time is used up."""
    messages, outgoing = anyio.create_memory_object_stream[SessionMessage](1)
    answers, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](many + 1)
    outflow, taken = Outflow(messages, anyio.Event()), list[JSONRPCMessage]()
    intake = intake_of(incoming, outflow, Allowance(1e-6, 0))
    with messages, outgoing, answers, incoming:
        await outflow.send(SessionMessage(call_with("mine")))
        for done in range(many):
            await answers.send(SessionMessage(progress(token, done)))
        await answers.send(message(1))
        with anyio.move_on_after(5):
            while not taken or not isinstance(taken[-1], JSONRPCResponse):
                item = await intake.receive()
                assert isinstance(item, SessionMessage)
                taken.append(item.message)
    return taken


async def test_of_progress_that_a_client_asked_for_it_hears_the_first_and_the_last_and_its_call_is_not_held_up() -> (
    None
):
    taken = await heard("mine", 3_000)

    done = [said.params["progress"] for said in taken[:-1] if isinstance(said, JSONRPCNotification) and said.params]
    assert done == sorted(done)
    assert (done[:AT_ONCE], done[-1], len(done) < 600) == ([*range(AT_ONCE)], 2_999, True)
    assert isinstance(taken[-1], JSONRPCResponse)


def test_progress_is_asked_for_as_long_as_its_request_is_open_and_not_cancelled() -> None:
    requests = OpenRequests()

    def are_asked_for() -> list[bool]:
        tokens: tuple[object, ...] = ("a", 2, "2", None, [], {})
        return [requests.token_asked_for(progress(token, 1)) is not None for token in tokens]

    requests.sending(call_with("a", 1))
    requests.sending(call_with(2, 2))
    assert are_asked_for() == [True, True, False, False, False, False]
    cancelled = JSONRPCNotification(jsonrpc="2.0", method="notifications/cancelled", params={"requestId": 2})
    requests.sending(cancelled)
    assert are_asked_for() == [True, False, False, False, False, False]
    requests.sending(call_with("a", 3))  # the same token again, of a client that does not care
    requests.answered_by(FIRST_DONE)
    assert are_asked_for() == [True, False, False, False, False, False]
    requests.answered_by(JSONRPCResponse(jsonrpc="2.0", id=3, result={}))
    assert are_asked_for() == [False] * 6


async def test_the_last_progress_before_a_pause_is_told_after_a_moment() -> None:
    told: list[object] = []

    async def tell(params: Json) -> None:
        told.append((params["progressToken"], params["progress"]))

    latest = LatestWords[ProgressToken](tell)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(latest.run)
        due = [latest.is_due("a", progress("a", done).params or {}) for done in range(AT_ONCE + 20)]
        latest.is_due("b", progress("b", 7).params or {})
        assert due.count(True) < AT_ONCE + 10
        await until(lambda: len(told) >= 2)
        tasks.cancel_scope.cancel()

    assert told == [("a", AT_ONCE + 19), ("b", 7)]
