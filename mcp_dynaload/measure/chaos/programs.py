"""Our own program as a user runs it, over stdio and as a service, each with servers behind it that may be broken."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.abc
import psutil

from mcp_dynaload.config.paths import variables_for
from mcp_dynaload.machine.own_process import module_command
from mcp_dynaload.measure.chaos.clocked_program import CLOCK_VARIABLE
from mcp_dynaload.measure.chaos.faults import CLOCK_FILE
from mcp_dynaload.measure.own_service import free_port, until_ready

SERVER = Path(__file__).with_name("chaos_server.py")
CALM = "calm"
"""The server that nobody breaks."""

VICTIMS = ("odd1", "odd2")
CALL_TIMEOUT_SECONDS = 10.0
EXIT_SECONDS = 15.0
LOG = "stderr.log"


@dataclass(frozen=True, slots=True)
class Program:
    """A running program of ours in a folder of its own, with the servers behind it."""

    folder: Path
    process: anyio.abc.Process
    url: str = ""
    """The address of a service."""

    @property
    def state_dir(self) -> Path:
        """The folder of its databases."""
        return self.folder / "state"

    def seen(self) -> psutil.Process:
        """Return its process as the machine sees it."""
        return psutil.Process(self.process.pid)

    def tracebacks(self) -> int:
        """Count the errors on its stderr that nothing handled."""
        return (self.folder / LOG).read_text(encoding="utf-8", errors="replace").count("Traceback (most recent call")


@asynccontextmanager
async def open_program(folder: Path, *, is_service: bool) -> AsyncGenerator[Program]:
    """Start it; at exit it has ended, as its client or its keeper ends it.

    Raises:
        DynaloadError: A service does not answer in time.
    """
    file = _written(folder, is_shared=is_service)
    port = free_port() if is_service else 0
    options = ["--transport", "http", "--port", str(port)] if is_service else []
    command = module_command("mcp_dynaload.measure.chaos.clocked_program", "serve", *options, "--config", str(file))
    environ = {**os.environ, **variables_for(folder), "MCP_DYNALOAD_LOG_LEVEL": "error", "CLAUDE_CODE_SESSION_ID": ""}
    environ[CLOCK_VARIABLE] = str(folder / CLOCK_FILE)
    environ["MCP_DYNALOAD_RATE_LIMIT_PER_MINUTE"] = "0"  # a fast machine makes more calls than a client is meant to
    with (folder / LOG).open("wb") as log:
        process = await anyio.open_process(
            command,
            stdin=subprocess.DEVNULL if is_service else subprocess.PIPE,
            stdout=log if is_service else subprocess.PIPE,
            stderr=log,
            env=environ,
        )
    try:
        if is_service:
            await until_ready(port, process)
        yield Program(folder, process, f"http://127.0.0.1:{port}/mcp" if is_service else "")
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)


def _written(folder: Path, *, is_shared: bool) -> Path:
    """Make the folder, and write a servers file into it."""
    folder.mkdir()
    file = folder / "servers.json"
    entries = {name: _entry(name, folder, is_shared=is_shared) for name in (CALM, *VICTIMS)}
    file.write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")
    return file


def _entry(name: str, folder: Path, *, is_shared: bool) -> dict[str, object]:
    options = {"shared": is_shared, "call_timeout_seconds": CALL_TIMEOUT_SECONDS}
    return {"command": sys.executable, "args": ["-I", "-S", str(SERVER), name, str(folder)], "dynaload": options}


async def _end(process: anyio.abc.Process) -> None:
    if process.stdin is not None:
        await process.stdin.aclose()
    elif process.returncode is None:
        process.terminate()
    with anyio.move_on_after(EXIT_SECONDS):
        await process.wait()
    if process.returncode is None:
        process.kill()
        await process.wait()
    if process.stdout is not None:
        await process.stdout.aclose()
