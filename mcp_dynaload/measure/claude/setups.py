"""The set-ups that are compared: the client's files in each, and the model's way to the tools."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mcp_dynaload.catalog.names import FIND_TOOLS, SERVER_NAME
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.paths import PROJECT_VARIABLE
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.hosts.claude_code.hooks import hook_settings
from mcp_dynaload.machine.own_process import module_command
from mcp_dynaload.measure.claude.servers import BenchServers
from mcp_dynaload.measure.claude.tasks import Key
from mcp_dynaload.measure.claude.ways import (
    PEER_SERVER,
    CompressedTools,
    GroupedTools,
    SearchedTools,
    ToolsByName,
    Way,
    direct_name,
)

ALL_LOADED = "all loaded"
NATIVE = "tool search"
BY_NAME = "tool search, by name"
FASTMCP = "FastMCP"
DYNAMIC_MCP = "dynamic-mcp"
COMPRESSOR = "mcp-compressor"
HOOKS = "ours, hooks"
PLUGIN = "ours, plugin"
OURS = (HOOKS, PLUGIN)
ORDER = (ALL_LOADED, NATIVE, BY_NAME, FASTMCP, DYNAMIC_MCP, COMPRESSOR, *OURS)

PATIENT = {"DETECTION_TIMEOUT_MS": "30000"}
"""With it what is chosen does not depend on how busy the machine is."""

SLOW_START = {"MCP_TIMEOUT": "120000", "MCP_TOOL_TIMEOUT": "120000"}
"""The client waits so many milliseconds for any server, so that a slow start costs time and no task."""

_FASTMCP_SERVER = str(Path(__file__).parents[1] / "peers" / "fastmcp_proxy.py")
_PLUGIN_FOLDER = Path(__file__).parents[2] / "plugin"
_COMMAND = module_command("mcp_dynaload")


@dataclass(frozen=True, slots=True)
class ClientFiles:
    """The configuration with which a client starts."""

    servers: Json
    """As in its servers file."""

    environment: Mapping[str, str]
    settings: Json
    plugin: Path | None = None


@dataclass(frozen=True, slots=True)
class SetUp:
    """One way to have many servers in the client."""

    name: str
    way: Way
    files: Callable[[Path], ClientFiles]
    """Makes them in a session's folder; two sessions share nothing that is written."""


@dataclass(frozen=True, slots=True)
class SetUps:
    """A builder of set-ups over the same servers."""

    servers: BenchServers
    advertised: Mapping[Key, str]
    """The name under which we list each tool."""

    folder: Path
    project: Path

    def direct(self, name: str, *, is_searched: bool, by_name: bool = False) -> SetUp:
        """Return the client with all servers itself."""
        names = {key: direct_name(key) for key in self.servers.definitions}
        search = {} if is_searched else {"ENABLE_TOOL_SEARCH": "false"}
        files = ClientFiles(dict(self.servers.entries), search | SLOW_START, _allowing(self.servers.entries))
        return SetUp(name, ToolsByName(names, self.servers.arguments, by_name=by_name), lambda _: files)

    def fastmcp(self, python: str) -> SetUp:
        """Return the client with FastMCP's proxy and its BM25 search, whose two tools are always loaded."""
        file = self._servers_file("fastmcp.json", self.servers.entries)
        environ = {"FASTMCP_LOG_LEVEL": "ERROR", "FASTMCP_CHECK_FOR_UPDATES": "off"}
        entry: Json = {"command": python, "args": [_FASTMCP_SERVER, str(file), "--search", "--keep"], "env": environ}
        return SetUp(FASTMCP, SearchedTools(self.servers.arguments), lambda _: _peer(entry))

    def dynamic_mcp(self, program: str) -> SetUp:
        """Return the client with dynamic-mcp, whose two tools are always loaded."""
        described = {name: {**entry, "description": f"Tools of {name}"} for name, entry in self.servers.entries.items()}
        entry: Json = {"command": program, "args": [str(self._servers_file("dynamic-mcp.json", described))]}
        return SetUp(DYNAMIC_MCP, GroupedTools(self.servers.arguments), lambda _: _peer(entry))

    def compressor(self, program: str) -> SetUp:
        """Return the client with mcp-compressor, whose two tools of each server are always loaded."""
        file = self._servers_file("mcp-compressor.json", self.servers.entries)
        entry: Json = {"command": program, "args": ["--config", str(file)]}
        return SetUp(COMPRESSOR, CompressedTools(self.servers.arguments), lambda _: _peer(entry))

    def ours(self, name: str, *, has_plugin: bool) -> SetUp:
        """Return the client with us, our hooks in its settings or in our plugin; we know the servers' tools already.

        Raises:
            DynaloadError: A server could not be listed.
        """
        file, filled = self._servers_file("ours.json", self.servers.entries), self.folder / "filled"
        if not filled.exists():
            self._fill(file, filled)
        names = {key: f"mcp__{SERVER_NAME}__{name}" for key, name in self.advertised.items()}
        finder = f"mcp__{SERVER_NAME}__{FIND_TOOLS}"

        def files(session: Path) -> ClientFiles:
            state = session / "state"
            shutil.copytree(filled, state)
            environ = {"MCP_DYNALOAD_CONFIG_DIR": str(session / "config"), "MCP_DYNALOAD_STATE_DIR": str(state)}
            command, *arguments = (*_COMMAND, "serve", "--config", str(file))
            entry: Json = {"command": command, "args": arguments, "env": environ | PATIENT}
            plugin = shutil.copytree(_PLUGIN_FOLDER, session / "plugin") if has_plugin else None
            settings = _allowing([SERVER_NAME]) | ({} if has_plugin else hook_settings())
            return ClientFiles({SERVER_NAME: entry}, SLOW_START, settings, plugin)

        return SetUp(name, ToolsByName(names, self.servers.arguments, finder=finder), files)

    def _servers_file(self, name: str, entries: Mapping[str, Json]) -> Path:
        file = self.folder / name
        file.write_text(json.dumps({"mcpServers": dict(entries)}), encoding="utf-8")
        return file

    def _fill(self, servers: Path, state: Path) -> None:
        """Have us list the servers once, as `init` does."""
        environ = {
            **os.environ,
            "MCP_DYNALOAD_CONFIG_DIR": str(self.folder / "config"),
            "MCP_DYNALOAD_STATE_DIR": str(state),
            PROJECT_VARIABLE: str(self.project),
        }
        command = [*_COMMAND, "refresh", "--config", str(servers)]
        done = subprocess.run(command, cwd=self.project, env=environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DynaloadError(f"the servers of the bench could not be listed: {done.stdout}\n{done.stderr}")


def _peer(entry: Json) -> ClientFiles:
    return ClientFiles({PEER_SERVER: {**entry, "alwaysLoad": True}}, SLOW_START, _allowing([PEER_SERVER]))


def _allowing(servers: Sequence[str] | Mapping[str, Json]) -> Json:
    return {"permissions": {"allow": [f"mcp__{server}__*" for server in servers]}}
