import json

import pytest
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, JSONRPCError, JSONRPCNotification, JSONRPCResponse

from mcp_dynaload.errors import UpstreamAnswerError
from mcp_dynaload.transport import plain_json
from mcp_dynaload.transport.jsonrpc_lines import format_line, parse_line
from mcp_dynaload.transport.line_repair import UnreadableCallError, mended, refusals

DEEP = 100_000


def found_in(line: bytes) -> list[object]:
    """Return what a line of an upstream is taken for, without what is only noted."""
    item = parse_line(line)
    items = [item] if isinstance(item, SessionMessage) else mended(line, item)
    return [found.message for found in items if isinstance(found, SessionMessage)]


def result(line: bytes) -> object:
    (message,) = found_in(line)
    assert isinstance(message, JSONRPCResponse)
    return message.id, message.result


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b'{"jsonrpc":"2.0","id":3,"result":{"x":[NaN,Infinity,-Infinity,1e400,2]}}', [None, None, None, None, 2]),
        (b'{"jsonrpc":"2.0","id":3,"result":{"x":' + b"9" * 5000 + b"}}", None),
        (b'{"jsonrpc":"2.0","id":3.0,"result":{"x":1}}', 1),
        (b'{"id":3,"result":{"x":1}}', 1),
        (b'{"jsonrpc":"1.0","id":3,"result":{"x":1},"error":null}', 1),
        (b'\xef\xbb\xbf{"jsonrpc":"2.0","id":3,"result":{"x":1}}\r\n', 1),
        (b'\0{"jsonrpc":"2.0","id":3,"result":{"x":1}}\0', 1),
        (b'{"jsonrpc":"2.0","id":3,"result":{"x":"\xff"}}', "�"),
        (b'{"jsonrpc":"2.0","id":3,"result":{"x":"a\tb\0"}}', "a\tb\0"),
        (b'{"jsonrpc":"2.0","id":3,"result":{"x":"\\ud800"}}', "\ud800"),
        (b'{"jsonrpc":"2.0","id":3,"result":{"x":1,"x":2}}', 2),
        (b'[INFO] ready {"jsonrpc":"2.0","id":3,"result":{"x":1}}', 1),
        (b'{"jsonrpc":"2.0","id":3,"result":{"x":1}} bye', 1),
        (b'[{"jsonrpc":"2.0","id":3,"result":{"x":1}}]', 1),
        (b'{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{},"result":{"x":1}}', 1),
        (b'{"jsonrpc":"2.0","id":3,"method":null,"params":null,"result":{"x":1},"error":null}', 1),
        (b'{"id":3,"method":"tools/call","result":{"x":1}}', 1),
    ],
)
@pytest.mark.proves("plain-json")
def test_an_answer_that_is_only_odd_is_used_and_can_be_written(line: bytes, value: object) -> None:
    assert result(line) == (3, {"x": value})
    (message,) = found_in(line)
    assert isinstance(message, JSONRPCResponse)
    assert json.loads(format_line(message), parse_constant=pytest.fail)["result"] == {"x": value}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"jsonrpc":"2.0","id":3,"result":null}', "its result is null, not an object"),
        (b'{"jsonrpc":"2.0","id":3,"result":"done"}', "its result is a text, not an object: 'done'"),
        (b'{"jsonrpc":"2.0","id":3,"result":[1]}', "its result is a list, not an object: '[1]'"),
        (b'{"jsonrpc":"2.0","id":3,"result":true}', "its result is a truth value"),
        (b'{"jsonrpc":"2.0","id":3}', "neither a result nor an error"),
        (b'{"jsonrpc":"2.0","id":3,"error":"broken"}', "an error without a whole number as code"),
        (b'{"jsonrpc":"2.0","id":3,"error":{"code":-1}}', "an error without a whole number as code"),
        (b'{"jsonrpc":"2.0","id":3,"error":{"code":"E_NO","message":"m"}}', '\'{"code":"E_NO"'),
        (b'{"jsonrpc":"2.0","id":3,"error":{"code":Infinity,"message":"m"}}', "an error without a whole number"),
        (
            b'{"jsonrpc":"2.0","id":3,"method":"tools/call","error":{"code":"E","message":"m"}}',
            "an error without a whole",
        ),
        (b'{"jsonrpc":"2.0","id":3,"method":null,"result":null,"error":null}', "its result is null"),
        (b'{"jsonrpc":"2.0","id":3,"result":{"content":[', "it is no JSON"),
        (b'{"jsonrpc":"2.0","result":{"id":5,"x":oops},"id":3}', "it is no JSON"),
        (b'{"jsonrpc":"2.0","id":3,"result":{"x":' + b"[" * DEEP, "nested too deeply"),
        (b'{"jsonrpc":"2.0","result":' + b"[" * DEEP + b"]" * DEEP + b',"id":3}', "nested too deeply"),
        (b'{"jsonrpc":"2.0","id":3,"result":' + b'{"id":5,"result":' * DEEP, "nested too deeply"),
    ],
)
@pytest.mark.proves("plain-json")
def test_an_answer_that_cannot_be_read_fails_the_request_that_it_names(line: bytes, words: str) -> None:
    (message,) = found_in(line)

    assert isinstance(message, JSONRPCError)
    assert message.id == 3
    assert isinstance(message.error.data, UpstreamAnswerError)
    assert message.error.message.startswith("it answered with something unreadable: ")
    assert words in message.error.message
    assert len(message.error.message) < 400


@pytest.mark.parametrize(
    "line",
    [
        b"Welcome!",
        b'{"jsonrpc":"2.0","id":null,"result":null}',
        b'{"jsonrpc":"2.0","id":true,"result":null}',
        b'{"jsonrpc":"2.0","id":[3],"result":null}',
        b'{"jsonrpc":"2.0","result":{"id":3',
        b'got {"jsonrpc":"2.0","id":3,"method":"tools/call","params":{}}',
        b'{"jsonrpc":"2.0","id":3,"method":"x","params":{"result":',
        b'{"note":{"jsonrpc":"2.0","id":3,"result":{}},broken',
        b"{'id': 3, 'result': {}}",
        b"{'jsonrpc': '2.0', 'id': 3, 'result': {}}",  # a debug line: the answer follows
    ],
)
def test_what_is_not_certain_to_be_an_answer_fails_nothing(line: bytes) -> None:
    assert found_in(line) == []


def test_messages_of_a_batch_or_without_a_line_end_are_taken_one_by_one() -> None:
    one, two = b'{"jsonrpc":"2.0","id":3,"result":{}}', b'{"jsonrpc":"2.0","method":"n"}'

    for line in (one + two, one + b" " + two, b"[" + one + b"," + two + b"]"):
        first, second = found_in(line)
        assert isinstance(first, JSONRPCResponse)
        assert isinstance(second, JSONRPCNotification)


def test_a_servers_request_that_cannot_be_read_can_be_answered() -> None:
    line = b'{"jsonrpc":"2.0","id":7,"method":"roots/list","params":[]}'

    _, call = mended(line, ValueError("no"))

    assert isinstance(call, UnreadableCallError)
    assert (call.answer.id, call.answer.error.code) == (7, INVALID_REQUEST)


@pytest.mark.parametrize("fields", ['"id":null', '"id":null,"result":null,"error":null', '"result":null,"error":null'])
def test_a_servers_notification_may_have_the_fields_of_all_messages(fields: str) -> None:
    (message,) = found_in(b'{"jsonrpc":"2.0","method":"n","params":{"a":1},%s}' % fields.encode())

    assert isinstance(message, JSONRPCNotification)
    assert (message.method, message.params) == ("n", {"a": 1})


def test_what_was_repaired_is_noted() -> None:
    line = b'{"jsonrpc":"2.0","id":3,"result":{"x":NaN,"y":NaN}}'

    note, _ = mended(line, ValueError("no"))

    assert str(note) == "no (null stands for the number NaN, which JSON cannot say)"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"hello", [(None, PARSE_ERROR)]),
        (b'{"jsonrpc":"2.0","id":3,"method":"ping"', [(3, PARSE_ERROR)]),
        (b'{"jsonrpc":"2.0","id":3,"method":"x","params":{"x":NaN}}', [(3, PARSE_ERROR)]),
        (b'{"jsonrpc":"2.0","id":3,"method":"x","params":{"x":1e400}}', [(3, PARSE_ERROR)]),
        (b'{"jsonrpc":"2.0","id":"a","method":"x","params":{"x":"\xff"}}', [("a", PARSE_ERROR)]),
        (b'{"jsonrpc":"2.0","id":3,"method":"x","params":' + b"[" * DEEP, [(3, PARSE_ERROR)]),
        (b"5", [(None, INVALID_REQUEST)]),
        (b"[]", [(None, INVALID_REQUEST)]),
        (b"{}", [(None, INVALID_REQUEST)]),
        (b'{"id":3,"method":"ping"}', [(3, INVALID_REQUEST)]),
        (b'{"jsonrpc":"2.0","id":3}', [(3, INVALID_REQUEST)]),
        (b'{"jsonrpc":"2.0","id":3,"method":5}', [(3, INVALID_REQUEST)]),
        (b'{"jsonrpc":"2.0","id":3,"method":"x","params":[1]}', [(3, INVALID_REQUEST)]),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', [(None, INVALID_REQUEST)]),
        (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', [(None, INVALID_REQUEST)]),
        (
            b'[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"},7]',
            [(1, INVALID_REQUEST), (2, INVALID_REQUEST)],
        ),
        (b'{"jsonrpc":"2.0","method":"notifications/x","params":[]}', []),
    ],
)
@pytest.mark.proves("plain-json")
def test_a_clients_line_that_is_no_request_is_refused_with_its_id(
    line: bytes, told: list[tuple[str | int | None, int]]
) -> None:
    said = refusals(line)

    assert [(one.id, one.error.code) for one in said if isinstance(one, JSONRPCError)] == told
    assert len(said) == len(told)


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        (b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"ping"}\r\n', [1]),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"ping"}', [1, 2]),
        (b' {"jsonrpc":"2.0","id":1,"method":"ping"} \t {"jsonrpc":"2.0","id":2,"result":{}}\0', [1, 2]),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"} 5', [1, None]),
    ],
)
def test_a_clients_messages_on_one_line_and_behind_a_byte_order_mark_are_taken(
    line: bytes, ids: list[int | None]
) -> None:
    said = [item.message if isinstance(item, SessionMessage) else item for item in refusals(line)]

    assert [getattr(one, "id", "no message") for one in said] == ids
    assert isinstance(parse_line(line), ValueError)


def test_a_clients_answer_that_cannot_be_read_goes_to_who_asked_and_not_back() -> None:
    (item,) = refusals(b'{"jsonrpc":"2.0","id":1,"result":"yes"}')

    assert isinstance(item, SessionMessage)
    assert isinstance(item.message, JSONRPCError)
    assert item.message.error.message.startswith("the client answered with something unreadable: ")
    assert item.message.error.data is None


def test_a_number_that_json_cannot_say_is_never_written() -> None:
    assert plain_json.text_of({"x": [float("nan"), float("inf")], "y": 1.5}) == '{"x":[null,null],"y":1.5}'
    assert plain_json.bytes_of({"\ud800": float("-inf")}) == b'{"\\ud800":null}'


def test_a_result_too_deep_to_be_written_is_an_error_for_who_waits() -> None:
    nested: list[object] = []
    for _ in range(DEEP):
        nested = [nested]

    written = json.loads(format_line(JSONRPCResponse.model_construct(jsonrpc="2.0", id=3, result={"x": nested})))

    assert (written["id"], written["error"]["code"]) == (3, -32603)
    while nested:  # the interpreter's own way to free it would overflow its stack
        nested = nested[0]  # type: ignore[assignment]
