"""Our server as a service of its own, to which the real client connects over HTTP or SSE."""

import json
import os
import re
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mcp_dynaload.hosts.claude_code.hooks import SERVER_NAME
from tests.e2e.claude import Claude
from tests.e2e.upstreams import Workplace
from tests.waiting import HANG_SECONDS

EXIT_SECONDS = 10.0
PATHS = {"http": "mcp", "sse": "sse"}

_POLL_SECONDS = 0.05
_LISTENING = re.compile(r"event='listening' .*port=(\d+)")


@contextmanager
def service(workplace: Workplace, folder: Path, state: Path) -> Generator[str]:
    """Start `serve --transport http` on a free port; yields its origin, and at exit it has ended by SIGTERM with 0."""
    environment = os.environ | {
        "MCP_DYNALOAD_CONFIG_DIR": str(folder / "config"),
        "MCP_DYNALOAD_STATE_DIR": str(state),
        "CLAUDE_PROJECT_DIR": str(workplace.project),
    }
    log = folder / "service.log"
    command = [*workplace.proxy_command, "serve", "--transport", "http", "--port", "0"]
    command += ["--config", str(workplace.servers_file)]
    with log.open("w") as stderr:
        process = subprocess.Popen(command, cwd=workplace.project, env=environment, stderr=stderr)
    try:
        yield f"http://127.0.0.1:{_port(log)}"
    finally:
        process.terminate()
        status = process.wait(EXIT_SECONDS)
    assert status == 0, log.read_text()


def connected_to(claude: Claude, origin: str, transport: str) -> Claude:
    """Return the client, with the service as its only MCP server."""
    entry = {"type": transport, "url": f"{origin}/{PATHS[transport]}"}
    file = claude.home.parent / f"mcp-{transport}.json"
    file.write_text(json.dumps({"mcpServers": {SERVER_NAME: entry}}))
    return replace(claude, mcp_config=file)


def _port(log: Path) -> int:
    deadline = time.monotonic() + HANG_SECONDS
    while not (found := _LISTENING.search(log.read_text())):
        if time.monotonic() > deadline:
            raise TimeoutError(f"the service does not listen: {log.read_text()}")
        time.sleep(_POLL_SECONDS)
    return int(found[1])
