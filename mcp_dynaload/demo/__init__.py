"""Embedded upstream servers for trying the proxy out: real MCP servers that work on a temporary workspace."""

import sys
from pathlib import Path

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.machine.own_process import module_arguments

SERVERS = (
    "browser",
    "calendar",
    "ci",
    "containers",
    "database",
    "files",
    "git",
    "issues",
    "knowledge",
    "mail",
    "monitoring",
)
"""Names of the servers; each is the module of the same name in `servers`."""


def embedded_servers(workspace: Path | None = None) -> dict[str, Json]:
    """Return an `mcpServers` mapping that starts every embedded server on one workspace.

    Without a workspace each server takes its own temporary one, gone when it ends.
    """
    place = [] if workspace is None else ["--workspace", str(workspace)]
    arguments = {name: module_arguments("mcp_dynaload.demo.serve", name, *place) for name in SERVERS}
    return {name: {"command": sys.executable, "args": args} for name, args in arguments.items()}
