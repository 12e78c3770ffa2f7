"""The process that `python_servers.py` has forked, run by the servers' Python with a socket and their modules."""

import importlib
import sys

from mcp_dynaload.demo import preloaded

if __name__ == "__main__":
    _, socket, *servers = sys.argv
    for server in servers:
        importlib.import_module(f"{server}.server")
    preloaded.serve(socket)
