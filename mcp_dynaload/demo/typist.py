"""A client of the real proxy process that does what Claude Code with our hooks does."""

import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.session import IncomingMessage
from mcp_types import (
    CallToolResult,
    Implementation,
    RequestParamsMeta,
    TextContent,
    Tool,
    ToolListChangedNotification,
)

from mcp_dynaload.catalog.cost import CLIENT_PREFIX
from mcp_dynaload.catalog.names import HOOK_TOOL, SERVER_NAME, advertised_name, default_prefix
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.proxy.caller import PLUGIN_CALL, TOOL_USE_ID

READY_SECONDS = 0.2
"""A command that waits for the index takes longer than this until it is there."""

MAX_WAITS = 20


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """The answer to a hook's call."""

    fields: Json
    milliseconds: float
    """From the call to its answer, the client's re-reading of the list included."""

    @property
    def context(self) -> str:
        """The text that is put beside the prompt."""
        return str(json_object(self.fields.get("hookSpecificOutput")).get("additionalContext") or "")

    @property
    def selected(self) -> tuple[str, ...]:
        """The advertised names of the tools that the mod is to select."""
        names: list[str] = self.fields.get("select") or []
        return tuple(name.removeprefix(CLIENT_PREFIX) for name in names)

    @property
    def reason(self) -> str | None:
        """The answer of a command that was run; None if none was."""
        return str(self.fields["reason"]) if self.fields.get("decision") == "block" else None


@dataclass(slots=True)
class Typist:
    """A client that types, clears and calls; made by `typist`."""

    client: Client
    session_id: str

    has_plugin: bool = False
    """The hooks are those of our plugin."""

    async def hook(self, event: str, **fields: str) -> HookAnswer:
        """Call the hook tool as the client's settings say."""
        told = {"plugin": "true"} if self.has_plugin else {}
        return await self._told({"session_id": self.session_id, "event": event, **fields, **told})

    async def ask(self, event: str, **fields: str) -> HookAnswer:
        """Call the hook tool as the plugin's mod does."""
        return await self._told({"event": event, **fields}, {TOOL_USE_ID: f"{PLUGIN_CALL}{uuid4().hex}"})

    async def _told(self, arguments: dict[str, str], meta: RequestParamsMeta | None = None) -> HookAnswer:
        started = time.perf_counter()
        result = await self.client.call_tool(HOOK_TOOL, arguments, meta=meta)
        milliseconds = (time.perf_counter() - started) * 1000
        return HookAnswer(json_object(json.loads(text_of(result))), milliseconds)

    async def prompt(self, text: str) -> HookAnswer:
        """Send a prompt."""
        return await self.hook("UserPromptSubmit", prompt=text)

    async def command(self, line: str) -> HookAnswer:
        """Choose one of the proxy's commands, and type words after it."""
        name, _, words = line.partition(" ")
        return await self.hook("UserPromptExpansion", command_name=f"mcp__{SERVER_NAME}__{name}", command_args=words)

    async def clear(self) -> None:
        """Start over; the client gives the conversation another id."""
        self.session_id = uuid4().hex
        await self.hook("SessionStart", source="clear")

    async def listed(self) -> tuple[Tool, ...]:
        """Return the list as it is now, without the tool that the plugin takes off what the model is offered."""
        return tuple(tool for tool in (await self.client.list_tools()).tools if tool.name != HOOK_TOOL)

    async def call(self, name: str, arguments: Mapping[str, object]) -> CallToolResult:
        """Call a tool.

        Raises:
            MCPError: The proxy has none of that name.
        """
        return await self.client.call_tool(name, dict(arguments))

    async def is_ready(self) -> None:
        """Wait as long as a user needs to begin typing: until the index is there."""
        for _ in range(MAX_WAITS):
            if (await self.command("find anything")).milliseconds < READY_SECONDS * 1000:
                return


@asynccontextmanager
async def typist(
    server: StdioServerParameters | str, session_id: str = "", *, has_plugin: bool = False
) -> AsyncGenerator[Typist]:
    """Connect a client, to a process or an address, that lists again whenever it is told that the list has changed."""
    send, receive = anyio.create_memory_object_stream[None](100)

    async def heard(message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            send.send_nowait(None)

    introduction = Implementation(name="claude-code", version="demo")
    async with (
        send,
        receive,
        Client(server, mode="legacy", cache=None, message_handler=heard, client_info=introduction) as client,
        anyio.create_task_group() as tasks,
    ):
        await client.list_tools()

        async def list_refresh() -> None:
            async for _ in receive:
                await client.list_tools()

        tasks.start_soon(list_refresh)
        yield Typist(client, session_id or uuid4().hex, has_plugin)
        tasks.cancel_scope.cancel()


def full_name(tool: str) -> str:
    """Return the advertised name of `server.tool`."""
    server, _, original = tool.partition(".")
    return advertised_name(default_prefix(server), original)


def text_of(result: CallToolResult) -> str:
    """Return the text blocks of a result."""
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))
