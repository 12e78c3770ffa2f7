"""How much slower a call gets by what stands before the server, and how long a start takes."""

import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles

import anyio
import psutil

from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.measure.peers.subjects import DIRECT, OURS, PEER, Bench, Step, listed, server_entry, tokens
from mcp_dynaload.measure.probe import ECHO
from mcp_dynaload.measure.stdio_client import StdioClient

ROUNDS = 5
"""In each, all take their turn: what disturbs the machine disturbs all."""

AT_ONCE = 16
WARM_UP = 30
STARTS = 3


@dataclass(frozen=True, slots=True)
class CallSpeed:
    """The speed of calls to one subject."""

    p50_ms: float
    p99_ms: float
    per_second: float
    """One call after the other."""

    at_once_per_second: float
    """`AT_ONCE` calls at a time; the best round."""


@dataclass(frozen=True, slots=True)
class Start:
    """The start of one subject; medians."""

    list_ms: float
    """From the start of the process to the answer to the first `tools/list`."""

    call_ms: float
    """From there to the first call's answer."""

    processes: int
    """Running after the list, its own counted."""

    memory_mb: float
    """The memory of all of them that is theirs alone."""

    tokens: int
    """The tokens of what is listed."""


@dataclass(slots=True)
class _Timed:
    calls: list[float] = field(default_factory=list[float])
    at_once: list[float] = field(default_factory=list[float])


async def calls(bench: Bench, many: int, step: Step) -> dict[str, CallSpeed]:
    """Measure so many calls of a server by itself, behind us and behind the peer."""
    entry = server_entry()
    servers = bench.servers("one", {"echo": entry})
    subjects = (bench.direct(entry), bench.ours(servers), bench.peer(servers))
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(subject) for subject in subjects]
        tools = {DIRECT: ECHO, OURS: f"echo__{ECHO}", PEER: ECHO}
        timed = {wire.name: _Timed() for wire in wires}
        for wire in wires:
            await _in_turn(wire, tools[wire.name], WARM_UP)
        for number in range(ROUNDS):
            for wire in wires:
                step(f"calls: {wire.name}, round {number + 1} of {ROUNDS}")
                timed[wire.name].calls += await _in_turn(wire, tools[wire.name], many // ROUNDS)
                timed[wire.name].at_once.append(await _at_once(wire, tools[wire.name], many // ROUNDS))
    return {name: _speed(found) for name, found in timed.items()}


async def starts(bench: Bench, servers: int, step: Step) -> dict[str, Start]:
    """Measure the start with so many servers; we know their tools before, as on every day but the first."""
    entries = {f"echo{number}": server_entry() for number in range(servers)}
    file = bench.servers("many", entries)
    step("start: the first one, which learns the tools")
    await bench.learn(file)
    found: dict[str, list[Start]] = {OURS: [], PEER: []}
    for number in range(STARTS):
        step(f"start: {number + 1} of {STARTS}")
        found[OURS].append(await _start(bench.ours(file), f"echo0__{ECHO}"))
        found[PEER].append(await _start(bench.peer(file, "--search"), f"echo0_{ECHO}"))
    return {name: _middle(some) for name, some in found.items()}


async def _start(opened: AbstractAsyncContextManager[StdioClient], tool: str) -> Start:
    started = time.perf_counter()
    async with opened as wire:
        definitions = await listed(wire)
        answered = time.perf_counter()
        processes = [psutil.Process(wire.process.pid)]
        processes += processes[0].children(recursive=True)
        memory = sum(process.memory_full_info().uss for process in processes)
        called_at = time.perf_counter()
        await _call(wire, tool, 0)
        called = time.perf_counter()
    return Start(
        list_ms=(answered - started) * 1e3,
        call_ms=(called - called_at) * 1e3,
        processes=len(processes),
        memory_mb=memory / 1e6,
        tokens=tokens(definitions),
    )


def _middle(some: list[Start]) -> Start:
    return Start(
        list_ms=median(start.list_ms for start in some),
        call_ms=median(start.call_ms for start in some),
        processes=int(median(start.processes for start in some)),
        memory_mb=median(start.memory_mb for start in some),
        tokens=int(median(start.tokens for start in some)),
    )


async def _call(wire: StdioClient, tool: str, number: int) -> None:
    said = await wire.call(tool, {"nonce": str(number)})
    if said != str(number):
        raise DynaloadError(f"{wire.name} answered a call with {said[:200]!r} and not with what was sent")


async def _in_turn(wire: StdioClient, tool: str, many: int) -> list[float]:
    """Return the milliseconds of each call."""
    found: list[float] = []
    for number in range(many):
        started = time.perf_counter()
        await _call(wire, tool, number)
        found.append((time.perf_counter() - started) * 1e3)
    return found


async def _at_once(wire: StdioClient, tool: str, many: int) -> float:
    """Return the calls per second."""
    numbers = iter(range(many))

    async def work() -> None:
        for number in numbers:
            await _call(wire, tool, number)

    started = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE):
            tasks.start_soon(work)
    return many / (time.perf_counter() - started)


def _speed(timed: _Timed) -> CallSpeed:
    return CallSpeed(
        p50_ms=median(timed.calls),
        p99_ms=quantiles(timed.calls, n=100)[98],
        per_second=1e3 * len(timed.calls) / sum(timed.calls),
        at_once_per_second=max(timed.at_once),
    )
