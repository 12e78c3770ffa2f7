"""Runs scenarios through the real proxy process on the embedded servers."""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread
import structlog
from mcp import StdioServerParameters
from pydantic import BaseModel

from mcp_dynaload.demo import embedded_servers
from mcp_dynaload.demo.outcome import Results, ScenarioOutcome, summary
from mcp_dynaload.demo.play import Stage, play
from mcp_dynaload.demo.scenario_types import ScenarioType
from mcp_dynaload.demo.scenarios import SCENARIOS, TARGETS
from mcp_dynaload.demo.scenarios.steps import Scenario
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.locations import variables_for
from mcp_dynaload.own_process import module_arguments, module_command

LONGEST_SECONDS = 60.0
"""Of one scenario."""

log = structlog.get_logger()


class _Tool(BaseModel):
    name: str
    tokens: int


class _Tools(BaseModel):
    """What `mcp-dynaload tools --json` prints, as far as it is needed."""

    tools: list[_Tool]


async def run_scenarios(
    types: Iterable[ScenarioType] = tuple(ScenarioType),
    done: Callable[[str], None] = lambda name: None,
    environ: Mapping[str, str] = os.environ,
) -> Results:
    """Play all scenarios of these types, each in a new process of the proxy; `done` is told the name of each played.

    Raises:
        DynaloadError: The embedded servers cannot be listed.
    """
    chosen = [kind for kind in ScenarioType if kind in set(types)]
    folder = await anyio.to_thread.run_sync(tempfile.mkdtemp, None, "mcp-dynaload-demo-")
    place = _Place(Path(folder), environ)
    try:
        costs = await place.prepare()
        outcomes: list[ScenarioOutcome] = []
        for kind in chosen:
            for scenario in SCENARIOS[kind]:
                await anyio.to_thread.run_sync(place.tidy)
                outcomes.append(await _played(kind, scenario, place.stage(costs)))
                done(scenario.name)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(shutil.rmtree, folder, True)
    return results(outcomes, costs)


def results(outcomes: list[ScenarioOutcome], costs: Mapping[str, int]) -> Results:
    """The figures of all and of each type."""
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
        with anyio.fail_after(LONGEST_SECONDS):
            return await play(kind, scenario, stage)
    except Exception as error:  # a proxy that dies fails its scenario; the others are still played
        log.exception("scenario_broke_off", scenario=scenario.name)
        return ScenarioOutcome(kind, scenario.name, False, (f"broke off: {error!r}",), None, (), (), ())


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder for the proxy's configuration and state, and the servers' workspace."""

    folder: Path
    environ: Mapping[str, str]

    async def prepare(self) -> dict[str, int]:
        """List the servers once, and return what each tool costs."""
        servers = embedded_servers(self._workspace)
        for name, entry in servers.items():
            entry["args"] += ["--pid-file", str(self._processes / name)]
        await anyio.Path(self._servers_file).write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
        await anyio.Path(self._processes).mkdir()
        await self._run("refresh", "--json")
        known = _Tools.model_validate_json(await self._run("tools", "--json"))
        await anyio.to_thread.run_sync(shutil.copytree, self._state, self._listed)
        return {tool.name: tool.tokens for tool in known.tools}

    def tidy(self) -> None:
        """A fresh workspace, and a state in which nothing was learned."""
        shutil.rmtree(self._workspace, ignore_errors=True)
        shutil.rmtree(self._state, ignore_errors=True)
        shutil.copytree(self._listed, self._state)

    def stage(self, costs: Mapping[str, int]) -> Stage:
        """Where the next scenario is played."""
        return Stage(self._session, costs, self._processes)

    def _session(self) -> StdioServerParameters:
        arguments = module_arguments("mcp_dynaload", "serve", "--config", str(self._servers_file))
        return StdioServerParameters(command=sys.executable, args=arguments, env=self._environ())

    async def _run(self, *arguments: str) -> bytes:
        command = module_command("mcp_dynaload", *arguments, "--config", str(self._servers_file))
        ran = await anyio.run_process(command, env=self._environ(), check=False)
        if ran.returncode:
            raise DynaloadError(f"the embedded servers cannot be listed: {ran.stderr.decode(errors='replace').strip()}")
        return ran.stdout

    def _environ(self) -> dict[str, str]:
        """Keeps the demo away from the person's own files; `sdk` is a client that takes over a list at once."""
        return {
            **self.environ,
            **variables_for(self.folder),
            "MCP_DYNALOAD_STATE_DIR": str(self._state),
            "CLAUDE_CODE_SESSION_ID": "",
            "CLAUDE_CODE_ENTRYPOINT": "sdk",
            "MCP_DYNALOAD_LOG_LEVEL": "error",
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
    def _processes(self) -> Path:
        return self.folder / "processes"

    @property
    def _servers_file(self) -> Path:
        return self.folder / "servers.json"
