"""The service as a process of its own."""

import os
import re
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mcp_dynaload.catalog.tool import Json
from tests.faults.scripted import entry, text_in, until
from tests.http.services import a_configuration
from tests.programs import PYTHON
from tests.waiting import HANG_SECONDS

LISTENING = re.compile(r"event='listening' .*port=(\d+)")
MODULE = [PYTHON, "-m", "mcp_dynaload"]


def environment(folder: Path, **variables: str) -> dict[str, str]:
    return {
        **os.environ,
        "MCP_DYNALOAD_CONFIG_DIR": str(folder / "config"),
        "MCP_DYNALOAD_STATE_DIR": str(folder / "state"),
        "CLAUDE_PROJECT_DIR": str(folder),
        **variables,
    }


@contextmanager
def process(folder: Path, *options: str, **variables: str) -> Generator["subprocess.Popen[bytes]"]:
    """Start the service in front of the scripted server `a`; its log is in the file `stderr`."""
    with process_before(folder, {"a": entry("a")}, *options, **variables) as service:
        yield service


@contextmanager
def process_before(
    folder: Path, servers: Mapping[str, Json], *options: str, **variables: str
) -> Generator["subprocess.Popen[bytes]"]:
    """Start the service in front of these servers; its log is in the file `stderr`."""
    a_configuration(folder, servers, **variables)
    command = [*MODULE, "serve", "--transport", "http", "--config", str(folder / "servers.json"), "--port", "0"]
    with (folder / "stderr").open("w") as stderr:
        service = subprocess.Popen(
            [*command, *options], env=environment(folder, **variables), cwd=folder, stderr=stderr
        )
    try:
        yield service
    finally:
        service.kill()
        service.wait()


async def address_of(folder: Path) -> str:
    await until(lambda: LISTENING.search(text_in(folder / "stderr")), seconds=HANG_SECONDS)
    found = LISTENING.search(text_in(folder / "stderr"))
    assert found is not None
    return f"http://127.0.0.1:{found[1]}/mcp"
