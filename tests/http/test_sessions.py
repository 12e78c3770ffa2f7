"""Many clients of one service, through real sockets."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import MCPError
from mcp.server.streamable_http import EventMessage
from mcp_types import ErrorData, JSONRPCError, JSONRPCMessage, JSONRPCNotification, JSONRPCResponse

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.http.recent_events import RecentEvents
from tests.faults.scripted import entry, is_alive, starts, tool, until, until_exists, until_gone
from tests.http.services import TRANSPORTS, Service, service_of
from tests.proxy.clients import text_of
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("service-sessions")

transports = pytest.mark.parametrize("transport", TRANSPORTS)

ECHO = entry("a", offers={"tools": [tool("echo", "Repeat the words of the person")]})
JSON_AND_STREAM = {"accept": "application/json, text/event-stream"}
HELLO: Json = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "claude-code", "version": "2.1.332"},
}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncGenerator[Service]:
    async with service_of(tmp_path, {"a": ECHO}) as service:
        yield service


@pytest.fixture
async def http() -> AsyncGenerator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(headers=JSON_AND_STREAM, timeout=HANG_SECONDS) as http:
        yield http


def note(number: int) -> JSONRPCNotification:
    return JSONRPCNotification(jsonrpc="2.0", method="notifications/message", params={"data": number})


async def post(http: httpx2.AsyncClient, url: str, method: str, number: int = 1, **params: object) -> httpx2.Response:
    return await http.post(url, json={"jsonrpc": "2.0", "id": number, "method": method, "params": params})


@transports
async def test_only_the_session_whose_prompt_loads_a_tool_lists_it_and_is_told(
    service: Service, transport: str
) -> None:
    async with service.client(transport) as one, service.client(transport) as other:
        await one.prompt("Repeat the words of the person", session_id="one")
        await one.until_told("tools")

        assert await one.names() == ["a__echo", "find_tools"]
        assert await other.names() == ["find_tools"]
        assert other.told == []


async def test_each_session_has_a_process_of_a_stdio_upstream_of_its_own_and_it_ends_with_it(tmp_path: Path) -> None:
    async with service_of(tmp_path, {"a": entry("a")}) as service, service.client() as other:
        async with service.client("sse") as one:
            pid, others = int(await one.say("a__pid")), int(await other.say("a__pid"))
        await until_gone([pid])

        assert pid != others
        assert is_alive(others)


async def test_a_client_of_the_newest_revision_is_sent_back_to_the_handshake_without_a_word(
    service: Service, http: httpx2.AsyncClient
) -> None:
    http.headers["mcp-protocol-version"] = "2026-07-28"
    refused = await post(http, service.url(), "server/discover")

    assert (refused.status_code, refused.headers["content-type"][:10]) == (400, "text/plain")


async def test_one_session_too_many_is_refused_until_one_ends(tmp_path: Path, http: httpx2.AsyncClient) -> None:
    async with service_of(tmp_path, {"a": ECHO}, MAX_CONCURRENT_SESSIONS="2") as service:
        async with service.client("http"), service.client("sse"):
            by_http = await post(http, service.url("http"), "initialize", **HELLO)
            by_sse = await http.get(service.url("sse"))
        await until(lambda: service.state.endpoints.open_sessions == 0)
        later = await post(http, service.url("http"), "initialize", **HELLO)

    assert [(answer.status_code, answer.headers["retry-after"]) for answer in (by_http, by_sse)] == [(503, "10")] * 2
    assert "MAX_CONCURRENT_SESSIONS" in by_http.json()["error"]["message"]
    assert later.status_code == 200


async def test_many_that_come_at_once_all_get_a_session(tmp_path: Path) -> None:
    async with service_of(tmp_path, {"a": ECHO}, MAX_CONCURRENT_SESSIONS="12") as service:
        said: list[str] = []

        async def come(number: int) -> None:
            async with service.client() as client:
                said.append(await client.say("a__echo", nonce=number))

        async with anyio.create_task_group() as tasks:
            for number in range(12):
                tasks.start_soon(come, number)

    assert sorted(json.loads(text)["nonce"] for text in said) == list(range(12))


async def test_a_session_that_was_left_is_ended_with_its_upstreams(tmp_path: Path, http: httpx2.AsyncClient) -> None:
    starting = tmp_path / "starts"
    servers = {"a": entry("a", starts_file=str(starting))}
    async with service_of(tmp_path, servers, MCP_DYNALOAD_SESSION_IDLE_SECONDS="0.5") as service:
        opened = await post(http, service.url(), "initialize", **HELLO)
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        http.headers.update(session)
        await http.post(service.url(), json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        await post(http, service.url(), "tools/call", 2, name="a__echo", arguments={})
        (pid,) = starts(starting)
        await until_gone([pid])
        await until(lambda: service.state.endpoints.open_sessions == 0)
        late = await post(http, service.url(), "tools/list", 3)

    assert late.status_code == 404


@dataclass
class Waiting:
    """A call that waits at a server, of a session that was opened by hand."""

    http: httpx2.AsyncClient
    url: str
    body: Json
    arrived: Path
    go: Path

    @asynccontextmanager
    async def sent(self) -> AsyncGenerator[tuple[AsyncIterator[str], str]]:
        """Send it; yields the lines of its stream, and the id of the event with which the stream began."""
        async with self.http.stream("POST", self.url, json=self.body) as stream:
            lines = stream.aiter_lines()
            first = await anext(line async for line in lines if line.startswith("id:"))
            await until_exists(self.arrived)
            yield lines, first.removeprefix("id:").strip()

    @asynccontextmanager
    async def resumed(self, event_id: str) -> AsyncGenerator[AsyncIterator[str]]:
        """Come again with the last event that was seen; yields the lines that follow it."""
        async with self.http.stream("GET", self.url, headers={"last-event-id": event_id}) as stream:
            with anyio.fail_after(HANG_SECONDS):
                yield stream.aiter_lines()


@pytest.fixture
async def waiting(tmp_path: Path, http: httpx2.AsyncClient) -> AsyncGenerator[Waiting]:
    async with service_of(tmp_path, {"a": entry("a")}) as service:
        opened = await post(http, service.url(), "initialize", **HELLO)
        http.headers.update({"mcp-session-id": opened.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"})
        await http.post(service.url(), json={"jsonrpc": "2.0", "method": "notifications/initialized"})
        arrived, go = tmp_path / "arrived", tmp_path / "go"
        call = {"name": "a__wait", "arguments": {"arrived": str(arrived), "until": str(go)}}
        body: Json = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": call}
        yield Waiting(http, service.url(), body, arrived, go)


def answers_of(lines: list[str]) -> list[object]:
    return [json.loads(line.removeprefix("data:"))["id"] for line in lines if "done waiting" in line]


async def test_a_stream_that_was_cut_is_resumed_where_it_ended_and_ends_with_the_answer(waiting: Waiting) -> None:
    async with waiting.sent() as (_, event_id):
        pass
    waiting.go.touch()
    async with waiting.resumed(event_id) as lines:
        assert answers_of([line async for line in lines]) == [7]


async def test_a_stream_is_resumed_though_nobody_saw_yet_that_it_was_cut(waiting: Waiting) -> None:
    async with waiting.sent() as (first_lines, event_id), waiting.resumed(event_id) as lines:
        waiting.go.touch()

        assert answers_of([line async for line in lines]) == [7]
        assert answers_of([line async for line in first_lines]) == [7]


async def test_a_resumed_stream_ends_with_its_session(waiting: Waiting) -> None:
    async with waiting.sent() as (_, event_id), waiting.resumed(event_id) as lines:
        ended = await waiting.http.delete(waiting.url)

        assert ended.status_code == 200
        assert answers_of([line async for line in lines]) == []


def an_answer(size: int = 0) -> JSONRPCResponse:
    return JSONRPCResponse(jsonrpc="2.0", id=1, result={"text": size * "x"})


class Resuming:
    """A client that resumes a stream of a store, with what it was sent."""

    def __init__(self, events: RecentEvents, *, stores: tuple[tuple[str, JSONRPCMessage], ...] = ()) -> None:
        self.sent: list[str | None] = []
        self._events, self._stores = events, list(stores)

    async def after(self, event_id: str) -> list[str | None]:
        with anyio.fail_after(HANG_SECONDS):
            await self._events.replay_events_after(event_id, self._send)
        return self.sent

    async def _send(self, event: EventMessage) -> None:
        self.sent.append(event.event_id)
        stores, self._stores = self._stores, []
        for stream_id, message in stores:  # while this one is still being sent
            await self._events.store_event(stream_id, message)


async def test_what_comes_while_a_stream_is_resumed_is_not_lost() -> None:
    events = RecentEvents()
    last = await events.store_event("1", None)
    await events.store_event("1", note(1))

    assert await Resuming(events, stores=(("2", note(2)), ("1", an_answer()))).after(last) == ["1", "3"]


async def test_nor_is_what_is_more_than_is_kept() -> None:
    events = RecentEvents(max_events=2, max_bytes=100)
    last = await events.store_event("1", None)
    await events.store_event("1", note(1))
    others = tuple(("2", note(number)) for number in range(5))

    assert await Resuming(events, stores=(("1", note(2)), *others, ("1", an_answer(200)))).after(last) == [
        "1",
        "2",
        "8",
    ]
    assert await Resuming(events).after("8") == [], "the newest is kept however large it is, and was the last"


async def test_a_client_that_reads_too_slowly_is_sent_what_was_kept_for_it_and_may_come_again() -> None:
    events = RecentEvents(max_events=3)
    last = await events.store_event("1", None)
    await events.store_event("1", note(1))
    many = tuple(("1", note(number)) for number in range(5))

    assert await Resuming(events, stores=many).after(last) == ["1", "2", "3", "4"]
    await events.store_event("1", an_answer())
    assert await Resuming(events).after("5") == ["6", "7"]


async def test_an_error_that_answers_nothing_ends_no_stream() -> None:
    events = RecentEvents()
    last = await events.store_event("1", note(1))
    error = JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=-32700, message="no JSON"))
    await events.store_event("1", error)
    await events.store_event("1", note(2))
    events.close()

    assert await Resuming(events).after(last) == ["1", "2"]


async def test_another_sessions_events_are_not_replayed(service: Service, http: httpx2.AsyncClient) -> None:
    sessions = [await post(http, service.url(), "initialize", **HELLO) for _ in range(2)]
    ids = [answer.headers["mcp-session-id"] for answer in sessions]

    transports = service.state.endpoints._sessions._server_instances  # pyright: ignore[reportPrivateUsage] - stores of the SDK's
    stores = {id(transports[session]._event_store) for session in ids}  # pyright: ignore[reportPrivateUsage]
    assert len(stores) == 2


async def test_old_events_make_room_and_cannot_be_resumed_from() -> None:
    events = RecentEvents(max_events=2)
    numbers = [await events.store_event("1", note(number)) for number in range(3)]
    events.close()

    assert [await Resuming(events).after(event_id) for event_id in (*numbers, "x", "9" * 30)] == [[], ["2"], [], [], []]


async def test_draining_lets_a_running_call_finish_takes_no_other_and_no_session(
    tmp_path: Path, http: httpx2.AsyncClient
) -> None:
    arrived, go = tmp_path / "arrived", tmp_path / "go"
    async with service_of(tmp_path, {"a": entry("a")}) as service, service.client() as client:
        endpoints = service.state.endpoints
        answers: list[str] = []

        async def call() -> None:
            answers.append(await client.say("a__wait", arrived=str(arrived), until=str(go)))

        said: list[httpx2.Response] = []

        async def drain() -> None:
            tasks.start_soon(endpoints.drain, 5)
            await until(lambda: endpoints.is_draining)
            said.append(await http.get(f"{service.origin}/readyz"))
            said.append(await post(http, service.url(), "initialize", **HELLO))
            with pytest.raises(MCPError, match="shutting down"):
                await client.call("a__echo")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await until_exists(arrived)
            await drain()
            go.touch()

        assert answers == ["done waiting"]
        assert [answer.status_code for answer in said] == [503, 503]
        assert said[0].json()["status"] == "draining"
        assert "retry-after" in said[1].headers


@transports
async def test_what_a_client_says_of_its_surroundings_in_headers_counts_for_it_alone(
    service: Service, transport: str
) -> None:
    headers = {"Dynaload-Tool-Search": "false", "Dynaload-Entrypoint": "sdk-cli", "Dynaload-Model": "claude-haiku-5"}
    async with service.client(transport, headers=headers), service.client(transport):
        told, silent = [session.client.environment for session in service.state.proxy.sessions]

    assert (told.tool_search, told.is_interactive, told.model) == (False, False, "claude-haiku-5")
    assert (silent.tool_search, silent.is_interactive, silent.model) == (True, True, None)
    assert told.session_id is None


@transports
async def test_a_command_acts_on_the_session_of_its_hook(service: Service, transport: str) -> None:
    async with service.client(transport) as one, service.client(transport) as other:
        answer = await one.hook("UserPromptExpansion", command_name="mcp__dynaload__load-category", command_args="a")

        assert answer["decision"] == "block"
        assert "a__echo" in await one.names()
        assert await other.names() == ["find_tools"]
        assert text_of(await one.call("a__echo", x=1)) == '{"x": 1}'


async def test_the_service_says_that_it_is_alive_and_ready(service: Service, http: httpx2.AsyncClient) -> None:
    alive, ready = await http.get(f"{service.origin}/healthz"), await http.get(f"{service.origin}/readyz")

    assert (alive.json(), ready.json()) == ({"status": "ok"}, {"status": "ready", "sessions": 0})


async def test_where_sessions_are_full_the_longest_idle_without_a_stream_makes_room(
    tmp_path: Path, http: httpx2.AsyncClient
) -> None:
    starting = tmp_path / "starts"
    servers = {"a": entry("a", starts_file=str(starting))}
    async with service_of(tmp_path, servers, MAX_CONCURRENT_SESSIONS="3") as service, service.client() as streaming:
        opened = [await post(http, service.url(), "initialize", **HELLO) for _ in range(2)]
        sessions = [{"mcp-session-id": answer.headers["mcp-session-id"]} for answer in opened]
        call: Json = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "a__echo", "arguments": {}}}
        answered = [(await http.post(service.url(), headers=session, json=call)).status_code for session in sessions]
        (first, _) = starts(starting)
        ping = {"jsonrpc": "2.0", "id": 3, "method": "ping"}
        later = await post(http, service.url(), "initialize", **HELLO)
        await until_gone([first])
        heard = [(await http.post(service.url(), headers=session, json=ping)).status_code for session in sessions]

        assert answered == [200, 200]
        assert later.status_code == 200
        assert heard == [404, 200]
        assert await streaming.say("a__echo", x=1) == '{"x": 1}'
        assert service.state.endpoints.open_sessions == 3


async def test_a_session_that_works_makes_no_room_though_its_client_was_cut_off(
    tmp_path: Path, http: httpx2.AsyncClient
) -> None:
    arrived, go = tmp_path / "arrived", tmp_path / "go"
    async with service_of(tmp_path, {"a": entry("a")}, MAX_CONCURRENT_SESSIONS="1") as service:
        opened = await post(http, service.url(), "initialize", **HELLO)
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        call = {"name": "a__wait", "arguments": {"arrived": str(arrived), "until": str(go)}}
        body = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": call}
        async with http.stream("POST", service.url(), json=body, headers=session):
            await until_exists(arrived)
        await until(lambda: not service.state.guard.answering)
        refused = await post(http, service.url(), "initialize", **HELLO)
        go.touch()
        await until(lambda: not service.state.endpoints.working)
        taken = await post(http, service.url(), "initialize", **HELLO)

    assert [refused.status_code, taken.status_code] == [503, 200]


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("GET", None),
        ("DELETE", None),
        ("POST", {}),
        ("POST", {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}),
        ("POST", {"jsonrpc": "2.0", "method": "initialize"}),
    ],
)
async def test_what_opens_no_session_costs_nobody_a_place(
    tmp_path: Path, http: httpx2.AsyncClient, method: str, body: Json | None
) -> None:
    async with service_of(tmp_path, {"a": ECHO}, MAX_CONCURRENT_SESSIONS="1") as service:
        opened = await post(http, service.url(), "initialize", **HELLO)
        refused = await http.request(method, service.url(), json=body)
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        pinged = await http.post(service.url(), headers=session, json={"jsonrpc": "2.0", "id": 3, "method": "ping"})

    assert [refused.status_code, pinged.status_code] == [400, 200]


async def test_a_request_that_comes_after_the_end_of_all_sessions_is_told_so(
    service: Service, http: httpx2.AsyncClient
) -> None:
    opened = await post(http, service.url(), "initialize", **HELLO)
    session = {"mcp-session-id": opened.headers["mcp-session-id"]}

    service.state.endpoints.end()
    await until(lambda: not service.state.endpoints.open_sessions)
    ping = await http.post(service.url(), headers=session, json={"jsonrpc": "2.0", "id": 2, "method": "ping"})

    assert ping.status_code == 503
    assert "shutting down" in ping.text
