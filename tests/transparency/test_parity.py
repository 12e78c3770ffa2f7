"""The same client does the same directly and through the proxy, and sees the same."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import MCPError
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.jsonrpc_dispatcher import JSONRPCDispatcher
from mcp.shared.transport_context import TransportContext
from mcp_types import METHOD_NOT_FOUND

from mcp_dynaload.catalog.tool import Json
from tests.transparency import outspoken
from tests.transparency.peer import Peer, Streams, connected
from tests.transparency.script import FORM, STEPS, URL, WEIRD, run_script
from tests.transparency.serving import joined, proxied, python_entry, served
from tests.waiting import HANG_SECONDS

STDIO = python_entry("tests.transparency.outspoken")

Runs = tuple[dict[str, Any], dict[str, Any]]
"""The view of each step, directly and through the proxy."""


@asynccontextmanager
async def upstream(transport: str) -> AsyncGenerator[tuple[Json, Streams]]:
    """Open the outspoken server: its entry for the proxy and a transport straight to it."""
    async with AsyncExitStack() as stack:
        if transport == "stdio":
            parameters = StdioServerParameters(command=STDIO["command"], args=STDIO["args"], env=STDIO["env"])
            yield STDIO, stdio_client(parameters)
        elif transport == "http":
            url = await stack.enter_async_context(served(outspoken.build_server().streamable_http_app())) + "/mcp"
            yield {"type": "http", "url": url, "dynaload": {"prefix": ""}}, streamable_http_client(url)
        else:
            url = await stack.enter_async_context(served(outspoken.sse_app())) + "/sse"
            yield {"type": "sse", "url": url, "dynaload": {"prefix": ""}}, sse_client(url)


async def run_twice(transport: str, folder: Path) -> Runs:
    async with upstream(transport) as (entry, streams):
        async with connected(streams) as peer:
            direct = await run_script(peer)
        async with proxied(folder, {"outspoken": entry}) as proxy, connected(joined(proxy)) as peer:
            return direct, await run_script(peer)


@pytest.fixture(scope="module", params=["stdio", "http", "sse"])
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return anyio.run(run_twice, request.param, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize("step", [step.__name__ for step in STEPS])
@pytest.mark.proves("parity")
def test_a_step_sees_the_same_through_the_proxy(runs: Runs, step: str) -> None:
    direct, through = runs

    assert through[step] == direct[step]


def test_the_steps_see_what_they_are_made_for(runs: Runs) -> None:
    direct, _ = runs

    assert {key: len(items) for key, items in direct["lists"].items()} == {
        "tools": 13, "prompts": 5, "resources": 4, "resourceTemplates": 4
    }  # fmt: skip
    assert direct["tool_result"]["structuredContent"]["arguments"] == WEIRD
    assert direct["tool_errors"][0]["error"] == {"code": -32050, "message": "not today ☃", "data": {"deep": [1, None]}}
    assert len(direct["large_payloads"]["content"][0]["text"]) == 120_000
    assert [said["progress"] for said in direct["progress"][1]] == [0, 0.5, 1]
    assert [said["level"] for said in direct["log_messages"][1]][-5:] == [
        "emergency",
        "error",
        "critical",
        "alert",
        "emergency",
    ]
    assert direct["elicitation"][1] == [FORM, URL]
    assert direct["cancellation"]["structuredContent"]["happened"] == "cancelled"
    assert [update["uri"] for update in direct["subscriptions"][1]] == ["note://one", "song://two"]


@pytest.fixture(params=["stdio", "http"])
async def peer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Peer]:
    async with (
        upstream(request.param) as (entry, _),
        proxied(tmp_path, {"outspoken": entry}) as proxy,
        connected(joined(proxy)) as peer,
    ):
        yield peer


async def test_a_result_of_many_megabytes_passes(peer: Peer) -> None:
    result = await peer.call("large", {"times": 1_000_000})

    assert result["content"][0]["text"] == "é\u2028\U0001f40d" * 1_000_000


async def test_the_first_call_finds_the_log_level_that_was_set_before(peer: Peer) -> None:
    await peer.request("tools/list")
    await peer.request("logging/setLevel", {"level": "alert"})

    result = await peer.call("log")

    assert result["structuredContent"] == {"least": "alert"}


async def test_progress_with_an_answer_reaches_the_upstream_that_asked(peer: Peer) -> None:
    question = {**FORM, "_meta": {"progressToken": "up-7"}}
    peer.while_asked = lambda: peer.notify("notifications/progress", {"progressToken": "up-7", "progress": 0.3})

    await peer.call("ask", {"method": "elicitation/create", "params": question})
    told = await peer.call("report", {"what": "notifications/progress"})

    assert told["structuredContent"]["with"] == {"progressToken": "up-7", "progress": 0.3}


async def test_a_lone_surrogate_in_a_result_of_a_child_process_passes(tmp_path: Path) -> None:
    entry = python_entry("tests.transparency.unpaired")

    async with proxied(tmp_path, {"unpaired": entry}) as proxy, connected(joined(proxy)) as peer:
        result = await peer.call("say", {"text": "and \udc00 back"})

    assert result["content"] == [{"type": "text", "text": "\ud83d alone, and \udc00 back"}]


async def test_a_question_is_withdrawn_when_its_call_is_cancelled(peer: Peer) -> None:
    asked, withdrawn = anyio.Event(), anyio.Event()

    async def think() -> None:
        asked.set()
        try:
            await anyio.sleep_forever()
        finally:
            withdrawn.set()

    peer.while_asked = think
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(peer.call, "ask", {"method": "elicitation/create", "params": FORM})
        with anyio.fail_after(HANG_SECONDS):
            await asked.wait()
        tasks.cancel_scope.cancel()

    with anyio.fail_after(HANG_SECONDS):
        await withdrawn.wait()


async def test_what_a_client_says_of_itself_reaches_the_upstream_as_it_said_it(tmp_path: Path) -> None:
    introduction: Json = {
        "protocolVersion": "2025-11-25",
        "clientInfo": {"name": "raw", "version": "0", "xBuild": [1]},
        "capabilities": {"roots": {}, "experimental": {"a": {}}, "xCapability": {"deep": None}},
    }
    async with proxied(tmp_path, {"outspoken": STDIO}) as proxy, joined(proxy) as (read, write):
        client = JSONRPCDispatcher[TransportContext](read, write)
        async with anyio.create_task_group() as tasks:
            await tasks.start(client.run, refuse_all, ignore_all)
            await client.send_raw_request("initialize", introduction)
            await client.notify("notifications/initialized", None)
            seen = (await client.send_raw_request("tools/call", {"name": "identify"}))["structuredContent"]

            assert seen["clientInfo"] == introduction["clientInfo"]
            assert seen["capabilities"] == introduction["capabilities"]
            tasks.cancel_scope.cancel()


async def refuse_all(context: Any, method: str, params: Any) -> Json:
    raise MCPError(code=METHOD_NOT_FOUND, message=method)


async def ignore_all(context: Any, method: str, params: Any) -> None:
    """Ignore everything: this client listens to nothing."""


async def test_progress_while_a_server_starts_stays_below_its_own(tmp_path: Path) -> None:
    dynamic = {"DYNAMIC_LOADING_ENABLED": "true"}
    async with proxied(tmp_path, {"outspoken": STDIO}, environ=dynamic) as proxy, connected(joined(proxy)) as peer:
        await peer.call("echo")
    async with proxied(tmp_path, {"outspoken": STDIO}, environ=dynamic) as proxy, connected(joined(proxy)) as peer:
        await peer.call("progress", _meta={"progressToken": "s"})
        heard = [said["progress"] for said in peer.heard.take("notifications/progress")]

    assert heard[-3:] == [0, 0.5, 1]
    assert len(heard) > 3
    assert heard == sorted(set(heard))
