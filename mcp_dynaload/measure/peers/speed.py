"""How much slower a call gets by what stands before the server, and how long a start takes."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles

import anyio
import psutil

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.measure.peers.subjects import OURS, PEER, Bench, Step, listed, server_entry, tokens
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
    """From the start of the process to the answer to a call that is sent right after that."""

    processes: int
    """Running once it is wholly there and has been asked for its list alone, its own counted."""

    memory_mb: float
    """The memory of all of them then that is theirs alone."""

    tokens: int
    """The tokens of what is listed."""


@dataclass(frozen=True, slots=True)
class SubjectClient:
    """A client of a subject, and how the tool is called there."""

    wire: StdioClient
    said: Callable[[Json], tuple[str, Json]]

    @property
    def name(self) -> str:
        """The subject's name."""
        return self.wire.name

    async def call(self, number: int, size: int = 0) -> None:
        """Call once, for a result of at least so many bytes.

        Raises:
            DynaloadError: The answer is another.
        """
        tool, arguments = self.said({"nonce": str(number), **({"size": size} if size else {})})
        said = await self.wire.call(tool, arguments)
        if said != str(number).ljust(size, "."):
            raise DynaloadError(f"{self.name} answered a call with {said[:200]!r} and not with what was sent")

    async def in_turn(self, many: int, size: int = 0) -> list[float]:
        """Return the milliseconds of each call."""
        found: list[float] = []
        for number in range(many):
            started = time.perf_counter()
            await self.call(number, size)
            found.append((time.perf_counter() - started) * 1e3)
        return found

    async def at_once(self, many: int, at_a_time: int) -> float:
        """Return the calls per second, so many at a time."""
        numbers = iter(range(many))

        async def work() -> None:
            for number in numbers:
                await self.call(number)

        started = time.perf_counter()
        async with anyio.create_task_group() as tasks:
            for _ in range(at_a_time):
                tasks.start_soon(work)
        return many / (time.perf_counter() - started)


@dataclass(slots=True)
class _Timed:
    calls: list[float] = field(default_factory=list[float])
    at_once: list[float] = field(default_factory=list[float])


async def calls(bench: Bench, many: int, step: Step) -> dict[str, CallSpeed]:
    """Measure so many calls of a server by itself, behind us and behind each peer."""
    async with AsyncExitStack() as stack:
        subjects = bench.subjects()
        callers = [SubjectClient(await stack.enter_async_context(one.opened), one.said) for one in subjects]
        timed = {caller.name: _Timed() for caller in callers}
        for caller in callers:
            await caller.in_turn(WARM_UP)
        for number in range(ROUNDS):
            for caller in callers:
                step(f"calls: {caller.name}, round {number + 1} of {ROUNDS}")
                timed[caller.name].calls += await caller.in_turn(many // ROUNDS)
                timed[caller.name].at_once.append(await caller.at_once(many // ROUNDS, AT_ONCE))
    return {name: _speed(found) for name, found in timed.items()}


async def starts(bench: Bench, servers: int, step: Step) -> dict[str, Start]:
    """Measure the start with so many servers; we know their tools before, as on every day but the first."""
    entries = {f"echo{number}": server_entry() for number in range(servers)}
    file = bench.servers("many", entries)
    step("start: the first one, which learns the tools")
    await bench.learn(file)
    found: dict[str, list[Start]] = {OURS: [], PEER: []}
    peers_tool = f"echo0_{ECHO}" if servers > 1 else ECHO  # the only server's tools it names as they are
    for number in range(STARTS):
        step(f"start: {number + 1} of {STARTS}")
        found[OURS].append(await _start(lambda: bench.ours(file), f"echo0__{ECHO}"))
        found[PEER].append(await _start(lambda: bench.peer(file, "--search"), peers_tool))
    return {name: _middle(some) for name, some in found.items()}


async def _start(opened: Callable[[], AbstractAsyncContextManager[StdioClient]], tool: str) -> Start:
    started = time.perf_counter()
    async with opened() as wire:
        definitions = await listed(wire)
        answered = time.perf_counter()
        await SubjectClient(wire, lambda given: (tool, given)).call(0)
        called = time.perf_counter()
    async with opened() as wire:
        await listed(wire)
        await wire.ask("ping", {})  # the list may be there before the rest
        processes = [psutil.Process(wire.process.pid)]
        processes += processes[0].children(recursive=True)
        memory = sum(process.memory_full_info().uss for process in processes)
    return Start(
        list_ms=(answered - started) * 1e3,
        call_ms=(called - started) * 1e3,
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


def _speed(timed: _Timed) -> CallSpeed:
    return CallSpeed(
        p50_ms=median(timed.calls),
        p99_ms=quantiles(timed.calls, n=100)[98],
        per_second=1e3 * len(timed.calls) / sum(timed.calls),
        at_once_per_second=max(timed.at_once),
    )
