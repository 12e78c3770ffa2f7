"""The process that `programs.py` has forked: `python -m tests.preloaded SOCKET PROGRAM`."""

import sys

from mcp_dynaload.demo import preloaded

MODULES = ("mcp_dynaload.bench.run", "mcp_dynaload.control.app", "mcp_dynaload.hosts.installation")
"""What the commands import beside what the demo needs."""

if __name__ == "__main__":
    sys.executable = sys.argv[2]  # what a fork starts is forked, too
    preloaded.main(*MODULES)
