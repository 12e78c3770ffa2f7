"""Sessions of the bench from the demo: its scenarios' prompts, and the definitions of its embedded servers."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mcp import Client

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.demo import SERVERS
from mcp_dynaload.demo.scenarios import SCENARIOS, ScenarioType
from mcp_dynaload.demo.scenarios.steps import Cleared, Prompt, Scenario, Subagent
from mcp_dynaload.demo.serve import build
from mcp_dynaload.measure.claude.tasks import FOLLOW_UP, NOTHING, BenchData, BenchSession, BenchTask, Key, in_turn, task
from mcp_dynaload.measure.quality.labelled import characters_in_fours, read_catalog

SOURCE = "the demo's scenarios"

WITHOUT_NEED = ("no tool needed", "yes and go on")
"""The names of the scenarios whose prompts need nothing, or little, in particular."""


async def demo_data(folder: Path) -> BenchData:
    """List the embedded servers, which work in a folder, and return the demo's conversations."""
    file = folder / "demo.json"
    file.write_text(json.dumps(await _definitions(folder / "workspace")), encoding="utf-8")
    return BenchData(read_catalog(file, characters_in_fours), demo_sessions())


def demo_sessions() -> tuple[BenchSession, ...]:
    """Return the demo's workflows, its days of two subjects that have nothing to do with each other, and small talk."""
    workflows = [(scenario,) for scenario in SCENARIOS[ScenarioType.COMPLEX]]
    days = list(zip(SCENARIOS[ScenarioType.REAL_WORLD], SCENARIOS[ScenarioType.BASIC], strict=False))
    idle = [(scenario,) for scenario in SCENARIOS[ScenarioType.EDGE] if scenario.name in WITHOUT_NEED]
    return in_turn(*([_session(scenarios) for scenarios in kind] for kind in (workflows, days, idle)))


async def _definitions(workspace: Path) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for name in SERVERS:
        async with Client(build(name, workspace)) as client:
            tools = (await client.list_tools()).tools
        found[name] = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools]
    return found


def _session(scenarios: Sequence[Scenario]) -> BenchSession:
    tasks = [found for scenario in scenarios for found in _tasks(scenario)]
    return BenchSession(", then ".join(scenario.name for scenario in scenarios), SOURCE, tuple(tasks))


def _tasks(scenario: Scenario) -> Iterator[BenchTask]:
    """Yield a scenario's prompts until its user starts over, but those to which any choice is right."""
    is_later = False
    for number, step in enumerate(scenario.steps):
        if isinstance(step, Cleared):
            return
        if not isinstance(step, Prompt | Subagent) or step.needs is None:
            continue
        needs = [[_key(tool) for tool in need.split("|")] for need in step.needs]
        found = task(f"{scenario.name}, {number}", step.text, needs, is_agents=isinstance(step, Subagent))
        is_follow_up = is_later and found.agent is None and found.kind != NOTHING
        yield replace(found, kind=FOLLOW_UP) if is_follow_up else found
        is_later = True


def _key(reference: str) -> Key:
    server, _, tool = reference.partition(".")
    return server, tool
