"""Entries and configurations of scripted servers."""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import anyio
import psutil

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.upstream_config import UpstreamConfig, UpstreamOptions
from tests.waiting import HANG_SECONDS

SERVER = Path(__file__).with_name("scripted_server.py")

COMMANDS = (
    "echo",
    "pid",
    "surroundings",
    "levels",
    "hang",
    "wait",
    "die",
    "print",
    "complain",
    "grandchild",
    "add_tool",
    "progress",
    "big",
    "fail",
    "raw",
)
"""The things that every scripted server can be told to do."""


def tool(name: str, description: str = "") -> Json:
    return {"name": name, "description": description, "inputSchema": {"type": "object"}}


def tools(*names: str) -> list[Json]:
    return [tool(name) for name in names]


def entry(name: str, *, options: Json | None = None, env: dict[str, str] | None = None, **script: Any) -> Json:
    """Return an entry of a servers file; `script` says how the server behaves, by default as it should."""
    script = {"offers": {"tools": tools(*COMMANDS)}, **script}
    written = {"command": sys.executable, "args": ["-I", "-S", str(SERVER), json.dumps({"name": name, **script})]}
    return {**written, "env": env or {}, "dynaload": options or {}}


def config(
    name: str, *, options: UpstreamOptions | None = None, env: dict[str, str] | None = None, **script: Any
) -> UpstreamConfig:
    """Return the same as a configuration."""
    written = entry(name, env=env, **script)
    return UpstreamConfig(
        name=name,
        transport="stdio",
        command=written["command"],
        args=tuple(written["args"]),
        env=written["env"],
        options=options or UpstreamOptions(),
        entry=written,
    )


def missing_program(name: str) -> Json:
    return {"command": f"no-such-program-{name}"}


def starts(file: Path) -> list[int]:
    """Process ids of all starts of a server whose script names this `starts_file`."""
    return [int(line) for line in text_in(file).split()]


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def until(claim: Callable[[], object], seconds: float = HANG_SECONDS) -> None:
    """Wait for something outside of this process, or inside of the code under test, that no event tells of."""
    with anyio.fail_after(seconds):
        while not claim():  # noqa: ASYNC110 - nothing signals it
            await anyio.sleep(0.005)


async def until_gone(pids: Iterable[int], seconds: float = 5) -> None:
    """Wait until none of the processes is left."""
    left = set(pids)
    await until(lambda: not any(map(is_alive, left)), seconds)


async def until_exists(file: Path) -> str:
    """Wait for a file that a server writes, and return what it says."""
    await until(lambda: text_in(file))
    return text_in(file)


def text_in(file: Path) -> str:
    """Return what a file says, nothing if there is none."""
    return file.read_text() if file.is_file() else ""
