"""The memory of sessions side by side, each with a process of its own, before and after their first prompts."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import anyio
import psutil

from mcp_dynaload.catalog.names import HOOK_TOOL
from mcp_dynaload.measure.peers.subjects import OURS, PEER, Bench, Step, listed
from mcp_dynaload.measure.stdio_client import StdioClient

SESSIONS = (1, 5, 10)
SETTLING_SECONDS = 10.0
"""So long after the first prompt: memory that was read to count and index a catalog is freed some seconds later."""

PROMPTS = (
    "find the records of store 7 that are open",
    "Send the invoice of last month to everyone who has ordered, and open a ticket for those who did not answer",
)
"""The first one, and one after memory was freed: what a prompt needs of that is there again, and counts."""


@dataclass(frozen=True, slots=True)
class SessionMemory:
    """The mean of a session's memory in MB; what it shares with others counts for each in part (PSS)."""

    listed_mb: float
    """After the first list."""

    prompted_mb: float | None
    """After the first prompts, between which the catalog has settled; None: it takes no prompts."""


async def memory(bench: Bench, servers: Path, step: Step) -> Mapping[str, Mapping[int, SessionMemory]]:
    """Measure so many sessions at a time in front of these servers, by subject.

    Raises:
        DynaloadError: A measured process does not start or answer.
    """
    await bench.learn(servers)
    found: dict[str, dict[int, SessionMemory]] = {OURS: {}, PEER: {}}
    for many in SESSIONS:
        step(f"memory: {many} sessions of {OURS}")
        found[OURS][many] = await _of_ours(bench, servers, many)
        step(f"memory: {many} sessions of {PEER}")
        found[PEER][many] = await _of_peer(bench, servers, many)
    return found


async def _of_ours(bench: Bench, servers: Path, many: int) -> SessionMemory:
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(bench.ours(servers)) for _ in range(many)]
        for wire in wires:
            await listed(wire)
            await wire.ask("ping", {})  # the list may be there before the rest
        at_first = _mean_mb(wires)
        await _prompt(wires, PROMPTS[0])
        await anyio.sleep(SETTLING_SECONDS)
        await _prompt(wires, PROMPTS[1])
        return SessionMemory(at_first, _mean_mb(wires))


async def _prompt(wires: list[StdioClient], text: str) -> None:
    for number, wire in enumerate(wires):
        prompt = {"event": "UserPromptSubmit", "prompt": text, "session_id": f"bench-{number}"}
        await wire.ask("tools/call", {"name": HOOK_TOOL, "arguments": prompt})


async def _of_peer(bench: Bench, servers: Path, many: int) -> SessionMemory:
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(bench.peer(servers, "--search")) for _ in range(many)]
        for wire in wires:
            await listed(wire)
        return SessionMemory(_mean_mb(wires), None)


def _mean_mb(wires: list[StdioClient]) -> float:
    """Return the mean memory of the processes, their servers' apart."""
    infos = [psutil.Process(wire.process.pid).memory_full_info() for wire in wires]
    return fmean(getattr(info, "pss", info.uss) for info in infos) / 1e6
