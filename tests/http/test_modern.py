"""Clients of revision 2026-07-28 with `protocol = "modern"`: a fixed list, and all tools through `call_tool`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import INVALID_PARAMS, Implementation
from mcp_types.version import LATEST_MODERN_VERSION

from tests.faults.scripted import entry, is_alive, tool, until, until_gone
from tests.http.services import CLAUDE_CODE, Service, service_of
from tests.proxy.clients import text_of

pytestmark = pytest.mark.proves("service-modern")

MODERN = {"MCP_DYNALOAD_PROTOCOL": "modern"}
OFFERS = {"tools": [tool(name, about) for name, about in (("echo", "Repeat the words"), ("pid", "Process number"))]}
SERVERS = {
    "a": entry("a", offers=OFFERS, options={"pin": ["pid"]}),
    "b": entry("b", offers={"tools": [tool("progress")]}),
}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncGenerator[Service]:
    async with service_of(tmp_path, SERVERS, **MODERN) as service:
        yield service


@asynccontextmanager
async def visitor(service: Service, **options: Any) -> AsyncGenerator[Client]:
    async with Client(service.url(), mode="auto", **options) as client:
        yield client


async def names(client: Client) -> list[str]:
    return [tool.name for tool in (await client.list_tools(cache_mode="refresh")).tools]


async def test_the_list_has_what_is_pinned_and_does_not_change_by_what_the_client_does(service: Service) -> None:
    async with visitor(service) as client:
        before = await names(client)
        found = text_of(await client.call_tool("find_tools", {"query": "repeat words"}))
        called = await client.call_tool("call_tool", {"name": "a__echo", "arguments": {"x": 1}})

        assert client.protocol_version == LATEST_MODERN_VERSION
        assert before == ["a__pid", "call_tool", "find_tools"]
        assert '"name":"a__echo"' in found
        assert text_of(called) == '{"x": 1}'
        assert await names(client) == before
        assert client.server_capabilities.tools is not None
        assert not client.server_capabilities.tools.list_changed


async def test_what_the_user_unloaded_is_refused_through_call_tool_too(service: Service) -> None:
    async with visitor(service) as client:
        await client.get_prompt("unload", {"tool": "a__echo"})

        refused = await client.call_tool("call_tool", {"name": "a__echo"})

    assert refused.is_error
    assert "unloaded" in text_of(refused)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "needs a text 'name'"),
        ({"name": "find_tools"}, "no tool of a connected server"),
        ({"name": "a__echo", "arguments": "x"}, "must be an object"),
        ({"name": "a__ecko"}, "Did you mean 'a__echo'"),
    ],
)
async def test_a_call_that_makes_no_sense_is_explained(
    service: Service, arguments: dict[str, object], words: str
) -> None:
    async with visitor(service) as client:
        with pytest.raises(MCPError, match=words) as caught:
            await client.call_tool("call_tool", arguments)
        assert caught.value.error.code == INVALID_PARAMS


async def test_progress_comes_on_the_stream_of_its_request(service: Service) -> None:
    told: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)

    async with visitor(service) as client:
        await client.call_tool("call_tool", {"name": "b__progress"}, progress_callback=note)

    assert told == [-1.0, 1.0]  # the first of ours: its server is being started


async def test_all_requests_of_a_user_use_one_session_which_ends_when_none_has_come(tmp_path: Path) -> None:
    async with service_of(tmp_path, SERVERS, **MODERN, MCP_DYNALOAD_SESSION_IDLE_SECONDS="0.5") as service:
        async with visitor(service) as client:
            pids = {text_of(await client.call_tool("a__pid", {})) for _ in range(2)}
        (pid,) = pids
        assert is_alive(int(pid))
        await until_gone([int(pid)])
        await until(lambda: service.state.proxy.sessions == ())
        async with visitor(service) as client:
            assert text_of(await client.call_tool("a__pid", {})) != pid


async def test_an_unknown_resource_has_the_revisions_code(service: Service) -> None:
    async with visitor(service) as client:
        with pytest.raises(MCPError) as caught:
            await client.read_resource("note://none")

    assert caught.value.error.code == INVALID_PARAMS


async def test_claude_code_is_sent_back_to_the_handshake_where_it_has_a_list_that_follows_the_task(
    service: Service,
) -> None:
    async with visitor(service, client_info=CLAUDE_CODE) as client:
        assert client.protocol_version == "2025-11-25"
        assert await names(client) == ["a__pid", "find_tools"]


async def test_a_handshake_client_that_does_not_follow_changes_has_call_tool(service: Service) -> None:
    info = Implementation(name="some-editor", version="1")
    async with service.client("sse", info=info) as other, service.client() as claude:
        assert await other.names() == ["a__pid", "call_tool", "find_tools"]
        assert await other.say("call_tool", name="a__echo", arguments={"y": 2}) == '{"y": 2}'
        assert await claude.names() == ["a__pid", "find_tools"]
        with pytest.raises(MCPError, match="There is no tool 'call_tool'"):
            await claude.call("call_tool", name="a__echo")
