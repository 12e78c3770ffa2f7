"""Runs the scenarios through the real proxy, as a client with hooks would."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.session import IncomingMessage
from mcp_types import CallToolResult, TextContent, ToolListChangedNotification

from mcp_dynaload.catalog.names import HOOK_TOOL, advertised_name, default_prefix
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.demo.scenarios import Call, Scenario


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """One real call through the proxy."""

    call: Call
    milliseconds: float
    works: bool
    """The expected text is in the result."""

    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one prompt came to."""

    scenario: Scenario
    listed: tuple[str, ...]
    """Advertised names after the prompt, our own tool included."""

    context: str
    """What the hook's answer puts beside the prompt."""

    milliseconds: float
    """From the hook's call to its answer, the client's re-reading of the list included."""

    calls: tuple[CallOutcome, ...]

    @property
    def needed(self) -> tuple[str, ...]:
        """Advertised names of the tools that the prompt needs."""
        return tuple(map(_name, self.scenario.needs))

    @property
    def missed(self) -> tuple[str, ...]:
        """Needed tools that were not loaded."""
        return tuple(name for name in self.needed if name not in self.listed)


async def drive(server: StdioServerParameters, scenarios: Sequence[Scenario]) -> AsyncIterator[Outcome]:
    """Type each prompt into a cleared session of the proxy, and make the scenario's calls."""
    async with _connected(server) as client:
        for scenario in scenarios:
            await _hook(client, {"event": "SessionStart", "source": "clear"})
            started = time.perf_counter()
            answer = await _hook(client, {"event": "UserPromptSubmit", "prompt": scenario.prompt})
            milliseconds = (time.perf_counter() - started) * 1000
            listed = tuple(tool.name for tool in (await client.list_tools()).tools)
            calls = tuple([await _call(client, call) for call in scenario.calls])
            yield Outcome(scenario, listed, answer, milliseconds, calls)


@asynccontextmanager
async def _connected(server: StdioServerParameters) -> AsyncGenerator[Client]:
    """A client that lists again whenever it is told that the list has changed, as Claude Code does."""
    send, receive = anyio.create_memory_object_stream[None](100)

    async def heard(message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            send.send_nowait(None)

    async with (
        send,
        receive,
        Client(server, mode="legacy", cache=None, message_handler=heard) as client,
        anyio.create_task_group() as tasks,
    ):
        await client.list_tools()

        async def reread() -> None:
            async for _ in receive:
                await client.list_tools()

        tasks.start_soon(reread)
        yield client
        tasks.cancel_scope.cancel()


async def _hook(client: Client, fields: Mapping[str, str]) -> str:
    result = await client.call_tool(HOOK_TOOL, {"session_id": "demo", **fields})
    return _text(result)


async def _call(client: Client, call: Call) -> CallOutcome:
    arguments: Json = dict(call.arguments)
    started = time.perf_counter()
    result = await client.call_tool(_name((call.server, call.tool)), arguments)
    milliseconds = (time.perf_counter() - started) * 1000
    text = _text(result)
    return CallOutcome(call, milliseconds, not result.is_error and call.expected in text, text)


def _name(need: tuple[str, str]) -> str:
    server, tool = need
    return advertised_name(default_prefix(server), tool)


def _text(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))
