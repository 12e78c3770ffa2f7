"""The subjects of the measurements: a server by itself, behind us, and behind the peer."""

import json
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import anyio

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.paths import variables_for
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.machine.own_process import module_command
from mcp_dynaload.measure.probe import ECHO, probe
from mcp_dynaload.measure.quality.labelled import characters_in_fours
from mcp_dynaload.measure.stdio_client import StdioClient, open_stdio_client

Step = Callable[[str], None]
"""Is told what is being measured."""

DIRECT, OURS, PEER = "direct", "mcp-dynaload", "FastMCP"
DYNAMIC_MCP, COMPRESSOR = "dynamic-mcp", "mcp-compressor"

SERVER = "echo"
"""The server that is called."""

_COMMAND = module_command("mcp_dynaload")
_PEER_SERVER = str(Path(__file__).with_name("fastmcp_proxy.py"))


@dataclass(frozen=True, slots=True)
class Subject:
    """A way to the tool of `SERVER`."""

    name: str
    opened: AbstractAsyncContextManager[StdioClient]
    said: Callable[[Json], tuple[str, Json]]
    """Makes of the tool's arguments what is called, and with which arguments."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder for what the measured processes keep, and the peer's Python."""

    folder: Path
    peer_python: str
    dynamic_mcp: str | None = None
    compressor: str | None = None
    """Programs of further peers, which put two tools of their own before each call."""

    def servers(self, name: str, entries: Json) -> Path:
        """Write a servers file of these entries."""
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")
        return file

    def subjects(self) -> list[Subject]:
        """Return all ways to a server that answers at once."""
        entry = server_entry()
        servers = self.servers("one", {SERVER: {**entry, "description": "Gives back what it is given"}})
        found = [
            Subject(DIRECT, self.direct(entry), lambda given: (ECHO, given)),
            Subject(OURS, self.ours(servers), lambda given: (f"{SERVER}__{ECHO}", given)),
            Subject(PEER, self.peer(servers), lambda given: (ECHO, given)),
        ]
        if (program := self.dynamic_mcp) is not None:
            opened = open_stdio_client(DYNAMIC_MCP, [program, str(servers)], os.environ)
            found.append(Subject(DYNAMIC_MCP, opened, _of_group))
        if (program := self.compressor) is not None:
            command = [program, "--config", str(servers)]
            opened = open_stdio_client(COMPRESSOR, command, os.environ, is_silenced=True)  # its banner
            found.append(Subject(COMPRESSOR, opened, _invoked))
        return found

    def direct(self, entry: Json) -> AbstractAsyncContextManager[StdioClient]:
        """Connect to the server of an entry, with nothing between."""
        return open_stdio_client(DIRECT, [entry["command"], *entry["args"]], os.environ)

    def ours(self, servers: Path, **variables: str) -> AbstractAsyncContextManager[StdioClient]:
        """Connect to us in front of the servers; what we know of them we keep from one start to the next."""
        command = [*_COMMAND, "serve", "--config", str(servers)]
        return open_stdio_client(OURS, command, self._environ() | variables)

    async def learn(self, servers: Path) -> None:
        """Have us list the servers' tools.

        Raises:
            DynaloadError: One could not be listed.
        """
        await self._run("refresh", "--config", str(servers))

    async def audited(self, kind: str) -> list[Json]:
        """Return the journal's entries of a kind.

        Raises:
            DynaloadError: It cannot be read.
        """
        return json.loads(await self._run("audit", "--kind", kind, "--limit", "100000", "--json"))["entries"]

    async def _run(self, *arguments: str) -> bytes:
        ended = await anyio.run_process([*_COMMAND, *arguments], check=False, env=self._environ())
        if ended.returncode:
            errors = ended.stderr.decode(errors="replace")[-500:]
            raise DynaloadError(f"`mcp-dynaload {arguments[0]}` failed: {errors}")
        return ended.stdout

    def _environ(self) -> dict[str, str]:
        return {**os.environ, **variables_for(self.folder), "MCP_DYNALOAD_LOG_LEVEL": "error"}

    def peer(self, servers: Path, *options: str) -> AbstractAsyncContextManager[StdioClient]:
        """Connect to FastMCP's proxy in front of them."""
        environ = {**os.environ, "FASTMCP_LOG_LEVEL": "ERROR", "FASTMCP_CHECK_FOR_UPDATES": "off"}
        return open_stdio_client(PEER, [self.peer_python, _PEER_SERVER, str(servers), *options], environ)


def _of_group(given: Json) -> tuple[str, Json]:
    return "call_dynamic_tool", {"group": SERVER, "name": ECHO, "args": given}


def _invoked(given: Json) -> tuple[str, Json]:
    # With one server its tools have no name before them.
    return "invoke_tool", {"tool_name": ECHO, "tool_input": given}


def server_entry(tools: Path | None = None) -> Json:
    """Return the entry of a server that answers at once, so that only what stands before it is measured."""
    entry = probe(tools=tools)
    return {"command": entry["command"], "args": entry["args"]}


async def listed(wire: StdioClient) -> list[Json]:
    """Return the definitions of the first `tools/list`, all pages."""
    found: list[Json] = []
    params: Json = {}
    while True:
        result = await wire.ask("tools/list", params)
        found += result["tools"]
        if not result.get("nextCursor"):
            return found
        params = {"cursor": result["nextCursor"]}


def tokens(definitions: object) -> int:
    """Count the tokens of the compact JSON."""
    return characters_in_fours(json.dumps(definitions, separators=(",", ":"), ensure_ascii=False))
