"""How calls and lists grow: with how many are made at a time, with the size of results, with the number of tools."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import anyio
import psutil

from mcp_dynaload.measure.peers.lists import definition
from mcp_dynaload.measure.peers.memory import SETTLING_SECONDS, SessionMemory, memory
from mcp_dynaload.measure.peers.speed import WARM_UP, SubjectClient
from mcp_dynaload.measure.peers.subjects import DIRECT, OURS, PEER, SERVER, Bench, Step, listed, server_entry
from mcp_dynaload.measure.probe import SERVER_FILE

AT_ONCE = (1, 8, 32)
CALLS = 1_000
"""The calls of each subject, for each number at a time."""

SIZES: Mapping[int, int] = {10_000: 100, 1_000_000: 12, 10_000_000: 4}
"""Bytes of a result, and how often it is asked for."""

LISTS = (50, 500, 2_000)
LISTED = 5
"""How often a list is asked for; the first time may be another's work."""

KNOWN = 500
"""The tools that sessions know whose memory is measured."""

Curve = Mapping[int, float]
"""A figure by what it grows with."""


@dataclass(frozen=True, slots=True)
class Effort:
    """The effort of the process between client and server for `CALLS` calls, one after the other."""

    cpu_seconds: float
    memory_mb: float
    """Resident memory some seconds after them, of all its processes but the server's."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The figures of each subject, by name."""

    per_second: Mapping[str, Curve]
    """Calls per second, by how many are made at a time."""

    result_ms: Mapping[str, Curve]
    """Milliseconds of a call, by the bytes of its result; medians."""

    list_ms: Mapping[str, Curve]
    """Milliseconds of a `tools/list` of all tools, by their number; medians, of those that can list them."""

    effort: Mapping[str, Effort]
    memory: Mapping[str, Mapping[int, SessionMemory]]
    """The memory of a session, by how many there are."""


async def growth(bench: Bench, step: Step) -> Growth:
    """Measure; the subjects take turns.

    Raises:
        DynaloadError: A measured process does not start or answer.
    """
    per_second: dict[str, dict[int, float]] = {}
    result_ms: dict[str, dict[int, float]] = {}
    effort: dict[str, Effort] = {}
    async with AsyncExitStack() as stack:
        callers = [SubjectClient(await stack.enter_async_context(one.opened), one.said) for one in bench.subjects()]
        for caller in callers:
            await caller.in_turn(WARM_UP)
            per_second[caller.name], result_ms[caller.name] = {}, {}
        for caller in callers:
            step(f"effort of {CALLS:,} calls: {caller.name}")
            if caller.name != DIRECT:
                effort[caller.name] = await _effort(caller)
        for many in AT_ONCE:
            for caller in callers:
                step(f"{many} at a time: {caller.name}")
                per_second[caller.name][many] = await caller.at_once(CALLS, many)
        for size, times in SIZES.items():
            for caller in callers:
                step(f"results of {size:,} bytes: {caller.name}")
                result_ms[caller.name][size] = median(await caller.in_turn(times, size))
    list_ms = await _lists(bench, step)
    return Growth(per_second, result_ms, list_ms, effort, await memory(bench, _known(bench), step))


def _known(bench: Bench) -> Path:
    """Write a servers file of a server with many tools."""
    tools = _tools_file(bench, KNOWN)
    return bench.servers("memory", {f"{SERVER}s": server_entry(tools)})


def _tools_file(bench: Bench, many: int) -> Path:
    tools = bench.folder / f"tools{many}.json"
    tools.write_text(json.dumps([definition(number) for number in range(many)]), encoding="utf-8")
    return tools


async def _effort(caller: SubjectClient) -> Effort:
    before = _spent(caller)
    await caller.in_turn(CALLS)
    after = _spent(caller)
    await anyio.sleep(SETTLING_SECONDS)  # it was started for this: what it read to begin with is freed by then
    return Effort(after.cpu_seconds - before.cpu_seconds, _spent(caller).memory_mb)


def _spent(caller: SubjectClient) -> Effort:
    root = psutil.Process(caller.wire.process.pid)
    between = [one for one in (root, *root.children(recursive=True)) if str(SERVER_FILE) not in one.cmdline()]
    times = [one.cpu_times() for one in between]
    return Effort(sum(time.user + time.system for time in times), sum(one.memory_info().rss for one in between) / 1e6)


async def _lists(bench: Bench, step: Step) -> dict[str, dict[int, float]]:
    found: dict[str, dict[int, float]] = {DIRECT: {}, OURS: {}, PEER: {}}
    for many in LISTS:
        tools = _tools_file(bench, many)
        step(f"a list of {many:,} tools")
        for name, times in (await _listed(bench, tools, f"{SERVER}{many}")).items():
            found[name][many] = median(times)
    return found


async def _listed(bench: Bench, tools: Path, server: str) -> dict[str, list[float]]:
    """Return the milliseconds of each list of these tools, of each subject that can list them."""
    entry = server_entry(tools)
    servers = bench.servers("lists", {server: entry})
    await bench.learn(servers)
    everything = bench.ours(servers, DYNAMIC_LOADING_ENABLED="false")
    opened = (bench.direct(entry), everything, bench.peer(servers, "--keep"))
    times: dict[str, list[float]] = {}
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(one) for one in opened]
        for _ in range(LISTED):
            for wire in wires:
                started = time.perf_counter()
                await listed(wire)
                times.setdefault(wire.name, []).append((time.perf_counter() - started) * 1e3)
    return times


def curves(found: Growth) -> tuple[tuple[str, Mapping[str, Curve], Callable[[float], str]], ...]:
    """Return what grows, each with its title and how a figure of it is shown."""
    return (
        ("calls a second, by calls at a time", found.per_second, lambda value: f"{value:,.0f}"),
        ("ms a call, by bytes of the result", found.result_ms, lambda value: f"{value:,.1f}"),
        ("ms a list, by tools in it", found.list_ms, lambda value: f"{value:,.1f}"),
    )
