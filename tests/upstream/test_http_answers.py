"""Odd answers of a server over HTTP: whoever waits is told at once, in words, or gets the part that can be used."""

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import anyio
import httpx2
import pytest
from mcp import MCPError
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.errors import UpstreamAnswerError, UpstreamClosedError, UpstreamError, UpstreamStartError
from mcp_dynaload.transport.jsonrpc_lines import Item
from mcp_dynaload.upstream.http_answers import AnsweringClient
from mcp_dynaload.upstream.http_events import EventStream
from mcp_dynaload.upstream.http_session import HttpSession
from mcp_dynaload.upstream.pool import Pool
from tests.faults.odd_http_server import EVENTS, HELLO, Odd, OddServer, OddSseServer
from tests.transparency.serving import served
from tests.upstream.sessions import call, pool_of, say

RESULT = '{"content":[{"type":"text","text":"done"}]}'
HALF = '{"jsonrpc":"2.0","id":{id},"result":{"content":[{"type":"text","text":"d\\ud800ne"}]}}'
METHOD = '"method":"tools/call"'
ANSWER = f'{{"jsonrpc":"2.0","id":{{id}},"result":{RESULT}}}'


def far(url: str, transport: Literal["http", "sse"] = "http") -> UpstreamConfig:
    return UpstreamConfig(name="far", transport=transport, url=f"{url}/mcp")


async def failure_of(pool: Pool, name: str = "far") -> UpstreamError:
    with anyio.fail_after(5), pytest.raises(UpstreamError) as caught:
        await call(pool, name, "echo")
    return caught.value


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (Odd(status=401), ("HTTP 401 (Unauthorized)", "wants a login", "'headers'")),
        (Odd(status=403, body="go away"), ("HTTP 403 (Forbidden)", "does not allow this", "'go away'")),
        (Odd(status=404), ("HTTP 404 (Not Found)", "check 'url'")),
        (Odd(status=429, headers={"retry-after": "17"}), ("HTTP 429 (Too Many Requests)", "wait 17 s")),
        (Odd(status=429), ("HTTP 429 (Too Many Requests)", "wait a while")),
        (Odd(status=429, headers={"retry-after": "\u00b2"}), ("HTTP 429 (Too Many Requests)", "wait a while")),
        (Odd(status=307, headers={"location": "/mcp"}), ("redirects from one address to the next without end",)),
        (Odd(body=ANSWER, headers={"content-encoding": "gzip"}), ("not in the encoding that it names",)),
        (Odd(status=500, body="<h1>oops</h1>", content_type="text/html"), ("HTTP 500", "fault is on its side", "oops")),
        (Odd(status=503, headers={"retry-after": "5"}), ("HTTP 503", "not available now", "(in 5 s)")),
        (Odd(status=502), ("HTTP 502 (Bad Gateway)", "try again later")),
        (Odd(status=418), ("HTTP 418",)),
        (
            Odd(status=302, headers={"location": "https://elsewhere.example/login?to=1"}),
            ("HTTP 302", 'it moved ("/login" at "https://elsewhere.example", with a query'),
        ),
        (Odd(status=401, body='{"error":"invalid_token"}'), ("HTTP 401", '{"error":"invalid_token"}')),
        (Odd(), ("HTTP 200 (OK) and an empty body",)),
        (Odd(body="<html><title>Log in</title>", content_type="text/html"), ("unreadable", "text/html", "Log in")),
        (Odd(body="not json"), ("unreadable", "'not json'")),
        (Odd(body='{"jsonrpc":"2.0","id":{id},"result":{"content":['), ("unreadable", "it is no JSON")),
        (Odd(body='{"jsonrpc":"2.0","id":{id},"result":null}'), ("its result is null",)),
        (Odd(body='{"jsonrpc":"2.0","id":{id},"error":"no"}'), ("an error without", "'no'")),
        (Odd(body='{"a":' * 100_000), ("nested too deeply",)),
        (Odd(status=202), ("HTTP 202 (Accepted) and an empty body",)),
        (Odd(status=304), ("HTTP 304 (Not Modified)", "check 'url'")),
        (Odd(status=300, body="busy"), ("HTTP 300 (Multiple Choices)", "check 'url'", "busy")),
        (Odd(body="data: nonsense\n\n", content_type=EVENTS), ("unreadable", "'nonsense'")),
        (Odd(body='data: {"jsonrpc":"2.0","id":{id},"result":"x"}\n\n', content_type=EVENTS), ("is a text", "'x'")),
        (Odd(body="", content_type=EVENTS), ("ended its answer before there was one",)),
        (
            Odd(body="event: error\ndata: quota\n\ndata: ping\n\n", content_type=EVENTS),
            ("it answered with an error event: 'quota'",),
        ),
        (
            Odd(body='event: error\ndata: {"message": "quota"}\n\n', content_type=EVENTS),
            ('it answered with an error event: \'{"message": "quota"}\'',),
        ),
        (Odd(body=ANSWER[:-5], headers={"content-length": "500"}), ("broke off",)),
    ],
)
async def test_what_is_no_answer_is_told_at_once_with_its_cause(
    tmp_path: Path, odd: Odd, words: tuple[str, ...]
) -> None:
    async with served(OddServer(odd)) as url, pool_of(tmp_path, far(url)) as pool:
        text = str(await failure_of(pool))

    assert text.startswith("MCP server 'far' failed at 'tools/call': ")
    assert [word for word in words if word not in text] == []
    assert "pydantic" not in text
    assert "The other servers are unaffected" in text


@pytest.mark.parametrize(
    ("odd", "result"),
    [
        (Odd(body=ANSWER), "done"),
        (Odd(body=ANSWER, status=202), "done"),
        (Odd(body=f"data: {ANSWER}\n\n", content_type=EVENTS, status=202), "done"),
        (Odd(body=ANSWER.replace("{id}", "{id}.0")), "done"),
        (Odd(body=ANSWER.replace("{id}", '"{id}"')), "done"),
        (Odd(body=ANSWER.replace("{id}", "null")), "done"),
        (Odd(body=ANSWER.replace("{id}", "99")), "done"),
        (Odd(body=ANSWER.replace('"jsonrpc":"2.0",', "")), "done"),
        (Odd(body="\ufeff" + ANSWER), "done"),
        (Odd(body=f"[{ANSWER}]"), "done"),
        (Odd(body=ANSWER, content_type="text/plain"), "done"),
        (Odd(body=ANSWER.replace("done", "d\udcffne").encode("utf-8", "surrogateescape")), "d�ne"),
        (Odd(body=f"data: {ANSWER}\n\n", content_type=EVENTS), "done"),
        (Odd(body=f"id: 7\r\ndata: {ANSWER.replace('{id}', '{id}.0')}\r\n\r\n", content_type=EVENTS), "done"),
        (Odd(body=f": ping\n\ndata: hm {ANSWER}\n\n", content_type=EVENTS), "done"),
        (Odd(body=f"\ufeffdata: {ANSWER}\n\n", content_type=EVENTS), "done"),
        (Odd(body=f"data: {ANSWER}", content_type=EVENTS), "done"),
        (Odd(body=f"data: [DONE]\n\ndata: ping\n\ndata: {ANSWER}\n\n", content_type=EVENTS), "done"),
        (Odd(body=f"data: {ANSWER[:-1]},{METHOD}}}\n\n", content_type=EVENTS), "done"),
        (Odd(body=f"{ANSWER[:-1]},{METHOD}}}"), "done"),
        (Odd(body=ANSWER, content_type=EVENTS), "done"),
        (Odd(body=ANSWER, headers={"x-words": "gr\u00fc\u00df"}), "done"),
        (Odd(body=HALF), "d\ud800ne"),
        (Odd(body=f"data: {HALF}\n\n", content_type=EVENTS), "d\ud800ne"),
    ],
)
async def test_an_answer_that_is_only_odd_is_used(tmp_path: Path, odd: Odd, result: str) -> None:
    async with served(OddServer(odd)) as url, pool_of(tmp_path, far(url)) as pool:
        with anyio.fail_after(5):
            assert await say(pool, "far", "echo") == result


async def test_an_answer_of_many_levels_is_no_matter_of_the_transports(tmp_path: Path) -> None:
    deep = '{"a":' * 400 + "1" + "}" * 400
    body = ANSWER.replace(RESULT, f'{{"structuredContent":{deep}}}')
    for odd in (Odd(body=body), Odd(body=f"data: {body}\n\n", content_type=EVENTS)):
        async with served(OddServer(odd)) as url, pool_of(tmp_path, far(url)) as pool:
            with anyio.fail_after(5):
                assert await call(pool, "far", "echo") == {"structuredContent": json.loads(deep)}


@pytest.mark.proves("eras")
async def test_a_redirect_within_the_server_is_followed_from_the_handshake_on(tmp_path: Path) -> None:
    server = OddServer(Odd(body=ANSWER))

    async def moved(scope: Scope, receive: Receive, send: Send) -> None:
        is_there = scope["type"] != "http" or scope["path"] == "/mcp/"
        await (server if is_there else Response(status_code=307, headers={"location": "/mcp/"}))(scope, receive, send)

    async with served(moved) as url, pool_of(tmp_path, far(url)) as pool:
        with anyio.fail_after(5):
            assert await say(pool, "far", "echo") == "done"


async def test_a_number_that_json_cannot_say_is_null_and_noted(tmp_path: Path) -> None:
    for content_type, form in (("application/json", "{}"), (EVENTS, "data: {}\n\n")):
        body = form.replace("{}", '{"jsonrpc":"2.0","id":{id},"result":{"structuredContent":{"x":[NaN,1e400,2.5]}}}')
        odd = Odd(body=body, content_type=content_type)
        async with served(OddServer(odd)) as url, pool_of(tmp_path, far(url)) as pool:
            with anyio.fail_after(5):
                assert (await call(pool, "far", "echo"))["structuredContent"] == {"x": [None, None, 2.5]}
        assert "null stands for the number NaN" in (tmp_path / "logs" / "far.log").read_text()


async def streamed(stream: str, waiting: int | None = 3) -> tuple[bytes, list[str]]:
    """Return what the transport gets of a stream of events, and what who waits is told."""
    told: list[str] = []

    async def pieces() -> AsyncGenerator[bytes]:
        yield stream.encode()

    async def tell(item: Item) -> None:
        if isinstance(item, SessionMessage) and isinstance(item.message, JSONRPCError):  # else it goes to the log
            told.append(item.message.error.message)

    found = [piece async for piece in EventStream(tell, waiting).readable(pieces())]
    return b"".join(found), told


@pytest.mark.proves("in-words")
@pytest.mark.parametrize("waiting", [3, None])
async def test_an_error_event_with_the_error_of_a_request_answers_it(waiting: int | None) -> None:
    error = '{"jsonrpc":"2.0","id":3,"error":{"code":-32000,"message":"quota"}}'

    got, told = await streamed(f"id: 7\nevent: error\ndata: {error}\n\ndata: ping\n\n", waiting)

    assert got.startswith(f"id: 7\ndata: {error}\n\n".encode())
    assert told == []


async def test_an_error_event_for_another_request_is_told_as_it_is() -> None:
    error = '{"jsonrpc":"2.0","id":4,"error":{"code":-32000,"message":"quota"}}'

    _, told = await streamed(f"event: error\ndata: {error}\n\ndata: ping\n\n")

    assert told == [f"it answered with an error event: '{error}'"]


@pytest.mark.parametrize("status", [200, 400, 404, 500])
async def test_a_servers_own_error_passes_unchanged_whatever_its_status(tmp_path: Path, status: int) -> None:
    own: Json = {"code": -32042, "message": "first log in", "data": {"url": "https://auth.example"}}
    body = '{"jsonrpc":"2.0","id":null,"error":{"code":-32042,"message":"first log in","data":{"url":"https://auth.example"}}}'
    async with served(OddServer(Odd(body=body, status=status))) as url, pool_of(tmp_path, far(url)) as pool:
        with anyio.fail_after(5), pytest.raises(MCPError) as caught:
            await call(pool, "far", "echo")

    assert caught.value.error.model_dump() == own


async def test_secrets_in_what_a_server_says_are_masked(tmp_path: Path) -> None:
    said = "Authorization: Bearer " + "planted" * 4 + " at https://ada:planted@far.example/x?api_key=planted"
    async with served(OddServer(Odd(status=403, body=said))) as url, pool_of(tmp_path, far(url)) as pool:
        text = str(await failure_of(pool))

    assert "HTTP 403" in text
    assert "planted" not in text


async def test_a_long_answer_is_quoted_short(tmp_path: Path) -> None:
    async with served(OddServer(Odd(status=500, body="x" * 1_000_000))) as url, pool_of(tmp_path, far(url)) as pool:
        assert len(str(await failure_of(pool))) < 800


async def test_one_failed_call_leaves_the_connection_and_other_calls_alone(tmp_path: Path) -> None:
    server = OddServer(Odd(status=500), frozenset({"tools/call"}))
    async with served(server) as url, pool_of(tmp_path, far(url)) as pool:
        assert isinstance(await failure_of(pool), UpstreamAnswerError)
        connection = pool["far"].connection
        assert await pool.request("far", "prompts/get", {"name": "greet"})
        assert pool["far"].connection is connection
        assert pool["far"].failure is None


@pytest.mark.parametrize("transport", ["http", "sse"])
@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "HTTP 401 (Unauthorized): it wants a login"), (429, "HTTP 429"), (503, "HTTP 503"), (404, "HTTP 404")],
)
async def test_a_handshake_that_is_refused_says_with_which_status(
    tmp_path: Path, transport: Literal["http", "sse"], status: int, words: str
) -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await Response(status_code=status)(scope, receive, send)

    async with served(refuse) as url, pool_of(tmp_path, far(url, transport)) as pool:
        error = await failure_of(pool)

    assert isinstance(error, UpstreamStartError)
    assert str(error).startswith(f"MCP server 'far' did not start: it answered with {words}")


async def test_nobody_listening_is_told_and_found_again_when_there(tmp_path: Path, free_tcp_port: int) -> None:
    async with pool_of(tmp_path, far(f"http://127.0.0.1:{free_tcp_port}")) as pool:
        error = await failure_of(pool)
    assert isinstance(error, UpstreamStartError)
    assert "nothing answers at its address (connection refused)" in str(error)


async def test_a_server_that_went_away_between_calls_is_told_as_gone(tmp_path: Path, free_tcp_port: int) -> None:
    async with pool_of(tmp_path, far(f"http://localhost:{free_tcp_port}")) as pool:
        async with served(OddServer(Odd(body=ANSWER)), free_tcp_port):
            assert await say(pool, "far", "echo") == "done"
        error = await failure_of(pool)
        assert isinstance(error, UpstreamClosedError)
        assert "nothing answers at its address" in str(error)

        async with served(OddServer(Odd(body=ANSWER)), free_tcp_port):
            assert await say(pool, "far", "echo") == "done"


async def test_a_host_name_that_nobody_knows_is_told(tmp_path: Path) -> None:
    async with pool_of(tmp_path, far("http://nobody.invalid")) as pool:
        assert "its host name is not known" in str(await failure_of(pool))


async def test_a_plain_server_behind_https_is_told_as_a_tls_failure(tmp_path: Path) -> None:
    async with served(OddServer(Odd())) as url, pool_of(tmp_path, far(url.replace("http:", "https:"))) as pool:
        assert "its TLS certificate or connection was not accepted" in str(await failure_of(pool))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"jsonrpc":"2.0","id":{id},"result":null}', "its result is null"),
        ('{"jsonrpc":"2.0","id":{id},"result":{"content":[}', "it is no JSON"),
        ('{"jsonrpc":"2.0","id":{id},"error":{"code":"E","message":"m"}}', "an error without"),
    ],
)
async def test_over_the_older_transport_the_call_that_an_event_names_fails_at_once(
    tmp_path: Path, body: str, words: str
) -> None:
    async with served(OddSseServer(Odd(body=body))) as url, pool_of(tmp_path, far(url, "sse")) as pool:
        assert words in str(await failure_of(pool))


async def test_over_the_older_transport_an_odd_answer_is_used(tmp_path: Path) -> None:
    odd = Odd(body=ANSWER.replace("{id}", "{id}.0").replace('"text":"done"', '"text":"done","x":NaN'))
    async with served(OddSseServer(odd)) as url, pool_of(tmp_path, far(url, "sse")) as pool:
        with anyio.fail_after(5):
            assert await say(pool, "far", "echo") == "done"


async def test_over_the_older_transport_a_post_that_is_refused_fails_its_call_alone(tmp_path: Path) -> None:
    server = OddSseServer(Odd(body=ANSWER), post_status=429)
    async with served(server) as url, pool_of(tmp_path, far(url, "sse")) as pool:
        assert "HTTP 429 (Too Many Requests)" in str(await failure_of(pool))
        server.post_status = 202
        with anyio.fail_after(5):
            assert await say(pool, "far", "echo") == "done"


async def test_a_header_of_an_entry_need_not_be_ascii(tmp_path: Path) -> None:
    seen: list[bytes] = []
    server = OddServer(Odd(body=ANSWER))

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend(value for name, value in scope.get("headers", ()) if name == b"x-city")
        await server(scope, receive, send)

    async with served(noting) as url:
        config = replace(far(url), headers={"X-City": "K\u00f6ln"})
        async with pool_of(tmp_path, config) as pool:
            assert await say(pool, "far", "echo") == "done"

    assert set(seen) == {"K\u00f6ln".encode("latin-1")}


@pytest.mark.proves("bounded")
@pytest.mark.parametrize(
    ("waiting", "said", "kept"),
    [
        (None, b"0", b"retry: 1000"),
        (None, b"5000", b"retry: 5000"),
        (None, b"99999999", b"retry: 60000"),
        (None, b"-5", b": "),
        (None, b"soon", b": "),
        (None, b"9" * 400, b": "),
        (3, b"0", b"retry: 100"),
        (3, b"500", b"retry: 500"),
    ],
)
async def test_a_stream_is_not_asked_for_again_as_soon_as_its_server_says(
    waiting: int | None, said: bytes, kept: bytes
) -> None:
    async def pieces() -> AsyncGenerator[bytes]:
        yield b"id: 7\r\nretry: %s\r\ndata: \r\n\r\n: retry: 5\n\n" % said

    async def tell(item: Item) -> None:
        raise AssertionError(item)

    found = b"".join([piece async for piece in EventStream(tell, waiting).readable(pieces())])

    assert found.splitlines() == [b"id: 7", kept, b"data: ", b"", b": retry: 5", b""]


async def test_a_proxy_that_the_environment_sets_is_named_where_no_connection_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_tcp_port: int
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_tcp_port}")
    monkeypatch.setenv("NO_PROXY", "")
    for name in ("http_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with pool_of(tmp_path, far("http://far.invalid")) as pool:
        assert "or the proxy that HTTP_PROXY sets" in str(await failure_of(pool))

    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    async with pool_of(tmp_path, far("http://far.invalid")) as pool:
        text = str(await failure_of(pool))
    assert "the package 'socksio' is missing" in text


@pytest.mark.parametrize("content_type", ["application/json", EVENTS])
async def test_the_session_of_an_odd_handshake_is_kept(tmp_path: Path, content_type: str) -> None:
    sessions: list[str | None] = []
    hello = json.dumps({**HELLO, "instructions": "half a \ud83d"})
    body = f'{{"jsonrpc":"2.0","id":{{id}},"result":{hello}}}'
    body = body if content_type != EVENTS else f"data: {body}\n\n"
    odd = Odd(body=body, content_type=content_type, headers={"mcp-session-id": "s1"})
    server = OddServer(odd, frozenset({"initialize"}))

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        sessions.append(Headers(scope=scope).get("mcp-session-id") if scope["type"] == "http" else "s1")
        await server(scope, receive, send)

    async with served(noting) as url, pool_of(tmp_path, far(url)) as pool:
        with anyio.fail_after(5):
            assert await say(pool, "far", "echo") == "as usual"

    assert sessions.count(None) == 1


@pytest.mark.proves("in-words")
@pytest.mark.parametrize(
    ("events", "words"),
    [
        ("event: endpoint\ndata: http://elsewhere.example/x\n\n", "not one of its own: 'http://elsewhere.example/"),
        ("event: endpoint\ndata: http://[::x\n\n", "not one of its own: 'http://[::x'"),
        ("event: endpoint\ndata:\n\n", "not one of its own: ''"),
        (": nothing\n\n", "it ended its stream of events before it named an address for messages"),
    ],
)
async def test_over_the_older_transport_a_stream_that_leads_nowhere_is_told_at_once(
    tmp_path: Path, events: str, words: str
) -> None:
    async def leading_nowhere(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(events, media_type=EVENTS)(scope, receive, send)

    async with served(leading_nowhere) as url, pool_of(tmp_path, far(url, "sse")) as pool:
        text = str(await failure_of(pool))

    assert text.startswith("MCP server 'far' did not start: ")
    assert words in text


class SessionServer(OddServer):
    """A server that gives a session an id as odd as it likes, and notes what comes back."""

    def __init__(self, given: bytes) -> None:
        super().__init__(Odd(body=ANSWER))
        self.given = given
        self.carried: list[bytes | None] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.carried.append(dict(scope["headers"]).get(b"mcp-session-id"))

        async def with_session(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"mcp-session-id", self.given)]}
            await send(message)

        await super().__call__(scope, receive, with_session)


@pytest.mark.parametrize("given", ["\u00e9\u65e5".encode(), "\u00e9".encode("latin-1"), b"\xff a", b"one"])
async def test_the_id_of_a_session_is_given_back_as_the_server_wrote_it(tmp_path: Path, given: bytes) -> None:
    server = SessionServer(given)
    async with served(server) as url, pool_of(tmp_path, far(url)) as pool:
        with anyio.fail_after(5):
            assert await say(pool, "far", "echo") == "done"

    assert server.carried[-1] == given
    assert set(server.carried) == {None, given}


@pytest.mark.parametrize("given", [b"", "\u00e9".encode("latin-1")])
async def test_only_what_a_server_gave_is_changed_in_headers_of_any_form(given: bytes) -> None:
    async def tell(item: Item) -> None:
        raise AssertionError(item)

    session = HttpSession(given=given)
    name, value, byte = "Mcp-Session-Id", "\u00e9".encode(), b"\xe9"
    kept = given or value
    async with AnsweringClient(tell, answers_in_body=True, session=session) as client:
        for headers, expected in [
            ({b"X-A": b"1", name.encode(): value}, [(b"X-A", b"1"), (name.encode(), kept)]),
            ([("X-A", "1"), ("X-A", "2"), (name, value)], [(b"X-A", b"1"), (b"X-A", b"2"), (name.encode(), kept)]),
            (httpx2.Headers([("X-A", "\u00e9"), ("X-A", "2")], "latin-1"), [(b"X-A", byte), (b"X-A", b"2")]),
            ({"X-A": byte, "Last-Event-ID": "\u00e9"}, [(b"X-A", byte), (b"Last-Event-ID", value)]),
            ({name: "one"}, [(name.encode(), given or b"one")]),
        ]:
            before = list(headers)
            request = client.build_request("POST", "http://far.example", headers=headers)
            assert request.headers.raw[-len(expected) :] == expected
            assert list(headers) == before
        assert client.build_request("GET", "http://far.example").headers["host"] == "far.example"
        with pytest.raises(UnicodeEncodeError):  # as of every client
            client.build_request("POST", "http://far.example", headers={"X-A": "\u00e9"})
