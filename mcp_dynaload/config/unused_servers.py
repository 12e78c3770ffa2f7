"""The servers that files name and that are not used, and why: for who calls a tool of one of them all the same."""

from collections.abc import Iterable
from dataclasses import dataclass

from mcp_dynaload.catalog.names import default_prefix
from mcp_dynaload.catalog.tool import json_object
from mcp_dynaload.config.problems import ConfigProblem
from mcp_dynaload.config.server_entry import OPTIONS_KEY, SERVERS_KEY
from mcp_dynaload.config.servers_source import ServersSource

MAX_PROBLEMS = 3
"""The mistakes of one entry that are told to who calls its tools; `doctor` tells all."""


@dataclass(frozen=True, slots=True)
class UnusedServer:
    """A server that is not used."""

    name: str
    prefix: str
    """The prefix that its tools would have, as far as it can be told."""

    why: str

    def __str__(self) -> str:
        return f"MCP server {self.name!r} is not used: {self.why}."


@dataclass(frozen=True, slots=True)
class UnusedServers:
    """All of them, by what the files have now."""

    servers: tuple[UnusedServer, ...] = ()
    files: tuple[str, ...] = ()
    """Why files cannot be read whose servers nobody knows."""

    def server_of(self, tool: str, used_prefixes: Iterable[str]) -> UnusedServer | None:
        """Return the server whose tool has this name, unless it is rather one of a server that is used."""
        used = max((len(prefix) for prefix in used_prefixes if tool.startswith(prefix)), default=0)
        fitting = [server for server in self.servers if len(server.prefix) > used and tool.startswith(server.prefix)]
        return max(fitting, key=lambda server: len(server.prefix), default=None)


def wrong_server(source: ServersSource, name: str, problems: Iterable[ConfigProblem]) -> UnusedServer:
    """Return a server whose entry is wrong."""
    told = [str(problem) for problem in problems]
    more = f", and {len(told) - MAX_PROBLEMS} more" if len(told) > MAX_PROBLEMS else ""
    why = f"its entry is wrong: {'; and '.join(told[:MAX_PROBLEMS])}{more}"
    return UnusedServer(name, _prefix(source, name), f"{why}; correct the file, then `mcp-dynaload doctor` checks it")


def disabled_server(source: ServersSource, name: str) -> UnusedServer:
    """Return a server whose entry says that it is not to be used."""
    why = f"it is disabled in {source.read.path}; `mcp-dynaload enable {name}` uses it again"
    return UnusedServer(name, _prefix(source, name), why)


def servers_of_unused_file(source: ServersSource) -> list[UnusedServer]:
    """Return the servers of a file that is not used, for want of trust."""
    why = f"{source.read.path} is not trusted; {'; '.join(problem.fix for problem in source.problems)}"
    return [UnusedServer(name, default_prefix(name), why) for name in source.read.servers]


def _prefix(source: ServersSource, name: str) -> str:
    options = json_object(json_object(source.file.content[SERVERS_KEY][name]).get(OPTIONS_KEY))
    given = options.get("prefix")
    return given if isinstance(given, str) and given else default_prefix(name)
