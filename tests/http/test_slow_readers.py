"""Answers that a client takes slowly: it has all of it that goes on reading, and it is cut off that takes nothing."""

import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_dynaload.http import connections
from mcp_dynaload.http.app import create_app
from tests.faults.scripted import entry
from tests.http.services import a_configuration
from tests.http.test_auth import http
from tests.http.test_load import timed
from tests.http.test_sessions import HELLO, post
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("service-load")

LONG = 4_000_000
STEP = 65_536


@pytest.fixture(autouse=True)
def short_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "STALLED_SECONDS", 0.4)


async def long_body(scope: Any, receive: Any, send: Any) -> None:
    """Be an application that answers much at once, as all of REST does."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % LONG)]})
    await send({"type": "http.response.body", "body": bytes(LONG)})


def a_request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Return a request after whose answer the connection ends."""
    told = {"host": "127.0.0.1", "connection": "close", "content-length": str(len(body)), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def answered_to_a_slow_reader(port: int, request: bytes) -> bytes:
    """Return what comes to somebody who takes a step's bytes at a time, till the end."""
    came = bytearray()
    with socket.socket() as client, suppress(ConnectionResetError):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STEP)
        client.setblocking(False)
        client.connect_ex(("127.0.0.1", port))
        await anyio.wait_writable(client)
        client.send(request)
        while True:
            await anyio.wait_readable(client)
            if not (taken := client.recv(STEP)):
                break
            came += taken
            await anyio.sleep(0.02)  # the pace is the subject
    return bytes(came)


async def test_who_reads_an_answer_of_rest_steadily_has_all_of_it() -> None:
    async with timed(application=long_body) as port:
        came = await answered_to_a_slow_reader(port, a_request("GET", "/"))

    assert len(came.partition(b"\r\n\r\n")[2]) == LONG


async def test_who_reads_an_answer_of_mcp_steadily_has_all_of_it(tmp_path: Path) -> None:
    app = create_app(a_configuration(tmp_path, {"a": entry("a")}))
    async with timed(application=app, lifespan="on") as port, http() as client:
        url = f"http://127.0.0.1:{port}/mcp"
        opened = await post(client, url, "initialize", **HELLO)
        client.headers["mcp-session-id"] = opened.headers["mcp-session-id"]
        await client.post(url, json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        call = {"name": "a__big", "arguments": {"size": LONG}}
        body = json.dumps({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}).encode()
        headers = {name: client.headers[name] for name in ("mcp-session-id", "accept")}
        request = a_request("POST", "/mcp", body, content_type="application/json", **headers)
        came = await answered_to_a_slow_reader(port, request)

    assert came.count(b"x") >= LONG
    assert came.endswith(b"0\r\n\r\n")


async def test_who_takes_nothing_of_an_answer_is_cut_off_in_time() -> None:
    gone = anyio.Event()

    async def waiting(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(LONG), "more_body": True})
        await receive()
        gone.set()

    async with timed(application=waiting) as port, await anyio.connect_tcp("127.0.0.1", port) as client:
        await client.send(a_request("GET", "/"))
        with anyio.fail_after(HANG_SECONDS):
            await gone.wait()
