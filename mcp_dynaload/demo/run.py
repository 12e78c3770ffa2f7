"""Runs scenarios through the real proxy process on the embedded servers, some side by side."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread
import structlog
from mcp import StdioServerParameters
from pydantic import BaseModel

from mcp_dynaload.config.paths import variables_for
from mcp_dynaload.demo import embedded_servers
from mcp_dynaload.demo.outcome import Results, ScenarioOutcome, summary
from mcp_dynaload.demo.play import Stage, play
from mcp_dynaload.demo.preloaded import Command, commands
from mcp_dynaload.demo.scenario_types import ScenarioType
from mcp_dynaload.demo.scenarios import SCENARIOS, TARGETS
from mcp_dynaload.demo.scenarios.steps import Scenario, Step, Together
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.machine.own_process import module_arguments

MAX_SECONDS = 60.0
"""The longest time of one scenario."""

SIDE_BY_SIDE = max(2, min(4, os.cpu_count() or 1))
"""Scenarios that are played at the same time: as many as keep the processors busy while some wait."""

DETECTION_TIMEOUT_MS = 2_000
"""In place of the setting's own: the load of the scenarios beside is ours, so it must not decide what is loaded. How
long each answer took is told all the same."""

log = structlog.get_logger()


class _Tool(BaseModel):
    name: str
    tokens: int


class _Tools(BaseModel):
    """The output of `mcp-dynaload tools --json`, as far as it is needed."""

    tools: list[_Tool]


async def run_scenarios(
    types: Iterable[ScenarioType] = tuple(ScenarioType),
    done: Callable[[str], None] = lambda name: None,
    environ: Mapping[str, str] = os.environ,
) -> Results:
    """Play all scenarios of these types, each in a new process of the proxy; `done` is told the name of each played.

    Some are played side by side, each in a place of its own; the results are in the order of the scenarios.

    Raises:
        DynaloadError: The embedded servers cannot be listed.
    """
    wanted = set(types)
    chosen = [(kind, scenario) for kind in ScenarioType if kind in wanted for scenario in SCENARIOS[kind]]
    folder = await anyio.to_thread.run_sync(tempfile.mkdtemp, None, "mcp-dynaload-demo-")
    try:
        async with commands(Path(folder)) as command:
            places = [_Place(Path(folder, str(number)), environ, command) for number in range(SIDE_BY_SIDE)]
            costs = await _prepare(places[: len(chosen)])
            outcomes = await _all_played(chosen, places[: len(chosen)], costs, done)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(shutil.rmtree, folder, True)
    return results(outcomes, costs)


async def _all_played(
    chosen: list[tuple[ScenarioType, Scenario]],
    places: list["_Place"],
    costs: Mapping[str, int],
    done: Callable[[str], None],
) -> list[ScenarioOutcome]:
    """Play each in the next free place; those with many steps come first, so that none is left over at the end."""
    outcomes = dict[int, ScenarioOutcome]()
    longest_last = sorted(range(len(chosen)), key=lambda number: _steps(chosen[number][1].steps))

    async def play_on(place: _Place) -> None:
        while longest_last:
            kind, scenario = chosen[number := longest_last.pop()]
            await anyio.to_thread.run_sync(place.tidy)
            outcomes[number] = await _played(kind, scenario, place.stage(costs))
            done(scenario.name)

    async with anyio.create_task_group() as tasks:
        for place in places:
            tasks.start_soon(play_on, place)
    return [outcomes[number] for number in range(len(chosen))]


def _steps(steps: Iterable[Step]) -> int:
    return sum(sum(map(_steps, step.sessions)) if isinstance(step, Together) else 1 for step in steps)


async def _prepare(places: list["_Place"]) -> dict[str, int]:
    """List the servers, and return what each tool costs; the others take over what the first has counted."""
    first, *others = places
    costs = await first.prepare()
    for place in others:
        await anyio.to_thread.run_sync(place.take_over, first)
        await place.refresh()
    return costs


def results(outcomes: list[ScenarioOutcome], costs: Mapping[str, int]) -> Results:
    """Return the figures of all scenarios and of each type."""
    types = list(dict.fromkeys(outcome.type for outcome in outcomes))
    return Results(
        success=all(outcome.success for outcome in outcomes),
        tools=len(costs),
        baseline_tokens=sum(costs.values()),
        types={kind: summary([one for one in outcomes if one.type == kind], TARGETS[kind]) for kind in types},
        total=summary(outcomes, None),
        scenarios=tuple(outcomes),
    )


async def _played(kind: ScenarioType, scenario: Scenario, stage: Stage) -> ScenarioOutcome:
    try:
        with anyio.fail_after(MAX_SECONDS):
            return await play(kind, scenario, stage)
    except Exception as error:  # a proxy that dies fails its scenario; the others are still played
        log.exception("scenario_broke_off", scenario=scenario.name)
        return ScenarioOutcome(kind, scenario.name, False, (f"broke off: {error!r}",), None, (), (), ())


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder for the proxy's configuration and state, and the servers' workspace."""

    folder: Path
    environ: Mapping[str, str]
    command: Command

    async def prepare(self) -> dict[str, int]:
        """List the servers once, and return what each tool costs."""
        await self.refresh()
        known = _Tools.model_validate_json(await self._run("tools", "--json"))
        return {tool.name: tool.tokens for tool in known.tools}

    async def refresh(self) -> None:
        """List the servers, and keep the state and the workspace as they are then."""
        await anyio.to_thread.run_sync(self._write_servers)
        await self._run("refresh", "--json")
        await anyio.to_thread.run_sync(shutil.copytree, self._state, self._listed)
        await anyio.to_thread.run_sync(shutil.copytree, self._workspace, self._filled)

    def take_over(self, other: "_Place") -> None:
        """Begin with the state and the workspace of another place."""
        shutil.copytree(other._listed, self._state)
        shutil.copytree(other._filled, self._workspace)

    def tidy(self) -> None:
        """Make a fresh workspace, and a state in which nothing was learned."""
        for folder, fresh in ((self._workspace, self._filled), (self._state, self._listed)):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(fresh, folder)

    def _write_servers(self) -> None:
        servers = embedded_servers(self._workspace)
        for name, entry in servers.items():
            arguments = [*entry["args"], "--pid-file", str(self._processes / name)]
            entry["command"], *entry["args"] = self.command(*arguments)
        self._processes.mkdir(parents=True)
        self._servers_file.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")

    def stage(self, costs: Mapping[str, int]) -> Stage:
        """Return the stage on which the next scenario is played."""
        return Stage(self._session, costs, self._processes)

    def _session(self) -> StdioServerParameters:
        program, *arguments = self.command(
            *module_arguments("mcp_dynaload", "serve", "--config", str(self._servers_file))
        )
        return StdioServerParameters(command=program, args=arguments, env=self._environ())

    async def _run(self, *arguments: str) -> bytes:
        command = self.command(*module_arguments("mcp_dynaload", *arguments, "--config", str(self._servers_file)))
        ran = await anyio.run_process(command, env=self._environ(), check=False)
        if ran.returncode:
            raise DynaloadError(f"the embedded servers cannot be listed: {ran.stderr.decode(errors='replace').strip()}")
        return ran.stdout

    def _environ(self) -> dict[str, str]:
        """Return an environment without the user's own files; the client `sdk` takes over a changed list at once."""
        return {
            **self.environ,
            **variables_for(self.folder),
            "MCP_DYNALOAD_STATE_DIR": str(self._state),
            "CLAUDE_CODE_SESSION_ID": "",
            "CLAUDE_CODE_ENTRYPOINT": "sdk",
            "MCP_DYNALOAD_LOG_LEVEL": "error",
            "DETECTION_TIMEOUT_MS": str(DETECTION_TIMEOUT_MS),
        }

    @property
    def _workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def _state(self) -> Path:
        return self.folder / "state"

    @property
    def _listed(self) -> Path:
        return self.folder / "listed"

    @property
    def _filled(self) -> Path:
        return self.folder / "filled"

    @property
    def _processes(self) -> Path:
        return self.folder / "processes"

    @property
    def _servers_file(self) -> Path:
        return self.folder / "servers.json"
