# pyright: basic, reportMissingImports=false
# FastMCP is a peer to measure, not a dependency: this runs in an environment of its own.
"""FastMCP's proxy in front of the servers of a file: `python fastmcp_proxy.py SERVERS [--search]`.

With `--search` its BM25 search stands in front of the tools, as its documentation has it for many tools.
"""

import json
import sys
from pathlib import Path

from fastmcp.server import create_proxy
from fastmcp.server.transforms.search import BM25SearchTransform


def main() -> None:
    """Serve until the input ends."""
    proxy = create_proxy(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), name="peer")
    if "--search" in sys.argv:
        proxy.add_transform(BM25SearchTransform())
    proxy.run(transport="stdio", show_banner=False)


if __name__ == "__main__":
    main()
