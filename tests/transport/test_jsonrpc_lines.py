import json
from collections.abc import Iterable

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.message import SessionMessage
from mcp_types import ErrorData, JSONRPCError, JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from mcp_dynaload.transport import bounds
from mcp_dynaload.transport.jsonrpc_lines import LONG_SECONDS, LineReader, LineWriter, format_line, parse_line
from tests.servers_files import json_values
from tests.waiting import HANG_SECONDS

json_objects = st.dictionaries(st.text(), json_values, max_size=4)
ids = st.integers() | st.text()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def parsed(message: object) -> JSONRPCMessage:
    result = parse_line(json.dumps(message).encode())
    assert isinstance(result, SessionMessage)
    return result.message


def chunked(*chunks: bytes) -> LineReader:
    """Return a reader of these chunks, as they come from a pipe."""
    left = iter(chunks)

    async def receive() -> bytes:
        return next(left, b"")

    return LineReader(receive)


async def all_of(reader: LineReader) -> list[str]:
    """Return the method of each message, or its problem."""
    async with reader:
        return [
            item.message.method
            if isinstance(item, SessionMessage) and isinstance(item.message, JSONRPCNotification)
            else str(item)
            async for item in reader
        ]


def notification(method: str) -> bytes:
    return format_line(JSONRPCNotification(jsonrpc="2.0", method=method))


@given(ids, st.text(), json_objects | st.none())
def test_a_request_comes_through_as_it_was(number: int | str, method: str, params: dict[str, object] | None) -> None:
    sent = {"jsonrpc": "2.0", "id": number, "method": method} | ({} if params is None else {"params": params})

    message = parsed(sent)

    assert isinstance(message, JSONRPCRequest)
    assert (message.id, message.method, message.params) == (number, method, params)
    assert json.loads(format_line(message)) == sent


@given(st.text(), json_objects | st.none())
def test_a_notification_comes_through_as_it_was(method: str, params: dict[str, object] | None) -> None:
    sent = {"jsonrpc": "2.0", "method": method} | ({} if params is None else {"params": params})

    assert isinstance(parsed(sent), JSONRPCNotification)
    assert json.loads(format_line(parsed(sent))) == sent


@given(ids, json_objects)
def test_a_result_comes_through_as_it_was(number: int | str, result: dict[str, object]) -> None:
    sent = {"jsonrpc": "2.0", "id": number, "result": result}

    assert isinstance(parsed(sent), JSONRPCResponse)
    assert json.loads(format_line(parsed(sent))) == sent


@given(ids | st.none(), st.integers(), st.text(), json_values)
def test_an_error_comes_through_as_it_was(number: int | str | None, code: int, text: str, data: object) -> None:
    sent = {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": text, "data": data}}

    assert isinstance(parsed(sent), JSONRPCError)
    assert json.loads(format_line(parsed(sent))) == sent


def test_an_error_without_data_gets_none() -> None:
    line = format_line(JSONRPCError(jsonrpc="2.0", id=1, error=ErrorData(code=-1, message="no")))

    assert json.loads(line) == {"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": "no"}}


def test_params_of_null_are_as_good_as_none() -> None:
    message = parsed({"jsonrpc": "2.0", "id": 1, "method": "m", "params": None})

    assert json.loads(format_line(message)) == {"jsonrpc": "2.0", "id": 1, "method": "m"}


def test_text_stays_readable_and_a_lone_surrogate_stays_an_escape() -> None:
    assert "ü".encode() in notification("ü")
    assert b"\\ud800" in notification("\ud800")
    assert all(notification(text).endswith(b"}\n") for text in ("ü", "\ud800"))


def test_a_lone_surrogate_beside_many_levels_stays_one() -> None:
    inner: object = "\ud800"
    for _ in range(600):
        inner = [inner]

    assert json.loads(format_line(JSONRPCResponse(jsonrpc="2.0", id=1, result={"x": inner})))["result"] == {"x": inner}


@pytest.mark.parametrize(
    "line",
    [
        b"Welcome!",
        b"\xff\xfe",
        b"[]",
        b"5",
        b"[" * 100_000,
        b'{"id": 1, "method": "m"}',
        b'{"jsonrpc": "1.0", "id": 1, "method": "m"}',
        b'{"jsonrpc": "2.0", "method": 5}',
        b'{"jsonrpc": "2.0", "method": "m", "params": []}',
        b'{"jsonrpc": "2.0", "id": null, "method": "m"}',
        b'{"jsonrpc": "2.0", "id": true, "method": "m"}',
        b'{"jsonrpc": "2.0", "id": 1.5, "result": {}}',
        b'{"jsonrpc": "2.0", "id": 1, "result": []}',
        b'{"jsonrpc": "2.0", "result": {}}',
        b'{"jsonrpc": "2.0", "id": 1}',
        b'{"jsonrpc": "2.0", "id": 1, "error": "broken"}',
    ],
)
def test_what_is_no_message_is_told_as_a_value(line: bytes) -> None:
    problem = parse_line(line)

    assert isinstance(problem, ValueError)
    assert str(problem).startswith("not a JSON-RPC message (")
    assert repr(line[:200]) in str(problem)


@given(st.binary())
def test_no_line_raises(line: bytes) -> None:
    assert isinstance(parse_line(line), SessionMessage | ValueError)


@given(st.data())
async def test_messages_are_the_same_however_the_bytes_are_cut(data: st.DataObject) -> None:
    text = notification("a") + b"\n  \n" + notification("b") + notification("c") + b'{"cut off'
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=8)))
    chunks = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    assert await all_of(chunked(*chunks)) == ["a", "b", "c"]


async def test_garbage_between_messages_is_told_and_the_rest_read() -> None:
    first, problem, last = await all_of(chunked(notification("a") + b"oops\n" + notification("b")))

    assert (first, last) == ("a", "b")
    assert "'oops" in problem


async def test_a_line_beyond_the_limit_is_skipped_and_told_and_the_rest_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_MESSAGE_BYTES", 100)
    first, problem, last = await all_of(chunked(notification("a"), b"x" * 80, b"x" * 80, b"\n", notification("b")))

    assert (first, last) == ("a", "b")
    assert problem.startswith("a line is skipped: it is longer than 100 bytes: b'xxx")


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        (b'{"jsonrpc":"2.0","method":"n","params":{"x":[' + b"1," * 200_000 + b"1]}}\n", True),
        (b'{"jsonrpc":"2.0","id":1,"result":{"x":[' + b"1," * 200_000 + b"1\n", True),
        (b'{"jsonrpc":"2.0","id":1,"result":{"x":[' + b"1," * 200_000 + b"1]}}\n", False),
    ],
)
async def test_the_time_that_a_line_took_is_told_unless_it_is_an_answer(line: bytes, is_told: bool) -> None:
    chunks, worked = iter([line]), list[float]()

    async def receive() -> bytes:
        return next(chunks, b"")

    async def work(seconds: float) -> None:
        worked.append(seconds)

    await LineReader(receive, worked=work).receive()

    assert len(worked) == is_told
    assert all(seconds > LONG_SECONDS for seconds in worked)


@pytest.mark.parametrize("end", [anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError])
async def test_a_pipe_that_breaks_ends_the_stream(end: type[Exception]) -> None:
    chunks: Iterable[bytes] = iter([notification("a")])

    async def receive() -> bytes:
        for chunk in chunks:
            return chunk
        raise end

    reader = LineReader(receive)
    assert isinstance(await reader.receive(), SessionMessage)
    with pytest.raises(anyio.EndOfStream):
        await reader.receive()


async def test_messages_are_written_as_lines() -> None:
    written: list[bytes] = []

    async def send(data: bytes) -> None:
        written.append(data)

    async with LineWriter(send) as writer:
        for method in "ab":
            await writer.send(SessionMessage(JSONRPCNotification(jsonrpc="2.0", method=method)))

    assert written == [notification("a"), notification("b")]


async def test_a_reader_that_has_left_is_told() -> None:
    async def send(data: bytes) -> None:
        raise BrokenPipeError

    with pytest.raises(anyio.BrokenResourceError):
        await LineWriter(send).send(SessionMessage(JSONRPCRequest(jsonrpc="2.0", id=1, method="m")))


async def test_a_notification_does_not_wait_for_a_reader_that_is_behind() -> None:
    async def send(data: bytes) -> None:
        await anyio.sleep_forever()

    with anyio.fail_after(HANG_SECONDS):
        await LineWriter(send).send(SessionMessage(JSONRPCNotification(jsonrpc="2.0", method="m")))
