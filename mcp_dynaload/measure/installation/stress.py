"""Sustained load on a service of its own over HTTP: every call carries a nonce, and its answer must be that nonce."""

import json
import os
import tempfile
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx2
import psutil
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolRequest, CallToolRequestParams, CallToolResult, TextContent

from mcp_dynaload.catalog.names import HOOK_TOOL
from mcp_dynaload.config.paths import variables_for
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.machine.own_process import module_command
from mcp_dynaload.measure.installation.check import Load, Timing
from mcp_dynaload.measure.own_service import free_port, until_ready
from mcp_dynaload.measure.probe import ECHO, probe

PRIVATE_SESSIONS = 20
"""Sessions that use a server of their own; the others share one."""

CALLS_PER_SECOND = 60.0
"""The calls of all sessions together: what two cores carry with the callers on them, too."""

LIFETIME_SECONDS = 3.0
"""After which a call kills the mortal server."""

ANSWER_SECONDS = 30.0
OPENING_AT_ONCE = 8
SAMPLE_SECONDS = 1.0

_PATIENCE = httpx2.Timeout(ANSWER_SECONDS, read=300.0)
"""A server may hold a stream open for long."""

PROMPTS = ("thanks", "give me a nonce back", "why does this test fail?", "rename the variable")

Step = Callable[[float], None]
"""Told how far it has come, 0 to 1."""


@dataclass(slots=True)
class _Tally:
    calls: int = 0
    lost: int = 0
    crossed: int = 0
    failed: int = 0
    prompts: int = 0
    refused: bool = False
    call_ms: list[float] = field(default_factory=list[float])
    memory: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])


@dataclass(frozen=True, slots=True)
class _Run:
    """The state that all callers of a run share."""

    url: str
    sessions: int
    seconds: float
    is_mortal: bool
    tally: _Tally
    opening: anyio.CapacityLimiter
    opened: "_Countdown"

    @property
    def pace_seconds(self) -> float:
        """The seconds between two calls of a session."""
        return self.sessions / CALLS_PER_SECOND


async def stress(sessions: int, minutes: float, *, is_mortal: bool, step: Step) -> Load:
    """Open the sessions, then keep all calling for this long.

    With `is_mortal` every other call goes to a server that dies every few seconds.

    Raises:
        DynaloadError: The service does not start, or a session was cut off.
    """
    tally, seconds = _Tally(), minutes * 60
    async with _service(sessions) as (url, process), anyio.create_task_group() as tasks:
        opening, opened = anyio.CapacityLimiter(OPENING_AT_ONCE), _Countdown(sessions)
        run = _Run(url, sessions, seconds, is_mortal, tally, opening, opened)
        for number in range(sessions):
            tasks.start_soon(_caller, run, number)
        await opened.wait()
        started = time.monotonic()
        tally.refused = await _is_refused(url)
        while (now := time.monotonic() - started) < seconds:
            tally.memory.append((now, _memory_mb(process)))
            step(now / seconds)
            await anyio.sleep(min(SAMPLE_SECONDS, seconds / 20))
    timing = Timing("call", 0, tuple(tally.call_ms))
    return Load(
        sessions=sessions,
        seconds=seconds,
        calls=tally.calls,
        lost=tally.lost,
        crossed=tally.crossed,
        failed=tally.failed,
        p50_ms=timing.percentile(0.5),
        p95_ms=timing.percentile(0.95),
        p99_ms=timing.percentile(0.99),
        prompts=tally.prompts,
        refused=tally.refused,
        memory_mb=tuple(tally.memory),
    )


class _Countdown:
    """A wait until as many as expected have come."""

    def __init__(self, many: int) -> None:
        self._left, self._done = many, anyio.Event()

    def come(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self._done.set()

    async def wait(self) -> None:
        await self._done.wait()


async def _caller(run: _Run, number: int) -> None:
    """Play one session: prompts and calls at its pace."""
    server = "private" if number < min(PRIVATE_SESSIONS, run.sessions // 10 or 1) else "shared"
    try:
        async with (
            httpx2.AsyncClient(verify=False, timeout=_PATIENCE) as http,  # loopback: no authorities are read
            Client(streamable_http_client(run.url, http_client=http), mode="legacy", cache=None) as client,
        ):
            async with run.opening:
                await _prompt(client, number, 0, run.tally)
            run.opened.come()
            await run.opened.wait()
            await _keep_calling(client, run, number, server)
    except (MCPError, httpx2.HTTPError, ExceptionGroup) as error:
        raise DynaloadError(f"session {number} was cut off: {error!r}") from error


async def _keep_calling(client: Client, run: _Run, number: int, server: str) -> None:
    end, turn = time.monotonic() + run.seconds, 0
    await anyio.sleep(run.pace_seconds * number / run.sessions)
    while time.monotonic() < end:
        turn += 1
        next_at = anyio.current_time() + run.pace_seconds
        if turn % 5 == 0:
            await _prompt(client, number, turn, run.tally)
        called = "mortal" if run.is_mortal and turn % 2 else server
        await _call(client, called, f"{number}.{turn}", run.tally)
        await anyio.sleep_until(next_at)


async def _call(client: Client, server: str, nonce: str, tally: _Tally) -> None:
    tally.calls += 1
    started = time.perf_counter()
    try:
        with anyio.fail_after(ANSWER_SECONDS):
            result = await _raw_call(client, f"{server}__{ECHO}", {"nonce": nonce})
    except (MCPError, TimeoutError):
        tally.lost += 1
        return
    said = "".join(block.text for block in result.content if isinstance(block, TextContent))
    if result.is_error and server == "mortal" and "'mortal'" in said:
        tally.failed += 1
        return
    tally.call_ms.append((time.perf_counter() - started) * 1000)
    tally.crossed += said != nonce


async def _prompt(client: Client, number: int, turn: int, tally: _Tally) -> None:
    text = PROMPTS[(number + turn) % len(PROMPTS)]
    fields = {"event": "UserPromptSubmit", "prompt": text, "session_id": f"stress-{number}"}
    try:
        with anyio.fail_after(ANSWER_SECONDS):
            await _raw_call(client, HOOK_TOOL, fields)
    except (MCPError, TimeoutError):
        tally.lost += 1
        return
    tally.prompts += 1


async def _raw_call(client: Client, name: str, arguments: dict[str, str]) -> CallToolResult:
    request = CallToolRequest(params=CallToolRequestParams(name=name, arguments=dict(arguments)))
    return await client.session.send_request(request, CallToolResult)


async def _is_refused(url: str) -> bool:
    """Return whether one session more gets a 503 that says when to come back."""
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "one-too-many", "version": "1"},
        },
    }
    headers = {"Accept": "application/json, text/event-stream"}
    async with httpx2.AsyncClient(verify=False, timeout=ANSWER_SECONDS) as http:
        response = await http.post(url, json=body, headers=headers)
    return response.status_code == 503 and "retry-after" in response.headers


@asynccontextmanager
async def _service(sessions: int) -> AsyncGenerator[tuple[str, psutil.Process]]:
    """Start a service process with probe servers behind it, in folders of its own; at exit it has drained."""
    with tempfile.TemporaryDirectory(prefix="mcp-dynaload-stress-") as place:
        folder, port = Path(place), free_port()
        entries = {
            "shared": probe(is_shared=True),
            "private": probe(),
            "mortal": probe(lifetime_seconds=LIFETIME_SECONDS, is_shared=True),
        }
        file = folder / "servers.json"
        await anyio.Path(file).write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")
        environ = {
            **os.environ,
            **variables_for(folder),
            "MCP_DYNALOAD_LOG_LEVEL": "error",
            "MAX_CONCURRENT_SESSIONS": str(sessions),
        }
        options = ["serve", "--transport", "http", "--port", str(port), "--config", str(file)]
        process = await anyio.open_process(
            module_command("mcp_dynaload", *options), stdout=None, stderr=None, env=environ
        )
        try:
            await until_ready(port, process)
            yield f"http://127.0.0.1:{port}/mcp", psutil.Process(process.pid)
        finally:
            with anyio.CancelScope(shield=True):
                process.terminate()
                await process.wait()


def _memory_mb(process: psutil.Process) -> float:
    """Return the memory of our process alone: its servers' memory is their own."""
    return process.memory_info().rss / 1e6
