"""The process that `programs.py` has forked: `python -m tests.preloaded SOCKET PROGRAM`."""

import sys

from mcp_dynaload.demo import preloaded
from mcp_dynaload.encoder.sentence_encoder import read_models

MODULES = ("mcp_dynaload.measure.peers.run", "mcp_dynaload.http.app", "mcp_dynaload.hosts.claude_code.installation")
"""The modules that the commands import beside those that the demo needs."""

if __name__ == "__main__":
    sys.executable = sys.argv[2]  # what a fork starts is forked, too
    read_models()  # one thread each, so that a fork loses none
    preloaded.main(*MODULES)
