"""Runs one embedded server over stdio: `python -m mcp_dynaload.demo.serve NAME [--workspace DIR] [--pid-file FILE]`."""

import argparse
import contextlib
import importlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from types import FrameType

import anyio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from mcp_dynaload.demo import SERVERS
from mcp_dynaload.errors import DynaloadError

WORKSPACE_VARIABLE = "MCP_DYNALOAD_DEMO_WORKSPACE"
"""Names the workspace when no option does."""


def build(name: str, workspace: Path) -> Server:
    """Build the embedded server `name` over `workspace`."""
    server: Server = importlib.import_module(f"mcp_dynaload.demo.servers.{name}").build(workspace)
    return server


def main() -> int:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser(
        prog="python -m mcp_dynaload.demo.serve", description="Run an embedded demo server."
    )
    parser.add_argument("name", choices=SERVERS)
    parser.add_argument("--workspace", type=Path, default=os.environ.get(WORKSPACE_VARIABLE))
    parser.add_argument("--pid-file", type=Path, help="Where to write the number of this process.")
    options = parser.parse_args()
    if options.pid_file:
        options.pid_file.write_text(str(os.getpid()), encoding="utf-8")
    with contextlib.ExitStack() as stack:
        workspace = options.workspace or stack.enter_context(_temporary_workspace())
        try:
            server = build(options.name, Path(workspace).resolve())
        except (DynaloadError, OSError) as error:
            print(f"The demo server {options.name!r} cannot use {str(workspace)!r}: {error}", file=sys.stderr)
            return 1
        anyio.run(_serve, server)
    return 0


async def _serve(server: Server) -> None:
    async with stdio_server() as (read_stream, write_stream):
        await server.run(read_stream, write_stream, server.create_initialization_options())


@contextlib.contextmanager
def _temporary_workspace() -> Generator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mcp-dynaload-demo-"))

    def remove_and_exit(number: int, frame: FrameType | None) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        # Not sys.exit: the stdio transport's reading thread would keep the process alive.
        os._exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, remove_and_exit)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
