import anyio
import pytest
from mcp.shared.message import SessionMessage
from mcp_types import PARSE_ERROR, ErrorData, JSONRPCError, JSONRPCRequest, JSONRPCResponse

from mcp_dynaload.upstream.allowance import Allowance
from mcp_dynaload.upstream.streams import Intake, Outflow

MANY = 200


def message(number: int) -> SessionMessage:
    return SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=number, result={}))


async def taken(*, are_asked: bool) -> int:
    """Return how many of many answers are taken in a moment, with an allowance for three messages at work."""
    sent, outgoing = anyio.create_memory_object_stream[SessionMessage](MANY)
    answers, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](MANY)
    outflow = Outflow(sent, anyio.Event())
    intake = Intake(incoming, Allowance(1e-6, 0.001), lambda said: True, outflow.takes_answer)
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
        assert [outflow.takes_answer(answer) for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("open_requests", "code", "told"), [(1, PARSE_ERROR, 0), (2, PARSE_ERROR, None), (1, -32601, None)]
)
async def test_a_server_that_could_not_read_the_only_request_fails_it(
    open_requests: int, code: int, told: int | None
) -> None:
    sent, outgoing = anyio.create_memory_object_stream[SessionMessage](2)
    answers, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](1)
    outflow = Outflow(sent, anyio.Event())
    intake = Intake(incoming, Allowance(1, 1), lambda said: True, outflow.takes_answer, outflow.only_asked)
    with sent, outgoing, answers, incoming:
        for number in range(open_requests):
            await outflow.send(SessionMessage(JSONRPCRequest(jsonrpc="2.0", id=number, method="ping")))
        error = ErrorData(code=code, message="no")
        await answers.send(SessionMessage(JSONRPCError(jsonrpc="2.0", id=None, error=error)))

        answer = await intake.receive()

    assert isinstance(answer, SessionMessage)
    assert answer.message == JSONRPCError(jsonrpc="2.0", id=told, error=error)
