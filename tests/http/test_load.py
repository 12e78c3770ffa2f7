"""Load of the wrong kind: half of a request, too many connections, input that is nothing."""

import json
import re
import socket
import subprocess
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

import anyio
import httpx2
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp

from mcp_dynaload.http import connections
from mcp_dynaload.http import request_body as receiving
from mcp_dynaload.http.connections import Connections, TimedProtocol, backlog, connection_limit
from mcp_dynaload.http.rest import PREFIX
from tests.faults.scripted import text_in, until
from tests.http.processes import LISTENING, MODULE, environment
from tests.http.services import a_configuration, service_of
from tests.http.test_auth import ECHO, http
from tests.http.test_sessions import HELLO, post
from tests.hunting import examples

pytestmark = pytest.mark.proves("service-load")

DESCRIPTORS = 256
HALVES = {
    "headers": b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-",
    "body": b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Accept: application/json, text/event-stream\r\nContent-Length: 1000\r\n\r\n{",
    "nothing": b"",
}


@contextmanager
def narrow_process(folder: Path) -> Generator[None]:
    """Start a service that may have few descriptors."""
    a_configuration(folder, ECHO)
    command = [*MODULE, "serve", "--transport", "http", "--config", str(folder / "servers.json"), "--port", "0"]
    limited = ["sh", "-c", f'ulimit -n {DESCRIPTORS} && exec "$@"', "sh", *command]
    with (folder / "stderr").open("w") as stderr:
        service = subprocess.Popen(limited, env=environment(folder), cwd=folder, stderr=stderr)
    try:
        yield
    finally:
        service.kill()
        service.wait()


async def port_of(folder: Path) -> int:
    await until(lambda: LISTENING.search(text_in(folder / "stderr")), seconds=30)
    found = re.search(LISTENING, text_in(folder / "stderr"))
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("half", HALVES.values(), ids=list(HALVES))
async def test_half_sent_requests_keep_nobody_out_at_a_low_limit_of_descriptors(tmp_path: Path, half: bytes) -> None:
    with narrow_process(tmp_path), ExitStack() as stack:
        port = await port_of(tmp_path)
        for _ in range(300):
            attacker = stack.enter_context(socket.socket())
            attacker.setblocking(False)
            attacker.connect_ex(("127.0.0.1", port))
            await anyio.wait_writable(attacker)
            attacker.send(half)
        async with http() as client:
            client.timeout = httpx2.Timeout(20)
            opened = await post(client, f"http://127.0.0.1:{port}/mcp", "initialize", **HELLO)
            ready = await client.get(f"http://127.0.0.1:{port}/readyz")

    assert (opened.status_code, ready.status_code) == (200, 200)
    assert "out of system resource" not in text_in(tmp_path / "stderr")


async def ok(scope: Any, receive: Any, send: Any) -> None:
    """Be a small application."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def timed(
    limit: int = 100, application: ASGIApp = ok, lifespan: Literal["on", "off"] = "off"
) -> AsyncGenerator[int]:
    """Serve an application behind our protocol; yields its port."""
    protocol = cast("type[Any]", partial(TimedProtocol, Connections(limit)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(application, http=protocol, lifespan=lifespan, log_config=None, ws="none")
        server = uvicorn.Server(config)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(server.serve, sockets=[listener]))
            try:
                yield listener.getsockname()[1]
            finally:
                server.should_exit = True


async def said_until_the_end(port: int, sent: bytes) -> bytes:
    """Return all that the service says to somebody who sends this and then waits."""
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        if sent:
            await stream.send(sent)
        said = b""
        with anyio.fail_after(5):
            try:
                async for part in stream:
                    said += part
            except anyio.BrokenResourceError:
                pass
        return said


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\nX-"])
async def test_headers_that_do_not_come_in_time_end_the_connection(
    monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.1)
    async with timed() as port:
        assert (await said_until_the_end(port, sent)).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_goes_on_after_the_answer_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.1)
    async with timed() as port:
        said = await said_until_the_end(port, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{")

    assert said.startswith(b"HTTP/1.1 200 ")
    assert said.endswith(b"ok")


async def test_whoever_asks_in_time_is_answered_as_often_as_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.3)
    async with timed() as port, httpx2.AsyncClient() as client:
        begun = time.monotonic()
        while time.monotonic() - begun < 0.8:
            assert (await client.get(f"http://127.0.0.1:{port}/")).text == "ok"


async def test_little_is_held_for_who_takes_nothing_so_that_it_is_seen_who_takes_some() -> None:
    sent, piece, is_over = 0, bytes(65_536), False

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not is_over:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            sent += len(piece)

    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.setblocking(False)
        async with timed(application=endless) as port:
            client.connect_ex(("127.0.0.1", port))
            await anyio.wait_writable(client)
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await until(lambda: sent)
            before = 0
            while before < sent:
                before = sent
                await anyio.sleep(0.3)
            held, is_over = sent, True
            client.close()

    assert held < 600_000


async def test_the_oldest_without_a_request_makes_room_for_a_new_connection() -> None:
    async with (
        timed(limit=2) as port,
        await anyio.connect_tcp("127.0.0.1", port) as oldest,
        await anyio.connect_tcp("127.0.0.1", port),
    ):
        async with httpx2.AsyncClient() as client:
            answered = await client.get(f"http://127.0.0.1:{port}/")
        with anyio.fail_after(5), pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
            await oldest.receive()

    assert answered.status_code == 200


def test_connections_get_half_of_the_descriptors_and_are_accepted_in_small_groups() -> None:
    assert [connection_limit(number) for number in (16, 256, 8192)] == [16, 128, 4096]
    assert [backlog(number) for number in (16, 128, 40_000)] == [16, 32, 2048]


async def test_a_body_that_does_not_come_in_time_is_refused_and_opens_no_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "BODY_SECONDS", 0.2)
    async with service_of(tmp_path, ECHO) as service:
        port = int(service.origin.rpartition(":")[2])
        async with await anyio.connect_tcp("127.0.0.1", port) as slow:
            await slow.send(HALVES["body"])
            with anyio.fail_after(5):
                said = await slow.receive()
            sessions = service.state.endpoints.open_sessions

    assert said.startswith(b"HTTP/1.1 408 ")
    assert sessions == 0


ODD_BODIES = [
    b"NaN",
    b'{"query": NaN}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "a__echo", "arguments": {"x": NaN}}}',
    b'{"jsonrpc": "2.0", "id": Infinity, "method": "initialize"}',
    b'{"query": 1e999, "session_id": -1e400}',
    b'{"query": "\\ud800"}',
    b'{"query": "\xff\xfe"}',
    b"\xff",
    b"\x00",
    b"{",
    b"[" * 10_000,
    b'{"command": ' + b"9" * 5_000 + b"}",
    b"null",
    b"[]",
    b'"initialize"',
    b"[{}]",
]
HEADERS: list[dict[str, str | bytes]] = [
    {},
    {"content-type": "text/plain"},
    {"content-type": "multipart/form-data"},
    {"content-type": "application/json; charset=utf-7"},
    {"content-type": b"\xff"},
    {"mcp-session-id": "x" * 5_000},
    {"mcp-session-id": b"\xe4\xff"},
    {"mcp-session-id": "../../etc", "last-event-id": "9" * 6_000},
    {"last-event-id": "-1"},
    {"mcp-protocol-version": "x"},
    {"mcp-protocol-version": "2026-07-28"},
    {"accept": "x/"},
    {"origin": "http://["},
    {"origin": b"\xff"},
    {"host": "["},
    {"host": "127.0.0.1:x"},
    {"authorization": "Bearer"},
    {"authorization": b"Bearer \xff"},
    {"authorization": "Basic eDp5"},
    {"x-forwarded-for": "]["},
    {"cookie": "x" * 9_000},
]


def raw(**headers: str | bytes) -> dict[bytes, bytes]:
    return {
        name.encode(): value if isinstance(value, bytes) else value.encode()
        for name, value in {"content-type": "application/json", **headers}.items()
    }


PATHS = ("/mcp", "/messages/?session_id=x", f"{PREFIX}/optimize-query", f"{PREFIX}/user-command", f"{PREFIX}/explain")


async def test_odd_bodies_and_headers_are_the_senders_mistake(tmp_path: Path) -> None:
    served: list[tuple[str, bytes, object, int]] = []
    async with service_of(tmp_path, ECHO) as service, http() as client:
        client.timeout = httpx2.Timeout(30)
        for path in PATHS:
            cases = [(body, HEADERS[0]) for body in ODD_BODIES]
            for body, headers in [*cases, *((b'{"x": 1}', headers) for headers in HEADERS)]:
                answer = await client.post(service.origin + path, content=body, headers=raw(**headers))
                if not 400 <= answer.status_code < 500:
                    served.append((path, body[:40], headers, answer.status_code))
        for headers in HEADERS:
            answer = await client.get(service.url(), headers=raw(**headers))
            if not 400 <= answer.status_code < 500:
                served.append(("GET", b"", headers, answer.status_code))
        assert service.state.endpoints.open_sessions == 0

    assert served == []


async def test_an_open_session_survives_odd_messages(tmp_path: Path) -> None:
    async with service_of(tmp_path, ECHO) as service, service.client() as session, http() as client:
        client.timeout = httpx2.Timeout(30)
        opened = await post(client, service.url(), "initialize", **HELLO)
        client.headers.update({"mcp-session-id": opened.headers["mcp-session-id"], "content-type": "application/json"})
        statuses = {
            (await client.post(service.url(), content=body)).status_code for body in ODD_BODIES if body != b"NaN"
        }
        pinged = await post(client, service.url(), "ping", 7)
        assert await session.say("a__echo", x=1) == '{"x": 1}'

    assert statuses == {400}
    assert pinged.status_code == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(claims=st.dictionaries(st.sampled_from(["sub", "scope", "scp", "exp", "iss", "aud"]), JSON))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=examples(200))
def test_claims_of_any_kind_are_a_token_or_none(claims: dict[str, object]) -> None:
    from mcp_dynaload.http.oauth import access_of

    access = access_of(claims)

    assert access is None or (access.subject and set(access.scopes) <= {"use", "control", "admin"})
    assert json.dumps(None if access is None else access.scopes)
