"""A client of the SSE transport that reads nothing is cut off before what waits for it fills the memory."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCResponse
from starlette.types import Message, Scope

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.http import unread_messages
from mcp_dynaload.http.unread_messages import PIECE_BYTES, PiecewiseSend, UnreadMessages
from tests.faults.scripted import entry, until
from tests.http.services import Service, service_of
from tests.http.test_sessions import HELLO, post
from tests.waiting import HANG_SECONDS

STEP = 65_536
BOUND = 200_000
VALUES = 25_000

TEXT: Json = {"name": "a__big", "arguments": {"size": 2 * VALUES}}
ROWS = '{"jsonrpc":"2.0","id":{id},"result":{"content":[],"structuredContent":{"a":[' + "1," * VALUES + "1]}}}"
STRUCTURED: Json = {"name": "a__raw", "arguments": {"line": ROWS}}
"""Two calls whose answers are equally long."""


class Reader:
    """A client that takes so many bytes as it is let, and its clock."""

    def __init__(self) -> None:
        self.now = anyio.current_time()
        self.is_free = True
        """It takes whatever comes."""

        self.room = 0
        self.text = bytearray()
        self.has_gone = anyio.Event()
        self.is_over = anyio.Event()

    async def send(self, message: Message) -> None:
        """Be the `send` of a server that holds nothing back."""
        body: bytes = message.get("body", b"")
        for start in range(0, len(body), STEP):
            step = body[start : start + STEP]
            while not self.is_free and not self.room:  # noqa: ASYNC110 - as a socket, it is told by nobody
                await anyio.sleep(0.001)
            self.room = 0
            self.text += step

    async def receive(self) -> Message:
        await self.has_gone.wait()
        return {"type": "http.disconnect"}

    async def take_one_step(self) -> None:
        """Take a step's bytes, in a second of its clock; nothing more where it is over."""
        self.now += 1
        self.room = 1
        await until(lambda: not self.room or self.is_over.is_set())


@asynccontextmanager
async def reading(service: Service) -> AsyncGenerator[tuple[Reader, httpx2.AsyncClient, str]]:
    """Open a stream of the service without a socket, and shake hands; yields where messages are posted, too."""
    reader = Reader()

    async def stream() -> None:
        await service.app(_scope(service), reader.receive, reader.send)
        reader.is_over.set()

    async with anyio.create_task_group() as tasks, httpx2.AsyncClient(timeout=HANG_SECONDS) as http:
        tasks.start_soon(stream)
        await until(lambda: b"data: " in reader.text)
        url = service.origin + reader.text.decode().split("data: ")[1].strip()
        await post(http, url, "initialize", **HELLO)
        await until(lambda: b'"id":1' in reader.text)
        await http.post(url, json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        yield reader, http, url
        reader.has_gone.set()


@pytest.fixture
async def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Service]:
    monkeypatch.setattr(unread_messages, "MAX_UNREAD_BYTES", BOUND)
    async with service_of(tmp_path, {"a": entry("a")}) as service:
        yield service


async def test_who_reads_steadily_has_all_answers_however_long_each_takes(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = range(10, 15)
    async with reading(service) as (reader, http, url):
        monkeypatch.setattr(unread_messages.anyio, "current_time", lambda: reader.now)
        reader.is_free = False
        for number in numbers:
            await post(http, url, "tools/call", number, name="a__big", arguments={"size": 20 * STEP})
        await reader.take_one_step()
        await until(lambda: not service.state.endpoints.working)
        for second in range(15):
            await reader.take_one_step()
            await post(http, url, "ping", 100 + second)
        reader.is_free = True
        await until(lambda: reader.is_over.is_set() or all(b'"id":%d,' % number in reader.text for number in numbers))
        was_cut_off = reader.is_over.is_set()

    assert not was_cut_off


@pytest.mark.parametrize("call", [TEXT, STRUCTURED], ids=["a text", "many values"])
async def test_who_reads_nothing_and_goes_on_asking_is_cut_off_whatever_the_answers_are(
    service: Service, monkeypatch: pytest.MonkeyPatch, call: Json
) -> None:
    async with reading(service) as (reader, http, url):
        monkeypatch.setattr(unread_messages.anyio, "current_time", lambda: reader.now)
        reader.is_free = False
        for number in range(12):
            await post(http, url, "tools/call", 10 + number, **call)
        with anyio.move_on_after(HANG_SECONDS / 6):
            while not reader.is_over.is_set():
                reader.now += 1
                await post(http, url, "ping", 100)
                await anyio.sleep(0.01)
        was_cut_off = reader.is_over.is_set()

    assert was_cut_off


async def test_who_reads_nothing_from_a_socket_is_cut_off(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread_messages, "UNREAD_SECONDS", 0.1)
    host, port = service.origin.removeprefix("http://").split(":")
    async with await anyio.connect_tcp(host, int(port)) as stream, httpx2.AsyncClient(timeout=HANG_SECONDS) as http:
        await stream.send(f"GET /sse HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        begun = bytearray()
        while b"session_id=" not in begun or not begun.endswith(b"\n"):
            begun += await stream.receive()
        url = service.origin + begun.decode().split("data: ")[1].split()[0]
        await post(http, url, "initialize", **HELLO)
        await http.post(url, json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        with anyio.fail_after(HANG_SECONDS):
            for number in range(2, 100_000):
                await post(http, url, "tools/call", number, name="a__big", arguments={"size": 1_000_000})
                await anyio.sleep(0.02)
                if not service.state.endpoints.open_sessions:
                    break


async def test_the_time_begins_when_more_than_the_bound_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread_messages, "MAX_UNREAD_BYTES", BOUND)
    cut_off: list[float] = []
    write, read = anyio.create_memory_object_stream[SessionMessage](0)
    reader = Reader()
    monkeypatch.setattr(unread_messages.anyio, "current_time", lambda: reader.now)
    async with anyio.create_task_group() as tasks, read, write:
        begun = reader.now
        unread = UnreadMessages(write, PiecewiseSend(reader.send), lambda: cut_off.append(reader.now - begun))
        for seconds, size in ((0, 10), (100, BOUND), (104, 10), (106, 10)):
            reader.now = begun + seconds
            message = JSONRPCResponse(jsonrpc="2.0", id=seconds, result={"text": "x" * size})
            tasks.start_soon(unread.send, SessionMessage(message))
            await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()

    assert cut_off == [106]


async def test_a_ping_comes_behind_a_long_event_and_not_into_it() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        sent.append(message)

    out = PiecewiseSend(send)
    event, ping = b"data: " + bytes(3 * PIECE_BYTES) + b"\n\n", b": ping\n\n"
    async with anyio.create_task_group() as tasks:
        for body, more in ((event, True), (ping, False)):
            tasks.start_soon(out, {"type": "http.response.body", "body": body, "more_body": more})

    assert b"".join(message["body"] for message in sent) == event + ping
    assert max(len(message["body"]) for message in sent) == PIECE_BYTES
    assert [message["more_body"] for message in sent] == [True] * 4 + [False]


def _scope(service: Service) -> Scope:
    host = service.origin.removeprefix("http://")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/sse",
        "raw_path": b"/sse",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", host.encode()), (b"accept", b"text/event-stream")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", int(host.split(":")[1])),
    }
