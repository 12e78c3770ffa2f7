"""Which lines are among a client's first requests; every other one waits for the server itself."""

import json

import pytest

from mcp_dynaload.early.first_requests import (
    MAX_ID,
    MAX_LINE_BYTES,
    PASSED_BY,
    UNKNOWN,
    Cancellation,
    EarlyRequest,
    read_line,
)


def line(**fields: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **fields}).encode() + b"\n"


def test_a_first_request_is_known_by_method_and_params_however_these_are_written() -> None:
    one = read_line(b'{"method":"initialize","params":{"b":[1],"a":{"d":1,"c":2}},"id":7,"jsonrpc":"2.0"}\n')
    other = read_line(
        b'{"jsonrpc": "2.0", "id": "x", "method": "initialize", "params": {"a":{"c":2,"d":1},"b":[1]} }\n'
    )

    assert isinstance(one, EarlyRequest)
    assert isinstance(other, EarlyRequest)
    assert one.params == other.params
    assert (one.prefix, other.prefix) == (b'{"jsonrpc":"2.0","id":7,', b'{"jsonrpc":"2.0","id":"x",')


def test_a_list_is_the_same_whatever_the_client_wants_to_be_told_of_its_progress() -> None:
    plain = read_line(line(id=1, method="tools/list"))
    token = read_line(line(id=2, method="tools/list", params={"_meta": {"progressToken": 2}}))
    page = read_line(line(id=3, method="tools/list", params={"cursor": "2"}))

    assert isinstance(plain, EarlyRequest)
    assert isinstance(token, EarlyRequest)
    assert isinstance(page, EarlyRequest)
    assert plain.params == token.params != page.params


@pytest.mark.parametrize("blank", [b"\n", b"  \r\n", line(method="notifications/initialized")])
def test_what_asks_for_nothing_is_passed_by(blank: bytes) -> None:
    assert read_line(blank) is PASSED_BY


def test_a_cancellation_names_its_request() -> None:
    found = read_line(line(method="notifications/cancelled", params={"requestId": 3, "reason": "slow"}))
    assert isinstance(found, Cancellation)
    assert found.request_id == 3


@pytest.mark.parametrize(
    "other",
    [
        b"garbage\n",
        b"\xff\xfe{\n",
        b"\xef\xbb\xbf" + line(id=1, method="tools/list"),
        line(id=1, method="tools/list").decode().encode("utf-16-le"),
        b"[" * 100_000 + b"\n",
        b"[" + line(id=1, method="tools/list").strip() + b"]\n",
        b"7\n",
        b'{"id":1,"method":"tools/list"}\n',
        line(id=1, method="ping"),
        line(id=1, method="tools/call", params={"name": "x"}),
        line(id=1, method="no/such"),
        line(id=1, method=["tools/list"]),
        line(id=1, method="tools/list", params=[]),
        line(id=1, method="tools/list", params={"_meta": 3}),
        line(id=1, method="tools/list", more=1),
        line(id=1, result={}),
        line(id=None, method="tools/list"),
        line(id=True, method="tools/list"),
        line(id=1.5, method="tools/list"),
        line(id=MAX_ID, method="tools/list"),
        line(id='a"b', method="tools/list"),
        line(id="\u00e9", method="tools/list"),
        line(id={}, method="tools/list"),
        line(method="notifications/cancelled"),
        line(method="notifications/cancelled", params={"requestId": {}}),
        line(method="notifications/roots/list_changed"),
        line(id=1, method="tools/list", params={"x": "x" * MAX_LINE_BYTES}),
    ],
)
def test_every_other_line_is_left_to_the_server_itself(other: bytes) -> None:
    assert read_line(other) is UNKNOWN
