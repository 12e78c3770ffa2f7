"""A message that the SDK's HTTP transports cannot write harms its own call only, on whichever side of us it is."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from mcp import Client, MCPError
from mcp_types import CallToolResult

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import UpstreamAnswerError
from tests.faults.odd_http_server import Odd, OddServer, OddSseServer
from tests.faults.scripted import COMMANDS, entry, tool, tools
from tests.http.services import Service, service_of
from tests.transparency.serving import served
from tests.upstream.sessions import call, pool_of, say
from tests.upstream.test_http_answers import ANSWER, far
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("plain-json")

HALF = '"\\ud800"'
DEEP = "[" * 400 + "]" * 400
RESULT = '{"jsonrpc":"2.0","id":{id},"result":{"content":[],"structuredContent":{"x":VALUE,"\\udfff":1}}}'
ERROR = '{"jsonrpc":"2.0","id":{id},"error":{"code":-32050,"message":"no \\ud800","data":VALUE}}'
NOTE = '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":VALUE}}'

Call = Callable[[str, Json], Awaitable[CallToolResult]]


@asynccontextmanager
async def caller(service: Service, transport: str) -> AsyncGenerator[Call]:
    """Yield a function that calls tools over a transport, or as a client of the newest revision does."""
    if transport == "modern":
        async with Client(service.url(), mode="auto") as modern:
            yield lambda name, arguments: modern.call_tool("call_tool", {"name": name, "arguments": arguments})
        return
    async with service.client(transport) as connected:
        yield connected.client.call_tool


@pytest.mark.parametrize("transport", ["http", "sse", "modern"])
async def test_an_odd_answer_over_http_is_mended_or_told_and_the_session_goes_on(
    tmp_path: Path, transport: str
) -> None:
    offers = {"tools": [tool("odd", "Half of \ud800"), *tools(*COMMANDS)]}
    variables = {"MCP_DYNALOAD_PROTOCOL": "modern"} if transport == "modern" else {}
    async with (
        service_of(tmp_path, {"a": entry("a", offers=offers)}, **variables) as service,
        caller(service, transport) as called,
    ):
        with anyio.fail_after(HANG_SECONDS):
            mended = await called("a__raw", {"line": RESULT.replace("VALUE", HALF)})
            told: list[str] = []
            for line in (RESULT.replace("VALUE", DEEP), ERROR.replace("VALUE", HALF), ERROR.replace("VALUE", DEEP)):
                with pytest.raises(MCPError) as caught:
                    await called("a__raw", {"line": line})
                told.append(caught.value.error.message)
            for value in (HALF, DEEP):
                await called("a__print", {"text": NOTE.replace("VALUE", value)})
            last = await called("a__echo", {"x": 1})

    assert mended.structured_content == {"x": "�", "�": 1}
    assert told[1] == "no �"
    assert told[0].endswith("cannot be told: it is nested too deeply to be sent over HTTP")
    assert told[2].endswith("cannot be told: it is nested too deeply to be sent over HTTP")
    assert last.content[0].model_dump()["text"] == '{"x": 1}'


async def test_a_list_with_half_of_a_character_in_it_is_listed_over_http(tmp_path: Path) -> None:
    offers = {"tools": [tool("odd", "Half of \ud800")]}
    async with (
        service_of(tmp_path, {"a": entry("a", offers=offers)}, DYNAMIC_LOADING_ENABLED="false") as service,
        service.client() as connected,
    ):
        listed = await connected.client.list_tools()

    assert [(tool.name, tool.description) for tool in listed.tools] == [("a__odd", "Half of �")]


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_what_cannot_be_said_to_a_server_behind_http_costs_it_no_connection(
    tmp_path: Path, transport: str
) -> None:
    odd = Odd(body=ANSWER)
    server, kind = (OddSseServer(odd), "sse") if transport == "sse" else (OddServer(odd), "http")
    async with served(server) as url, pool_of(tmp_path, far(url, kind)) as pool:
        with anyio.fail_after(HANG_SECONDS):
            assert await say(pool, "far", "echo", x="\ud800") == "done"
            running = pool.running
            with pytest.raises(UpstreamAnswerError) as caught:
                await call(pool, "far", "echo", x=json.loads(DEEP))
            assert await say(pool, "far", "echo", x=1) == "done"

    assert "what was asked cannot be said: it is nested too deeply to be sent over HTTP" in str(caught.value)
    assert running
