"""Bodies over HTTP that are no JSON-RPC message are answered as over stdio, wherever they were posted."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.http.request_body import UnfitMessageError, take_message
from tests.http.services import Service, service_of
from tests.http.test_sessions import ECHO, HELLO, JSON_AND_STREAM, post
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("plain-json")

PARSE_ERROR, INVALID_REQUEST = -32700, -32600
CALL = '{"jsonrpc":"2.0","id":70,"method":"tools/call","params":{"name":"a__echo","arguments":{"x":NUMBER}}}'

REFUSED: list[tuple[bytes, object, int]] = [
    (b"", None, PARSE_ERROR),
    (b"hello", None, PARSE_ERROR),
    (b"{", None, PARSE_ERROR),
    (b"[" * 10_000, None, PARSE_ERROR),
    *(
        (CALL.replace("NUMBER", number).encode(), 70, PARSE_ERROR)
        for number in ("NaN", "Infinity", "-Infinity", "1e400", "[[-1e999]]", "9" * 5_000, '"\\ud800"', "'x'")
    ),
    (CALL.replace("NUMBER", '"\xff"').encode("latin-1"), 70, PARSE_ERROR),
    (b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}', None, PARSE_ERROR),
    (b'{"jsonrpc":"2.0","id":"a","method":"ping","params":[]}', "a", INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","id":71,"method":7}', 71, INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","id":72}', 72, INVALID_REQUEST),
    (b'{"jsonrpc":"1.0","id":73,"method":"ping"}', 73, INVALID_REQUEST),
    (b'{"id":74.0,"method":"ping"}', 74, INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', None, INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', None, INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","id":{},"method":"initialize","params":{}}', None, INVALID_REQUEST),
    (b'{"jsonrpc":"2.0","method":"notifications/initialized","params":3}', None, INVALID_REQUEST),
    (b'[{"jsonrpc":"2.0","id":75,"method":"ping"}]', 75, INVALID_REQUEST),
    (b'[{"jsonrpc":"2.0","id":75,"method":"ping"},{"jsonrpc":"2.0","id":76,"method":"ping"}]', None, INVALID_REQUEST),
    (b"[]", None, INVALID_REQUEST),
    (b"[1]", None, INVALID_REQUEST),
    (b"{}", None, INVALID_REQUEST),
    (b"null", None, INVALID_REQUEST),
    (b'"initialize"', None, INVALID_REQUEST),
    (b"7", None, INVALID_REQUEST),
]


@asynccontextmanager
async def opened(service: Service, kind: str, **headers: str) -> AsyncGenerator[tuple[httpx2.AsyncClient, str]]:
    """Open a bare client, and yield where it posts its messages."""
    sent = {**JSON_AND_STREAM, "content-type": "application/json", **headers}
    async with httpx2.AsyncClient(headers=sent, timeout=HANG_SECONDS) as http:
        if kind == "sse":
            async with http.stream("GET", service.url("sse")) as stream:
                async for line in stream.aiter_lines():
                    if line.startswith("data: "):
                        yield http, service.origin + line.removeprefix("data: ")
                        return
        if kind == "in a session":
            answer = await post(http, service.url(), "initialize", **HELLO)
            http.headers["mcp-session-id"] = answer.headers["mcp-session-id"]
        yield http, service.url()


@pytest.mark.parametrize("kind", ["at the door", "in a session", "sse", "newest revision"])
async def test_what_is_no_message_is_refused_at_once_with_its_id_where_it_has_one(tmp_path: Path, kind: str) -> None:
    headers = {"mcp-protocol-version": "2026-07-28"} if kind == "newest revision" else {}
    variables = {"MCP_DYNALOAD_PROTOCOL": "modern"} if headers else {}
    told: list[tuple[bytes, object, int, int, object]] = []
    async with (
        service_of(tmp_path, {"a": ECHO}, **variables) as service,
        opened(service, kind, **headers) as (http, url),
    ):
        for body, _, _ in REFUSED:
            answer = await http.post(url, content=body)
            error: Json = answer.json()
            code = error["error"]["code"]
            told.append((body, error["id"], code, answer.status_code, answer.headers["content-type"]))
        open_sessions = service.state.endpoints.open_sessions

    assert told == [(body, number, code, 400, "application/json") for body, number, code in REFUSED]
    assert open_sessions == (kind in ("in a session", "sse"))


async def test_a_session_goes_on_after_what_it_could_not_read_and_takes_3_0_for_the_id_3(tmp_path: Path) -> None:
    async with service_of(tmp_path, {"a": ECHO}) as service, opened(service, "in a session") as (http, url):
        for body, _, _ in REFUSED:
            await http.post(url, content=body)
        answer = await http.post(url, content=b'{"jsonrpc":"2.0","id":3.0,"method":"ping"}')

    assert answer.status_code == 200
    assert '{"jsonrpc":"2.0","id":3,"result":{}}' in answer.text


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"jsonrpc":"2.0","id":5.0,"result":{}}', {"id": 5, "result": {}}),
        (b'{"id":5,"result":{"action":"accept"}}', {"id": 5, "result": {"action": "accept"}}),
        (b'{"jsonrpc":"2.0","error":{"code":1,"message":"no"}}', {"id": None, "error": {"code": 1, "message": "no"}}),
    ],
)
def test_an_answer_of_the_client_that_is_only_odd_is_used(body: bytes, message: Json) -> None:
    assert json.loads(take_message(body)) == {"jsonrpc": "2.0", **message}


@pytest.mark.parametrize("said", ['"result":null', '"result":"yes"', '"error":"no"', '"error":{"code":"x"}'])
def test_who_has_asked_the_client_is_told_of_an_answer_that_is_none(said: str) -> None:
    answer = json.loads(take_message(f'{{"jsonrpc":"2.0","id":5,{said}}}'.encode()))

    assert answer["id"] == 5
    assert answer["error"]["message"].startswith("the client answered with something unreadable: ")


def test_an_answer_to_nobody_is_refused() -> None:
    with pytest.raises(UnfitMessageError, match="no jsonrpc"):
        take_message(b'{"result":{}}')
