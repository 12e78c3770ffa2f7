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
from mcp_dynaload.measure.probe import probe
from mcp_dynaload.measure.quality.labelled import characters_in_fours
from mcp_dynaload.measure.stdio_client import StdioClient, open_stdio_client

Step = Callable[[str], None]
"""Is told what is being measured."""

DIRECT, OURS, PEER = "direct", "mcp-dynaload", "FastMCP"

_COMMAND = module_command("mcp_dynaload")
_PEER_SERVER = str(Path(__file__).with_name("fastmcp_proxy.py"))


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder for what the measured processes keep, and the peer's Python."""

    folder: Path
    peer_python: str

    def servers(self, name: str, entries: Json) -> Path:
        """Write a servers file of these entries."""
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")
        return file

    def direct(self, entry: Json) -> AbstractAsyncContextManager[StdioClient]:
        """Connect to the server of an entry, with nothing between."""
        return open_stdio_client(DIRECT, [entry["command"], *entry["args"]], os.environ)

    def ours(self, servers: Path) -> AbstractAsyncContextManager[StdioClient]:
        """Connect to us in front of the servers; what we know of them we keep from one start to the next."""
        return open_stdio_client(OURS, [*_COMMAND, "serve", "--config", str(servers)], self._environ())

    async def learn(self, servers: Path) -> None:
        """Have us list the servers' tools.

        Raises:
            DynaloadError: One could not be listed.
        """
        ended = await anyio.run_process(
            [*_COMMAND, "refresh", "--config", str(servers)], check=False, env=self._environ()
        )
        if ended.returncode:
            raise DynaloadError(f"the servers could not be listed: {ended.stderr.decode(errors='replace')[-500:]}")

    def _environ(self) -> dict[str, str]:
        return {**os.environ, **variables_for(self.folder), "MCP_DYNALOAD_LOG_LEVEL": "error"}

    def peer(self, servers: Path, *options: str) -> AbstractAsyncContextManager[StdioClient]:
        """Connect to FastMCP's proxy in front of them."""
        environ = {**os.environ, "FASTMCP_LOG_LEVEL": "ERROR", "FASTMCP_CHECK_FOR_UPDATES": "off"}
        return open_stdio_client(PEER, [self.peer_python, _PEER_SERVER, str(servers), *options], environ)


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
