# pyright: basic, reportMissingImports=false
# FastMCP is a peer to measure, not a dependency: this runs in an environment of its own.
"""FastMCP's proxy in front of the servers of a file: `python fastmcp_proxy.py SERVERS [--search] [--keep]`.

With `--search` its BM25 search stands in front of the tools, as its documentation has it for many tools. By itself
it starts all servers anew for each request; with `--keep` it starts them once and keeps them.
"""

import asyncio
import json
import sys
from pathlib import Path

from fastmcp import Client, FastMCP
from fastmcp.server import create_proxy
from fastmcp.server.transforms.search import BM25SearchTransform


def main() -> None:
    """Serve until the input ends."""
    config = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if "--keep" in sys.argv:
        asyncio.run(keep(config))
    else:
        searching(create_proxy(config, name="peer")).run(transport="stdio", show_banner=False)


async def keep(config: dict) -> None:
    """Serve with sessions that are opened once."""
    async with Client(config) as client:
        await searching(create_proxy(client, name="peer")).run_async(transport="stdio", show_banner=False)


def searching(proxy: FastMCP) -> FastMCP:
    """Put the search in front, if it is asked for."""
    if "--search" in sys.argv:
        proxy.add_transform(BM25SearchTransform())
    return proxy


if __name__ == "__main__":
    main()
