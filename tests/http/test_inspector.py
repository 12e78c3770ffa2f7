"""The MCP inspector's command line as a client of the service."""

import json
import os
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.faults.scripted import entry, tool
from tests.http.services import TRANSPORTS, Service, service_of
from tests.installed import E2E
from tests.transparency.conformance import NODE
from tests.waiting import HANG_SECONDS

INSPECTOR = E2E / "node_modules" / ".bin" / "mcp-inspector"


@pytest.mark.proves("service-sessions")
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_the_inspector_lists_and_calls(transport: str, tmp_path: Path) -> None:
    desk = entry("desk", offers={"tools": [tool("echo", "Say it back"), tool("pid")]}, options={"pin": ["echo"]})
    async with service_of(tmp_path, {"desk": desk}) as service:
        listed = await inspected(service, transport, tmp_path, "--method", "tools/list")
        called = await inspected(
            service, transport, tmp_path, "--method", "tools/call", "--tool-name", "desk__echo", "--tool-arg", "text=hi"
        )

    assert [one["name"] for one in listed["tools"]] == ["call_tool", "desk__echo", "find_tools"]
    assert "hi" in called["content"][0]["text"]


async def inspected(service: Service, transport: str, home: Path, *arguments: str) -> Any:
    command = [str(NODE), str(INSPECTOR), "--cli", service.url(transport), *arguments, "-q"]
    with anyio.fail_after(HANG_SECONDS):
        done = await anyio.run_process(command, env={"HOME": str(home), "PATH": os.environ["PATH"]}, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return json.loads(done.stdout)
