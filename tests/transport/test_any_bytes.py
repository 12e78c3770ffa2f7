"""Any bytes on a line are a message, or a problem that is told: nothing is raised, and only JSON goes out."""

import json
import math
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, JSONRPCError, JSONRPCMessage

from mcp_dynaload.transport import plain_json
from mcp_dynaload.transport.jsonrpc_lines import format_line, parse_line
from mcp_dynaload.transport.line_repair import mended, refusals

MESSAGES = (
    {"jsonrpc": "2.0", "id": 7, "result": {"content": [{"type": "text", "text": "ab\u00e9\ud83d\ude00"}]}},
    {"jsonrpc": "2.0", "id": "x", "error": {"code": -32000, "message": "no", "data": None}},
    {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "a", "arguments": {"n": [1.5, None, True]}}},
    {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 7, "progress": 1}},
)

texts = st.sampled_from([json.dumps(message) for message in MESSAGES])
odd_parts = st.sampled_from(
    [
        "NaN",
        "1e999",
        "-Infinity",
        '"\\ud800"',
        "\x00",
        "\ufeff",
        "[" * 300,
        "{" * 300,
        '"id": 3.0',
        '"id": null',
        "\\",
        '"',
    ]
)


@st.composite
def broken_lines(draw: st.DrawFn) -> bytes:
    """Return a message with pieces cut out, put in or said twice, or bytes of any kind."""
    text = draw(texts)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, len(text)))
        piece = draw(st.one_of(st.just(""), odd_parts, st.text(max_size=5), st.just(text[start:end] * 2), texts))
        text = text[:start] + piece + text[end:]
    line = text.encode("utf-8", "surrogatepass")
    return line + draw(st.binary(max_size=3)) if draw(st.booleans()) else line


lines = st.one_of(st.binary(max_size=200), broken_lines()).map(lambda line: line.replace(b"\n", b""))


def written(messages: Iterable[JSONRPCMessage]) -> list[dict[str, Any]]:
    """Return what goes out for these, each read again as strictly as a client reads."""
    sent = [format_line(message) for message in messages]
    assert all(line.count(b"\n") == 1 for line in sent)
    return [json.loads(line, parse_constant=pytest.fail) for line in sent]


@given(lines)
@example(b'{"jsonrpc": "2.0", "id": 7, "result": {"a": NaN}}')
@example(b'{"id": 3.0, "result": null}')
@example(b'{"jsonrpc": "2.0", "id": 1, "result": {"x": "\\ud800"}}')
@example(b"\xff\xfe")
@pytest.mark.proves("plain-json")
def test_a_servers_line_is_a_message_or_is_mended_to_some(line: bytes) -> None:
    found = parse_line(line)

    items = list(mended(line, found)) if isinstance(found, Exception) else [found]

    messages = [item.message for item in items if isinstance(item, SessionMessage)]
    assert len(messages) + sum(isinstance(item, Exception) for item in items) == len(items) > 0
    failed = [message for message in messages if isinstance(message, JSONRPCError)]
    assert all(type(message.error.message) is str and type(message.error.code) is int for message in failed)
    assert all(message["jsonrpc"] == "2.0" for message in written(one for one in messages if one not in failed))


@given(lines)
@example(b"[" * 100_000)
@example(b'{"jsonrpc": "2.0", "id": 1, "method": 5}')
@example(b'{"":"","id":"","error":{"":3,"":"","":null}}')
@pytest.mark.proves("plain-json")
def test_a_clients_line_is_a_message_or_is_refused_in_json(line: bytes) -> None:
    found = parse_line(line)
    if not isinstance(found, Exception):
        assert written([found.message])
        return

    sent = written(item for item in refusals(line) if isinstance(item, JSONRPCError))  # the rest is for us

    assert all(answer["error"]["code"] in (PARSE_ERROR, INVALID_REQUEST) for answer in sent)


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else pytest.fail("no number")


def strictly_read(line: bytes) -> object:
    """Return what Python's own reader makes of a line; where it makes no JSON of it, whether it is too deep."""
    try:
        return json.loads(line.decode(), parse_constant=pytest.fail, parse_float=_finite)
    except (ValueError, RecursionError, pytest.fail.Exception) as error:
        return type(error) is RecursionError


numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
any_text = st.text(st.characters(codec=None), max_size=8)
values: st.SearchStrategy[object] = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, any_text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(any_text, inner, max_size=3)),
    max_leaves=8,
)


@given(st.one_of(lines, values.map(lambda value: json.dumps(value).encode())))
@example(b"[1E400]")
@example(b"[-0, -0.0, 0.1, 5e-324, 1e22, 123456789012345678901234567890, 0.30000000000000004]")
@example(b'{"a": 1, "a": 2}')
@example(b"9" * 5_000)
@example(b"\xef\xbb\xbf{}")
@example(b'["a\tb"]')
@pytest.mark.proves("plain-json")
def test_json_is_read_as_pythons_own_reader_reads_it(line: bytes) -> None:
    try:
        read: object = plain_json.parse(line)
    except (ValueError, RecursionError) as error:
        read = type(error) is RecursionError

    assert repr(read) == repr(strictly_read(line))


@given(values)
@example({"": [float("inf"), {"a": float("nan")}]})
@example(10**400)
@example(["\ud800", {"\udfff": 1}])
@pytest.mark.proves("plain-json")
def test_what_is_written_is_read_as_the_same(value: object) -> None:
    assert repr(json.loads(plain_json.bytes_of(value))) == repr(plain_json.finite(value))
