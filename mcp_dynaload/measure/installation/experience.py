"""Experience of a user: how soon the client can list, how fast and wide commands answer, whether hooks are there."""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import anyio
from mcp import Client, MCPError, StdioServerParameters

from mcp_dynaload.api.dynaload import Dynaload
from mcp_dynaload.hosts.claude_code.check import Finding, check_client
from mcp_dynaload.machine.own_process import module_arguments
from mcp_dynaload.measure.installation.choice import USER
from mcp_dynaload.proxy.commands.table import COMMANDS

ARGUMENTS = {"load-tier": "1", "performance-mode": "balanced", "optimize-for": "a review", "find": "a file"}
"""The arguments of commands that need neither tool nor category."""

START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Experience:
    """The figures of a user's experience."""

    command_ms: tuple[float, ...]
    commands_failed: tuple[str, ...]
    widest: int
    """Characters of the longest line of an answer."""

    start_seconds: float | None
    """From the start of our process to the first list; None: it never came."""

    findings: tuple[Finding, ...]
    """About the client's files."""


async def measure_experience(dynaload: Dynaload, files: tuple[Path, ...]) -> Experience:
    """Run every command, start a process of ours as the client does, look at the client's files."""
    times: list[float] = []
    failed: list[str] = []
    widest = 0
    for line in await command_lines(dynaload):
        started = time.perf_counter()
        outcome = await dynaload.run_user_command(line, user_id=USER)
        times.append((time.perf_counter() - started) * 1000)
        widest = max(widest, *map(len, outcome.message.splitlines()))
        if not outcome.success:
            failed.append(line)
    await dynaload.close_session("", user_id=USER)
    locations = dynaload.configuration.locations
    return Experience(
        command_ms=tuple(times),
        commands_failed=tuple(failed),
        widest=widest,
        start_seconds=await _start(files),
        findings=tuple(await anyio.to_thread.run_sync(check_client, os.environ, locations.project_dir)),
    )


async def command_lines(dynaload: Dynaload) -> list[str]:
    """Return every command with an argument that exists here, undoing what the one before did."""
    async with dynaload.session(USER) as session:
        tool = session.catalog.tools[0].name if session.catalog.tools else ""
        category = next(iter(session.view.categories()), "")
    kinds = {"category": category, "tool": tool, "tool or category": tool, "pinned": tool, "none": ""}
    lines = [
        f"/{name} {ARGUMENTS.get(name, kinds.get(command.takes, ''))}".strip() for name, command in COMMANDS.items()
    ]
    return [line for line in lines if line.split()[0] != "/function-stats"]  # nothing is counted while validating


async def _start(files: tuple[Path, ...]) -> float | None:
    """Start a process with an empty first prompt, which Claude Code waits for, and return its time."""
    options = [option for file in files for option in ("--config", str(file))]
    server = StdioServerParameters(
        command=sys.executable, args=module_arguments("mcp_dynaload", "serve", *options), env=dict(os.environ)
    )
    started = time.perf_counter()
    try:
        with anyio.fail_after(START_SECONDS):
            async with Client(server, mode="legacy", cache=None) as client:
                await client.list_tools()
                return time.perf_counter() - started
    except (TimeoutError, MCPError, OSError):
        return None
