"""The real `mcp_dynaload serve` process in front of scripted servers, with a home and state of its own."""

import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import anyio
import psutil
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult, Implementation, TextContent, ToolListChangedNotification

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.caller import HOOK_MARK
from tests.faults.scripted import is_alive
from tests.programs import PYTHON
from tests.waiting import PATIENT


@dataclass
class Place:
    """The folders of one user, and the servers that they configured."""

    folder: Path
    servers: Mapping[str, Json]
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    python: str = sys.executable
    """The program that starts the proxy: `PYTHON` where neither its start nor its end nor whose child it is matters."""

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def project(self) -> Path:
        return self.folder / "project"

    @property
    def log(self) -> str:
        file = self.state / "logs" / "dynaload.log"
        return file.read_text() if file.is_file() else ""

    def environment(self) -> dict[str, str]:
        places = {
            "HOME": str(self.folder),
            "MCP_DYNALOAD_CONFIG_DIR": str(self.folder / "config"),
            "MCP_DYNALOAD_STATE_DIR": str(self.state),
            "CLAUDE_PROJECT_DIR": str(self.project),
            "CLAUDE_CODE_ENTRYPOINT": "sdk-cli",
        }
        return {"PATH": os.environ["PATH"], **PATIENT, **places, **self.variables}

    def command(self) -> list[str]:
        self.project.mkdir(parents=True, exist_ok=True)
        file = self.folder / "servers.json"
        file.write_text(json.dumps({"mcpServers": self.servers}))
        return [self.python, "-m", "mcp_dynaload", "serve", "--config", str(file)]

    async def fill_cache(self) -> None:
        """List all servers once, as `mcp-dynaload refresh` does."""
        *_, file = self.command()
        command = [PYTHON, "-m", "mcp_dynaload", "refresh", "--config", file]
        await anyio.run_process(command, env=self.environment(), cwd=self.project, check=False)


@dataclass
class Proxy:
    """A connected client, and what it was told."""

    client: Client
    process: psutil.Process
    list_changes: int = 0

    def upstreams(self) -> list[psutil.Process]:
        return [child for child in self.process.children() if is_alive(child.pid)]

    async def names(self) -> list[str]:
        return [tool.name for tool in (await self.client.list_tools(cache_mode="refresh")).tools]

    async def hook(self, event: str, **fields: object) -> Json:
        arguments = {"event": event, **fields}
        return json.loads(text_of(await self.client.call_tool("dynaload_hook", arguments, meta={HOOK_MARK: True})))

    async def text(self, called: str, **arguments: object) -> str:
        return text_of(await self.client.call_tool(called, arguments))


def text_of(result: CallToolResult) -> str:
    content = result.content[0]
    assert isinstance(content, TextContent)
    return content.text


def process_with(variable: str, value: str) -> psutil.Process:
    """Return the child of ours that has this in its environment."""
    (process,) = [child for child in psutil.Process().children() if child.environ().get(variable) == value]
    return process


@asynccontextmanager
async def connected(place: Place) -> AsyncGenerator[Proxy]:
    """Connect a client to the proxy that lists the tools anew whenever it is told to, as Claude Code does."""
    command = place.command()
    variables = {**place.environment(), "TEST_CONNECTION": (connection := uuid4().hex)}
    proxy: Proxy | None = None

    async def on_message(message: object) -> None:
        if isinstance(message, ToolListChangedNotification) and proxy is not None:
            proxy.list_changes += 1
            tasks.start_soon(proxy.names)

    parameters = StdioServerParameters(command=command[0], args=command[1:], env=variables, cwd=str(place.project))
    with (place.folder / "stderr").open("a") as stderr:
        transport = stdio_client(parameters, errlog=stderr)
        async with (
            anyio.create_task_group() as tasks,
            Client(
                transport,
                mode="legacy",
                message_handler=on_message,
                client_info=Implementation(name="mcp-dynaload-tests", version="1"),
            ) as client,
        ):
            proxy = Proxy(client, process_with("TEST_CONNECTION", connection))
            yield proxy
            tasks.cancel_scope.cancel()
