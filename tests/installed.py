"""Where `.ci/install-e2e` put what the tests run beside us."""

import os
from pathlib import Path

ROOT = Path(__file__).parent.parent

E2E = ROOT / os.environ.get("MCP_DYNALOAD_E2E_DIR", ".cache/e2e")
"""npm packages: the real client, servers, the conformance suites."""

UPSTREAMS = ROOT / os.environ.get("MCP_DYNALOAD_UPSTREAMS_VENV", ".venv-upstreams")
"""Upstream servers in Python."""

PEERS = ROOT / os.environ.get("MCP_DYNALOAD_PEERS_VENV", ".venv-peers")
"""The programs that the bench compares us with."""
