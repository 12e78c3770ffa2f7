"""The process that `python_servers.py` has forked: `python -m tests.e2e.preloaded SOCKET`, by the servers' Python."""

import importlib
import sys

from mcp_dynaload.demo import preloaded

SERVERS = ("mcp_server_fetch", "mcp_server_git", "mcp_server_time")

if __name__ == "__main__":
    for server in SERVERS:
        importlib.import_module(f"{server}.server")
    preloaded.serve(sys.argv[1])
