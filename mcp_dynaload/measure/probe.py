"""Entries of the probe server for servers files."""

import math
import sys
from pathlib import Path

from mcp_dynaload.catalog.tool import Json

ECHO, STOP = "echo_nonce", "stop_server"
SERVER_FILE = Path(__file__).with_name("probe_server.py")


def probe(*, lifetime_seconds: float = math.inf, is_shared: bool = False, tools: Path | None = None) -> Json:
    """Return an entry; the first call after its lifetime kills the server.

    It lists its own tools or those of a file.
    """
    arguments = [str(lifetime_seconds), *([str(tools)] if tools else [])]
    options = {"shared": True} if is_shared else {}
    return {"command": sys.executable, "args": ["-I", "-S", str(SERVER_FILE), *arguments], "dynaload": options}
