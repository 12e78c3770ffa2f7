from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from mcp import Client

from mcp_dynaload.cli.demo import chosen
from mcp_dynaload.demo import SERVERS
from mcp_dynaload.demo.outcome import PromptOutcome, ScenarioOutcome, summary
from mcp_dynaload.demo.scenario_types import ScenarioType
from mcp_dynaload.demo.scenarios import SCENARIOS, TARGETS
from mcp_dynaload.demo.scenarios.steps import (
    Called,
    CalledAtOnce,
    ListChecked,
    Prompt,
    Scenario,
    Searched,
    Step,
    Subagent,
    Together,
)
from mcp_dynaload.demo.serve import build
from mcp_dynaload.demo.typist import full_name


def _flat(steps: Sequence[Step]) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, Together):
            for session in step.sessions:
                yield from _flat(session)
        elif isinstance(step, CalledAtOnce):
            yield from step.calls
        else:
            yield step


def _all() -> list[tuple[ScenarioType, Scenario]]:
    return [(kind, scenario) for kind, scenarios in SCENARIOS.items() for scenario in scenarios]


def _named(step: Step) -> tuple[str, ...]:
    match step:
        case Prompt() | Subagent() | Searched():
            return tuple(name for need in step.needs or () for name in need.split("|"))
        case Called():
            return (step.tool,)
        case ListChecked():
            return (*step.tools, *step.absent)
        case _:
            return ()


def test_each_type_has_several_scenarios_and_a_target() -> None:
    counts = Counter(kind for kind, _ in _all())

    assert set(counts) == set(ScenarioType) == set(TARGETS)
    assert min(counts.values()) >= 6
    assert counts.total() >= 40
    assert len({scenario.name for _, scenario in _all()}) == counts.total()


def test_every_scenario_can_fail() -> None:
    checked = (Called, CalledAtOnce, ListChecked)
    toothless = [
        scenario.name
        for _, scenario in _all()
        if not any(isinstance(step, checked) or getattr(step, "needs", None) is not None for step in scenario.steps)
        and not any(isinstance(step, Together) for step in scenario.steps)
        and not any(getattr(step, "says", None) for step in scenario.steps)
    ]

    assert toothless == []


async def test_the_tools_that_scenarios_name_exist(tmp_path: Path) -> None:
    known = set[str]()
    for server in SERVERS:
        async with Client(build(server, tmp_path)) as client:
            known |= {f"{server}.{tool.name}" for tool in (await client.list_tools()).tools}

    named = {name for _, scenario in _all() for step in _flat(scenario.steps) for name in _named(step)}
    assert named <= known
    assert len(named) > 60


def test_a_tool_s_full_name_is_the_advertised_one() -> None:
    assert full_name("calendar.list-events") == "calendar__list-events"


def _outcome(
    reduction: float | None, needed: int, missed: tuple[str, ...], *times: float, success: bool = True
) -> ScenarioOutcome:
    prompts = () if reduction is None else (PromptOutcome("p", (), needed, missed, 1, reduction, 1.0),)
    return ScenarioOutcome(ScenarioType.BASIC, "s", success, (), reduction, prompts, times, ())


def test_the_figures_of_a_type_are_those_of_its_scenarios() -> None:
    figures = summary(
        [_outcome(0.9, 3, ("a.b",), 1, 2, 3), _outcome(0.6, 1, (), 4, success=False), _outcome(None, 0, (), *[5] * 16)],
        None,
    )

    assert (figures.scenarios, figures.succeeded) == (3, 2)
    assert figures.mean_reduction == pytest.approx(0.75)
    assert figures.share_reduced == 0.5
    assert (figures.found, figures.needed, figures.recall) == (3, 4, 0.75)
    assert (figures.p50_milliseconds, figures.p95_milliseconds) == (5, 5)


def test_the_slowest_answers_show_in_the_95th_percentile() -> None:
    figures = summary([_outcome(0.9, 0, (), *map(float, range(1, 21)))], None)

    assert (figures.p50_milliseconds, figures.p95_milliseconds) == (10, 19)


def test_names_after_the_option_and_the_option_repeated_mean_the_same() -> None:
    basic, edge = ScenarioType.BASIC, ScenarioType.EDGE

    assert chosen(False, [basic], [edge]) == chosen(False, [edge, basic], []) == [basic, edge]
    assert chosen(True, [basic], []) == list(ScenarioType)
    assert chosen(False, [], []) == []
