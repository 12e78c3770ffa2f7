"""The ways of a server behind HTTP with connections, streams and sessions: none costs more than it must."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import anyio
import anyio.abc
import pytest
from mcp import MCPError
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCResponse
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.errors import UpstreamAnswerError
from mcp_dynaload.transport.jsonrpc_lines import Item
from mcp_dynaload.upstream import http_answers, http_events, http_listening, http_sending
from mcp_dynaload.upstream.http_events import EventStream
from mcp_dynaload.upstream.pool import Pool
from tests.faults.odd_http_server import EVENTS, HELLO, usual_result
from tests.faults.scripted import tools, until
from tests.transparency.serving import served
from tests.upstream.sessions import RecordingHost, call, pool_of, say

Headers = list[tuple[bytes, bytes]]
SESSION = b"mcp-session-id"


class Exchange:
    """One request of a client, answered as slowly and as oddly as a test wants."""

    def __init__(self, request: Request, body: bytes, send: Send) -> None:
        self.method = request.method
        self.session = request.headers.get("mcp-session-id")
        self.query = request.url.query
        self.message: Json = json.loads(body) if body else {}
        self.kind = str(self.message.get("method", "answer")) if body else request.method
        self._send = send

    async def begin(self, status: int = 200, content_type: str = EVENTS, *headers: tuple[bytes, bytes]) -> None:
        head: Headers = [(b"content-type", content_type.encode()), *headers]
        await self._send({"type": "http.response.start", "status": status, "headers": head})

    async def write(self, text: str, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": text.encode(), "more_body": more})

    async def reply(self, status: int, text: str = "", *headers: tuple[bytes, bytes]) -> None:
        await self.begin(status, "application/json", *headers)
        await self.write(text, more=False)

    async def answer(self, result: Json, *headers: tuple[bytes, bytes]) -> None:
        await self.reply(200, json.dumps({"jsonrpc": "2.0", "id": self.message["id"], "result": result}), *headers)

    async def event(self, message: Json) -> None:
        await self.write(f"data: {json.dumps({'jsonrpc': '2.0', **message})}\n\n")


Serve = Callable[[Exchange], Awaitable[bool]]
"""Answers an exchange; False leaves that to the server in its right mind."""


@dataclass
class Server:
    """A streamable HTTP server with one session, but for what `odd` answers."""

    odd: Serve
    seen: list[str] = field(default_factory=list[str])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        exchange = Exchange(request, await request.body(), send)
        self.seen.append(exchange.kind)
        if not await self.odd(exchange):
            await usual(exchange)


async def usual(exchange: Exchange) -> None:
    if exchange.method == "GET":
        await exchange.reply(405)
    elif "id" not in exchange.message or exchange.kind == "answer":
        await exchange.reply(202)
    elif exchange.kind == "initialize":
        await exchange.answer({**HELLO, "capabilities": {"tools": {"listChanged": True}}}, (SESSION, b"s"))
    else:
        await exchange.answer(usual_result(exchange.kind))


@asynccontextmanager
async def before(
    odd: Serve, folder: Path, transport: Literal["http", "sse"] = "http", host: RecordingHost | None = None
) -> AsyncGenerator[tuple[Pool, Server]]:
    """Open a pool with this server, which is given five seconds for everything."""
    server = Server(odd)
    async with served(server) as url:
        config = UpstreamConfig(name="far", transport=transport, url=f"{url}/mcp")
        async with pool_of(folder, config, host=host) as pool:
            with anyio.fail_after(5):
                yield pool, server


async def begin_and_give_up(pool: Pool, server: Server) -> None:
    """Call a tool that does not answer, and give up as soon as the server has the call."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call, pool, "far", "slow")
        await until(lambda: "tools/call" in server.seen)
        tasks.cancel_scope.cancel()


async def for_ever() -> None:
    await anyio.sleep(20)


@pytest.mark.parametrize("held", ["notifications/initialized", "notifications/cancelled"])
async def test_a_notification_that_a_server_does_not_take_holds_up_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    monkeypatch.setattr(http_answers, "HANDSHAKE_SECONDS", 0.1)

    async def odd(exchange: Exchange) -> bool:
        if exchange.kind == held or exchange.message.get("params", {}).get("name") == "slow":
            await for_ever()
        return False

    async with before(odd, tmp_path) as (pool, server):
        await begin_and_give_up(pool, server)
        assert await say(pool, "far", "echo") == "as usual"
        assert held in server.seen


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_a_connection_is_closed_in_order_while_a_notification_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport: Literal["http", "sse"]
) -> None:
    monkeypatch.setattr(http_answers, "HELD_SECONDS", 0.05)

    async def odd(exchange: Exchange) -> bool:
        if exchange.kind == "notifications/cancelled":
            await release.wait()
        is_slow = exchange.message.get("params", {}).get("name") == "slow"
        if is_slow and transport == "http":
            await release.wait()
        elif is_slow:
            await exchange.reply(202)
        return is_slow

    release, host = anyio.Event(), RecordingHost()
    with capture_logs() as logs:
        async with before(OlderServer(odd) if transport == "sse" else odd, tmp_path, transport, host) as (pool, server):
            await begin_and_give_up(pool, server)
            await until(lambda: "notifications/cancelled" in server.seen)
            await pool["far"].stopped()
            assert await say(pool, "far", "echo") == "as usual"
            release.set()

    assert [entry["event"] for entry in logs if entry["log_level"] != "info"] == []


async def test_a_server_that_does_not_hear_the_end_of_its_session_keeps_nobody_waiting_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_sending, "GOODBYE_SECONDS", 0.1)

    async def odd(exchange: Exchange) -> bool:
        if exchange.method == "DELETE":
            await for_ever()
        if exchange.kind == "tools/call" and server.seen.count("tools/call") == 2:
            await exchange.reply(404)
            return True
        return False

    async with before(odd, tmp_path) as (pool, server):
        assert await say(pool, "far", "echo") == "as usual"
        assert await say(pool, "far", "echo") == "as usual"
        assert server.seen.count("initialize") == 2


async def test_the_newest_id_of_a_session_counts(tmp_path: Path) -> None:
    ids = ["none"]

    async def odd(exchange: Exchange) -> bool:
        if exchange.kind not in ("initialize", "tools/list", "tools/call"):
            return False
        if exchange.session not in (None, ids[-1]):
            await exchange.reply(404)
            return True
        ids.append(f"s{len(ids)}")
        result = HELLO if exchange.kind == "initialize" else usual_result(exchange.kind)
        await exchange.answer(result, *([(SESSION, ids[-1].encode())] if exchange.kind != "initialize" else []))
        return True

    host = RecordingHost()
    async with before(odd, tmp_path, host=host) as (pool, server):
        await pool.start("far")
        await host.until_listed("far")
        assert [await say(pool, "far", "echo") for _ in range(2)] == ["as usual"] * 2
        assert server.seen.count("initialize") == 1


@pytest.mark.parametrize("is_accepted", [True, False], ids=["after 202", "after an empty stream"])
async def test_an_answer_may_come_on_the_servers_own_stream(tmp_path: Path, *, is_accepted: bool) -> None:
    stream: list[Exchange] = []

    async def odd(exchange: Exchange) -> bool:
        if exchange.method == "GET":
            stream.append(exchange)
            await exchange.begin()
            await exchange.write(": here\n\n")
            await for_ever()
        if exchange.kind != "tools/call":
            return False
        if is_accepted:
            await exchange.reply(202)
        else:
            await exchange.begin()
            await exchange.write("", more=False)
        await anyio.sleep(0.05)
        result = {"content": [{"type": "text", "text": "elsewhere"}]}
        await stream[-1].event({"id": exchange.message["id"], "result": result})
        return True

    async with before(odd, tmp_path) as (pool, _):
        assert await say(pool, "far", "echo") == "elsewhere"


async def test_a_stream_that_ends_owes_no_answer_any_more(tmp_path: Path) -> None:
    accepted = anyio.Event()

    async def odd(exchange: Exchange) -> bool:
        if exchange.method == "GET":
            await exchange.begin()
            await accepted.wait()
            await anyio.sleep(0.05)
            await exchange.write("", more=False)
            return True
        if exchange.kind != "tools/call":
            return False
        await exchange.reply(202)
        accepted.set()
        return True

    async with before(odd, tmp_path) as (pool, _):
        with pytest.raises(UpstreamAnswerError, match="ended the stream on which the answer was to come"):
            await call(pool, "far", "echo")


@pytest.mark.parametrize("end", ["cut", "refused"])
async def test_the_servers_own_stream_is_opened_as_often_as_it_is_lost_and_what_was_missed_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(http_events, "MIN_RETRY_MS", 10)
    monkeypatch.setattr(http_listening, "FIRST_PAUSE_SECONDS", 0.01)
    offered = ["echo"]

    async def odd(exchange: Exchange) -> bool:
        if exchange.kind == "tools/list":
            await exchange.answer({"tools": tools(*offered)})
            return True
        if exchange.method != "GET":
            return False
        count = server.seen.count("GET")
        if end == "refused" and 1 < count < 6:
            await exchange.reply(503)
            return True
        await exchange.begin()
        await exchange.write("retry: 10\n\n: a piece")
        if count > 5:
            offered[:] = ["echo", "late"]
            await for_ever()
        await anyio.sleep(0.05)
        return True  # without an end: the connection is cut

    host = RecordingHost()
    async with before(odd, tmp_path, host=host) as (pool, server):
        await pool.start("far")
        while len((await host.until_listed("far")).tools) < 2:
            await host.news.wait()
        assert server.seen.count("GET") == 6
        assert server.seen.count("initialize") == 1


@dataclass
class OlderServer:
    """A server of the older transport, whose sessions are in the address."""

    odd: Serve
    streams: dict[str, Exchange] = field(default_factory=dict[str, Exchange])
    opened: int = 0

    async def __call__(self, exchange: Exchange) -> bool:
        if exchange.method == "GET":
            self.opened += 1
            self.streams[f"n={self.opened}"] = exchange
            await exchange.begin()
            await exchange.write(f"event: endpoint\ndata: /messages?n={self.opened}\n\n")
            await for_ever()
        elif not await self.odd(exchange):
            await self.take(exchange)
        return True

    async def take(self, exchange: Exchange) -> None:
        if exchange.kind != "answer" and "id" in exchange.message:
            await self.streams[exchange.query].event(
                {"id": exchange.message["id"], "result": usual_result(exchange.kind)}
            )
        await exchange.reply(202)


async def test_over_the_older_transport_a_server_may_ask_while_it_takes_a_call(tmp_path: Path) -> None:
    answered = anyio.Event()

    async def odd(exchange: Exchange) -> bool:
        if exchange.kind == "answer":
            answered.set()
        if exchange.kind == "tools/call":
            await server.streams[exchange.query].event({"id": 7, "method": "roots/list"})
            await answered.wait()
        return False

    server = OlderServer(odd)
    host = RecordingHost(answers={"roots/list": {"roots": []}})
    async with before(server, tmp_path, "sse", host) as (pool, _):
        assert await say(pool, "far", "echo") == "as usual"


@pytest.mark.parametrize(
    ("status", "text", "failures"),
    [
        (404, "Could not find session", 0),
        (400, "No transport found for sessionId", 0),
        (503, "No active SSE connection for session", 0),
        (500, "KeyError", 1),
        (400, '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}', 1),
    ],
)
async def test_over_the_older_transport_a_session_that_is_lost_behind_an_open_stream_is_made_anew(
    tmp_path: Path, status: int, text: str, failures: int
) -> None:
    async def odd(exchange: Exchange) -> bool:
        is_lost = exchange.query == "n=1" and is_replaced.is_set()
        if is_lost:
            await exchange.reply(status, text)
        return is_lost

    is_replaced = anyio.Event()
    async with before(OlderServer(odd), tmp_path, "sse") as (pool, _):
        assert await say(pool, "far", "echo") == "as usual"
        is_replaced.set()
        for _ in range(failures):
            with pytest.raises((UpstreamAnswerError, MCPError)):
                await call(pool, "far", "echo")
        assert await say(pool, "far", "echo") == "as usual"


@pytest.mark.parametrize(
    ("code", "words", "is_known", "is_repeated"),
    [
        (-30001, "The provided SessionId was not found or has expired", False, True),
        (-32603, "session expired", False, True),
        (0, "Received request before initialization was complete", False, True),
        (-32603, "logged out: the session is closed", False, False),
        (-32000, "browser session 7 not found", True, False),
        (-32000, "no browser session", True, False),
    ],
)
async def test_after_an_error_about_a_session_a_ping_tells_whether_it_was_ours(
    tmp_path: Path, code: int, words: str, *, is_known: bool, is_repeated: bool
) -> None:
    async def odd(exchange: Exchange) -> bool:
        lacking = {"code": -32601, "message": "Method not found"}
        failing = {"code": code, "message": words}
        is_first = server.seen.count("initialize") == 1
        if exchange.kind == "ping" and is_first:
            failing = lacking if is_known else failing
        elif exchange.kind != "tools/call" or not is_first or server.seen.count("tools/call") != 1:
            return False
        error = {"jsonrpc": "2.0", "id": exchange.message["id"], "error": failing}
        await exchange.reply(200, json.dumps(error))
        return True

    async with before(odd, tmp_path) as (pool, server):
        if not is_repeated:
            with pytest.raises(MCPError, match=words):
                await call(pool, "far", "echo")
        assert await say(pool, "far", "echo") == "as usual"
        assert server.seen.count("initialize") == (1 if is_known else 2)
        assert server.seen.count("tools/call") == 2


async def test_the_answer_to_another_request_on_a_calls_stream_is_that_ones() -> None:
    told: list[Item] = []

    async def tell(item: Item) -> None:
        told.append(item)

    async def pieces() -> AsyncGenerator[bytes]:
        for number in (4, 3):
            yield b'data: {"jsonrpc":"2.0","id":%d,"result":{}}\n\n' % number

    stream = EventStream(tell, 3, asked={3, 4})
    got = b"".join([piece async for piece in stream.readable(pieces())])

    assert b'"id":3' in got
    assert b'"id":4' not in got
    (other,) = told
    assert isinstance(other, SessionMessage)
    assert other.message == JSONRPCResponse(jsonrpc="2.0", id=4, result={})


@dataclass
class ClosingServer:
    """A server that closes a connection at the second request over it, as one does that was idle for too long."""

    closed: int = 0
    calls: int = 0

    async def __call__(self, stream: anyio.abc.SocketStream) -> None:
        async with stream:
            with anyio.move_on_after(20), suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                await self._serve(stream)
                await stream.receive()
                self.closed += 1

    async def _serve(self, stream: anyio.abc.SocketStream) -> None:
        got = b""
        while b"\r\n\r\n" not in got or (b"POST" in got[:4] and not got.endswith(b"}")):
            got += await stream.receive()
        message: Json = json.loads(got.partition(b"\r\n\r\n")[2] or b"{}")
        self.calls += message.get("method") == "tools/call"
        body = b""
        if "id" in message:
            result = usual_result(message["method"])
            body = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode()
        head = b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        await stream.send(head % (200 if body else 202, len(body)) + body)


async def test_what_meets_the_end_of_a_kept_connection_is_sent_anew_unless_it_is_a_call_that_may_have_been_read(
    tmp_path: Path,
) -> None:
    server = ClosingServer()
    host = RecordingHost()
    async with (
        await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(listener.serve, server)
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        config = UpstreamConfig(name="far", transport="http", url=f"http://127.0.0.1:{port}/mcp")
        async with pool_of(tmp_path, config, host=host) as pool:
            with anyio.fail_after(5):
                await pool.start("far")
                await host.until_listed("far")
                closed = server.closed
                assert await pool.request("far", "ping", {}) == usual_result("ping")
                assert server.closed > closed
                with pytest.raises(UpstreamAnswerError, match="broke off"):
                    await call(pool, "far", "echo")
                assert server.calls == 0
                assert await say(pool, "far", "echo") == "as usual"
        tasks.cancel_scope.cancel()
