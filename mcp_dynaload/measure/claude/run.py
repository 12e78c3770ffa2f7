"""One run of the bench in the real client: every session in every set-up and with every model."""

import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import anyio

from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.measure.claude import setups
from mcp_dynaload.measure.claude.demo_sessions import demo_data
from mcp_dynaload.measure.claude.labelled_sessions import labelled_data
from mcp_dynaload.measure.claude.play import Playing, play
from mcp_dynaload.measure.claude.record import TaskFigures
from mcp_dynaload.measure.claude.servers import bench_servers
from mcp_dynaload.measure.claude.setups import SetUp, SetUps
from mcp_dynaload.measure.claude.tasks import BenchData, BenchSession, check_tools, evenly
from mcp_dynaload.version import __version__

MODEL = "claude-sonnet-5"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaudePlan:
    """The things to measure, and how much of each."""

    claude: Path
    version: str
    """The client's own word."""

    labelled: Path | None
    """A folder with `catalogs/dev.json`, `tasks/` and `negatives/`; None: the demo's scenarios are played."""

    fastmcp: str | None
    dynamic_mcp: str | None
    compressor: str | None
    models: tuple[str, ...]
    set_ups: tuple[str, ...]
    """By name; none: all that can be played."""

    sessions: int
    seed: int
    jobs: int


@dataclass(frozen=True, slots=True)
class ClaudeRun:
    """The figures of a run, and under which circumstances they were taken."""

    tasks: tuple[TaskFigures, ...]
    """The tasks of the sessions that were played in every set-up, so that all have the same."""

    failures: tuple[str, ...]
    """Sessions that could not be played, each with the reason."""

    about: dict[str, str]


def run(plan: ClaudePlan, step: Callable[[str], None]) -> ClaudeRun:
    """Measure.

    Raises:
        ConfigError: A file cannot be used.
        DynaloadError: The servers cannot be listed.
    """
    before = _load()
    with tempfile.TemporaryDirectory(prefix="mcp-dynaload-bench-") as place:
        folder = Path(place)
        data = labelled_data(plan.labelled, plan.seed) if plan.labelled else anyio.run(demo_data, folder)
        check_tools(data)
        sessions = evenly(data.sessions, plan.sessions)
        step("listing the servers")
        chosen = _set_ups(plan, data, folder)
        playings = list(_playings(plan, sessions, chosen, folder))
        tasks, failures = _played(playings, plan.jobs, step)
    return ClaudeRun(tuple(tasks), tuple(failures), _about(plan, data, sessions) | {"load of the machine": before})


def _set_ups(plan: ClaudePlan, data: BenchData, folder: Path) -> list[SetUp]:
    project = folder / "project"
    project.mkdir()
    advertised = {(tool.upstream, tool.original_name): tool.name for tool in data.known.catalog.tools}
    built = SetUps(bench_servers(data.known, folder / "servers"), advertised, folder, project)
    makers: dict[str, Callable[[], SetUp]] = {
        setups.ALL_LOADED: lambda: built.direct(setups.ALL_LOADED, is_searched=False),
        setups.NATIVE: lambda: built.direct(setups.NATIVE, is_searched=True),
        setups.BY_NAME: lambda: built.direct(setups.BY_NAME, is_searched=True, by_name=True),
        setups.HOOKS: lambda: built.ours(setups.HOOKS, has_plugin=False),
        setups.PLUGIN: lambda: built.ours(setups.PLUGIN, has_plugin=True),
    }
    if (python := plan.fastmcp) is not None:
        makers[setups.FASTMCP] = lambda: built.fastmcp(python)
    if (program := plan.dynamic_mcp) is not None:
        makers[setups.DYNAMIC_MCP] = lambda: built.dynamic_mcp(program)
    if (other := plan.compressor) is not None:
        makers[setups.COMPRESSOR] = lambda: built.compressor(other)
    wanted = [name for name in setups.ORDER if name in makers and (not plan.set_ups or name in plan.set_ups)]
    return [makers[name]() for name in wanted]


def _playings(
    plan: ClaudePlan, sessions: Sequence[BenchSession], chosen: Sequence[SetUp], folder: Path
) -> Iterator[Playing]:
    """Yield all there is to play, the set-ups taking turns: what disturbs the machine disturbs all."""
    for number, (model, session, set_up) in enumerate(product(plan.models, sessions, chosen)):
        yield Playing(session, set_up, model, folder / f"played-{number}", folder / "project", plan.claude)


def _played(playings: Sequence[Playing], jobs: int, step: Callable[[str], None]) -> tuple[list[TaskFigures], list[str]]:
    """Play several at a time; return the figures in order, without the sessions that failed in some set-up."""
    found: dict[int, list[TaskFigures]] = {}
    failures: list[str] = []
    unplayed: set[tuple[str, str]] = set()
    pool = ThreadPoolExecutor(jobs)
    try:
        running = {pool.submit(play, playing): number for number, playing in enumerate(playings)}
        for done, future in enumerate(as_completed(running), start=1):
            playing = playings[running[future]]
            step(f"{done} of {len(playings)}: {playing.set_up.name}, {playing.session.name}, {playing.model}")
            try:
                found[running[future]] = future.result()
            except DynaloadError as error:
                failures.append(str(error))
                unplayed.add((playing.model, playing.session.name))
    finally:
        # An interruption ends what is being played and begins nothing else.
        pool.shutdown(cancel_futures=True)
    tasks = [task for number in sorted(found) for task in found[number]]
    return [task for task in tasks if (task.model, task.session) not in unplayed], failures


def _about(plan: ClaudePlan, data: BenchData, sessions: Sequence[BenchSession]) -> dict[str, str]:
    tasks = [task for session in sessions for task in session.tasks]
    tools = data.known.catalog.tools
    return {
        "Claude Code": plan.version,
        "mcp-dynaload": __version__,
        "models, scripted": ", ".join(plan.models),
        "played": f"{len(tasks)} tasks in {len(sessions)} of {len(data.sessions)} sessions, "
        f"{sum(task.agent is not None for task in tasks)} of them by a subagent",
        "servers": f"{len({tool.upstream for tool in tools})} stand-ins with {len(tools)} real definitions",
        "seed": str(plan.seed),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f} at the start"
