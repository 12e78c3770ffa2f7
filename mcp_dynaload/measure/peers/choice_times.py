"""The time in which tools are chosen for a prompt, on a quiet machine and with all cores kept busy."""

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import anyio

from mcp_dynaload.catalog.names import HOOK_TOOL
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.peers.subjects import Bench, Step, listed, server_entry
from mcp_dynaload.measure.quality.labelled import characters_in_fours
from mcp_dynaload.measure.quality.suite import read_set
from mcp_dynaload.proxy.timed_choice import BY_WORDS

QUIET, BUSY = "quiet", "all cores busy"
WITHIN_MS = 60.0
FEWEST, MOST = 2, 300
"""Prompts at least and at most."""

HOLD_MS = 50
"""So long a prompt waits for the client to read its list; this client does not, and it is no part of the choice."""

PAUSE_SECONDS = 0.05
"""From the answer to a prompt to the next one, between which lies an answer of the model at least: what is worked out
ahead then is done by the time it comes."""

MAX_BUSY_SECONDS = 3_600
"""After this the cores are left alone, whatever has become of us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceTimes:
    """Figures over the prompts of one session, from the journal."""

    prompts: int
    tools: int
    p50_ms: float
    p99_ms: float
    within: float
    """The share of the choices made within `WITHIN_MS`."""

    by_words: int
    """Choices that the words alone decided, because the encoder would have been late."""


async def choice_times(bench: Bench, catalog: Path, tasks: Path, step: Step) -> Mapping[str, ChoiceTimes]:
    """Give the prompts of the tasks to us in front of one server with all tools of the catalog, twice.

    Raises:
        ConfigError: A file cannot be read, or a task's tool is not in the catalog.
        DynaloadError: A measured process does not start or answer.
    """
    found = read_set(catalog, tasks, None, characters_in_fours)
    if len(found.tasks) < FEWEST:
        raise ConfigError(f"--tasks {tasks}: has fewer than {FEWEST} prompts, of which there are no percentiles")
    tools = [{**tool.definition, "name": tool.name} for tool in found.known.catalog.tools]
    file = bench.folder / "timed-catalog.json"
    file.write_text(json.dumps(tools), encoding="utf-8")
    servers = bench.servers("timed", {"all": server_entry(file)})
    await bench.learn(servers)
    prompts = [task.prompt for task in found.tasks[:MOST]]
    quiet = _figures(await _served(bench, servers, prompts, QUIET, step), len(tools))
    with busy_cores():
        return {QUIET: quiet, BUSY: _figures(await _served(bench, servers, prompts, BUSY, step), len(tools))}


async def _served(bench: Bench, servers: Path, prompts: Sequence[str], name: str, step: Step) -> list[Json]:
    """Return the journal's entries of the prompts, given one after the other in one session."""
    async with bench.ours(servers, LOADING_TIMEOUT_MS=str(HOLD_MS)) as wire:
        await listed(wire)
        await wire.ask("ping", {})
        for number, prompt in enumerate(prompts):
            step(f"time of a choice, {name}: {number + 1} of {len(prompts)}")
            await anyio.sleep(PAUSE_SECONDS)
            arguments = {"event": "UserPromptSubmit", "prompt": prompt, "session_id": "bench"}
            await wire.ask("tools/call", {"name": HOOK_TOOL, "arguments": arguments})
    return (await bench.audited("prompt_served"))[-len(prompts) :]


def _figures(served: Sequence[Json], tools: int) -> ChoiceTimes:
    times = [one["detection_ms"] + one["selection_ms"] for one in served]
    percents = quantiles(times, n=100)
    return ChoiceTimes(
        prompts=len(times),
        tools=tools,
        p50_ms=percents[49],
        p99_ms=percents[98],
        within=sum(time <= WITHIN_MS for time in times) / len(times),
        by_words=sum(BY_WORDS in one["reason"] for one in served),
    )


@contextmanager
def busy_cores() -> Generator[None]:
    """Keep each core busy with a loop."""
    loop = f"import time\nend = time.monotonic() + {MAX_BUSY_SECONDS}\nwhile time.monotonic() < end: pass"
    loops = [subprocess.Popen([sys.executable, "-c", loop]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for one in loops:
            one.kill()
            one.wait()
