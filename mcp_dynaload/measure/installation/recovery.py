"""Tests of recovery: a killed server, a dead one beside others, an ended session, a bad database."""

import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import anyio
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent

from mcp_dynaload.api.dynaload import Dynaload
from mcp_dynaload.api.options import IntegrationMode
from mcp_dynaload.api.sessions import TooManySessionsError
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.measure.probe import ECHO, STOP, probe

PATIENCE_SECONDS = 15.0
_Attempt = Callable[[Dynaload], Awaitable[str | None]]

MIN_FREE_BYTES = 50_000_000
PROBE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Recovery:
    """The breaks that were tried, and how each went; None: it went well, else the problem."""

    restarted: str | None
    others_unharmed: str | None
    resumed: str | None
    refused: str | None
    """The session over the limit."""


async def measure_recovery() -> Recovery:
    """Break servers of our own, away from the user's files."""
    servers = {"one": probe(), "two": probe(), "absent": {"command": "mcp-dynaload-no-such-program"}}
    async with Dynaload.open(
        mode=IntegrationMode.TESTING, config=servers, max_concurrent_sessions=2, enable_monitoring=False
    ) as dynaload:
        return Recovery(
            restarted=await _tried(dynaload, _restarts),
            others_unharmed=await _tried(dynaload, _others_answer),
            resumed=await _tried(dynaload, _resumes),
            refused=await _tried(dynaload, _refuses),
        )


def database_trouble(file: Path) -> str | None:
    """Return the problem of a database, before anything mends it by moving it away; None where there is none yet."""
    if not file.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        return f"{file}: {error}"
    return None if found == "ok" else f"{file}: {found}"


def disk_trouble(folder: Path) -> str | None:
    """Return why nothing, or not much, can be written into a folder; None if it can."""
    file = folder / ".mcp-dynaload-probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(PROBE_BYTES))
    except OSError as error:
        return f"{folder}: {error.strerror}"
    finally:
        file.unlink(missing_ok=True)
    free = shutil.disk_usage(folder).free
    return None if free >= MIN_FREE_BYTES else f"{folder}: only {free / 1e6:.0f} MB are free"


async def _tried(dynaload: Dynaload, attempt: _Attempt) -> str | None:
    try:
        with anyio.fail_after(PATIENCE_SECONDS):
            return await attempt(dynaload)
    except (DynaloadError, MCPError) as error:
        return str(error)
    except TimeoutError:
        return f"no answer within {PATIENCE_SECONDS:.0f} seconds"


async def _restarts(dynaload: Dynaload) -> str | None:
    await dynaload.call_tool(f"one__{STOP}")
    return _unlike(await dynaload.call_tool(f"one__{ECHO}", {"nonce": "again"}), "again")


async def _others_answer(dynaload: Dynaload) -> str | None:
    status = await dynaload.get_system_status()
    if not any(upstream.state == "failing" for upstream in status.upstreams):
        return "a server without a program is not seen to fail"
    return _unlike(await dynaload.call_tool(f"two__{ECHO}", {"nonce": "here"}), "here")


async def _resumes(dynaload: Dynaload) -> str | None:
    await dynaload.run_user_command("/load-category one", session_id="resumed")
    await dynaload.close_session("resumed")
    result = await dynaload.process_query("thanks", session_id="resumed")
    return None if f"one__{ECHO}" in result.tool_names else f"only {result.tool_names} came back"


async def _refuses(dynaload: Dynaload) -> str | None:
    async with dynaload.sessions.use("", "first"), dynaload.sessions.use("", "second"):
        try:
            await dynaload.process_query("thanks", session_id="third")
        except TooManySessionsError:
            return None
    return "a third session was let in where two are allowed"


def _unlike(result: CallToolResult, expected: str) -> str | None:
    text = "".join(block.text for block in result.content if isinstance(block, TextContent))
    return None if text == expected and not result.is_error else f"{expected!r} was asked, {text!r} came back"
