"""Lines that are no JSON-RPC, from servers and from the client, through the real process."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from tests.faults.proxy import Place
from tests.faults.scripted import entry
from tests.faults.test_exit import INITIALIZE, Wire
from tests.programs import PYTHON


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    """Yield a proxy that was never told that its client is initialized."""
    place = Place(tmp_path, {"odd": entry("odd"), "good": entry("good")}, python=PYTHON)
    with (
        (tmp_path / "stderr").open("wb") as stderr,
        subprocess.Popen(
            place.command(),
            env=place.environment(),
            cwd=place.project,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        ) as process,
    ):
        wire = Wire(process)
        wire.ask("initialize", INITIALIZE)
        yield wire
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=10)


def said(wire: Wire, line: bytes) -> Json:
    """Return the answer to a raw line of the client."""
    assert wire.process.stdin is not None
    assert wire.process.stdout is not None
    wire.process.stdin.write(line + b"\n")
    wire.process.stdin.flush()
    while "method" in (answer := json.loads(wire.process.stdout.readline(), parse_constant=pytest.fail)):
        pass
    return answer


def called(wire: Wire, line: str) -> Json:
    """Return the result of a call answered with a raw line, with a progress token as Claude Code sends it."""
    arguments, meta = {"line": line}, {"progressToken": 1, "claudecode/toolUseId": "toolu_1"}
    return wire.ask("tools/call", {"name": "odd__raw", "arguments": arguments, "_meta": meta})


@pytest.mark.proves("plain-json", "in-words")
def test_an_odd_answer_of_a_server_comes_at_once_as_what_can_be_used_or_in_words(wire: Wire, tmp_path: Path) -> None:
    text = '{"content":[{"type":"text","text":"ok"}],"structuredContent":{"x":NUMBER}}'
    usable = '{"jsonrpc":"2.0","id":{id},"result":' + text + "}"
    for number in ("NaN", "Infinity", "-Infinity", "1e400", "-1e999"):
        assert called(wire, usable.replace("NUMBER", number))["structuredContent"] == {"x": None}
    assert called(wire, "log: " + usable.replace("NUMBER", "1"))["structuredContent"] == {"x": 1}
    assert called(wire, usable.replace("NUMBER", '"\xff"'))["structuredContent"] == {"x": "�"}
    for line, words in {
        '{"jsonrpc":"2.0","id":{id}.0,"result":null}': "its result is null",
        '{"jsonrpc":"2.0","id":{id},"result":[]}': "its result is a list",
        '{"jsonrpc":"2.0","id":{id},"error":"no"}': "an error without",
        '{"jsonrpc":"2.0","id":{id},"error":{"code":"no","message":"m"}}': "an error without",
        '{"jsonrpc":"2.0","id":{id},"result":{"x":' + "[" * 100_000: "nested too deeply",
        '{"jsonrpc":"2.0","id":{id},"result":{"x":': "it is no JSON",
    }.items():
        answer = called(wire, line)
        assert answer["isError"] is True
        assert answer["content"][0]["text"].startswith(
            "MCP server 'odd' failed at 'tools/call': it answered with something unreadable: "
        )
        assert words in answer["content"][0]["text"]
    for line in ('{"jsonrpc":"2.0","result":{"content":[]}}', '{"jsonrpc":"2.0","id":{},"result":{"content":[]}}'):
        assert called(wire, line)["content"][0]["text"].startswith(
            "MCP server 'odd' failed at 'tools/call': it answered without a usable id: '{"
        )
    assert wire.call("good__echo", a=1) == '{"a": 1}'
    assert "null stands for the number NaN" in (tmp_path / "state" / "logs" / "odd.log").read_text()


@pytest.mark.proves("plain-json")
def test_a_line_of_the_client_that_is_no_request_is_answered_and_the_session_goes_on(wire: Wire) -> None:
    for line, number, code in (
        (b"hello", None, -32700),
        (b'{"jsonrpc":"2.0","id":70,"method":"ping","params":{"x":NaN}}', 70, -32700),
        (b'{"jsonrpc":"2.0","id":71,"method":"ping","params":[]}', 71, -32600),
        (b'{"id":72,"method":"ping"}', 72, -32600),
        (b'[{"jsonrpc":"2.0","id":73,"method":"ping"}]', 73, -32600),
        (b"[" * 100_000, None, -32700),
    ):
        answer = said(wire, line)
        assert (answer["id"], answer["error"]["code"]) == (number, code)
    assert said(wire, b'{"jsonrpc":"2.0","id":74.0,"method":"ping"}') == {"jsonrpc": "2.0", "id": 74, "result": {}}


def test_a_client_that_never_says_that_it_is_initialized_is_served(wire: Wire) -> None:
    assert "find_tools" in {tool["name"] for tool in wire.ask("tools/list")["tools"]}
    assert wire.call("good__echo", a=1) == '{"a": 1}'
    answer = wire.call("dynaload_hook", event="UserPromptSubmit", prompt="echo the words")
    assert isinstance(json.loads(answer), dict)
    assert "good__echo" in {tool["name"] for tool in wire.ask("tools/list")["tools"]}


def test_a_client_that_shakes_hands_twice_or_sends_odd_meta_data_is_served(wire: Wire) -> None:
    assert wire.ask("initialize", INITIALIZE)["capabilities"]["tools"] == {"listChanged": True}
    for meta in ([1], "x", 5, None):
        result = wire.ask("tools/call", {"name": "good__echo", "arguments": {"a": 1}, "_meta": meta})
        assert result["content"][0]["text"] == '{"a": 1}'
    first, second = (b'{"jsonrpc":"2.0","id":%d,"method":"ping"}' % number for number in (80, 81))
    assert said(wire, b"\xef\xbb\xbf" + first)["id"] == 80
    assert {said(wire, first + second)["id"], said(wire, b"")["id"]} == {80, 81}
