"""Entries of the probe server for servers files."""

import sys
from pathlib import Path

from mcp_dynaload.catalog.tool import Json

ECHO, STOP = "echo_nonce", "stop_server"
_SERVER = Path(__file__).with_name("echo_server.py")


def probe(*, lifetime_seconds: float | None = None, is_shared: bool = False) -> Json:
    """An entry; with a lifetime the first call after it kills the server."""
    arguments = [] if lifetime_seconds is None else [str(lifetime_seconds)]
    options = {"shared": True} if is_shared else {}
    return {"command": sys.executable, "args": ["-I", "-S", str(_SERVER), *arguments], "dynaload": options}
