"""Every result of the Python API is read by attribute or by key."""

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any, cast, get_type_hints

import pytest
from pydantic import BaseModel

import mcp_dynaload.api
from mcp_dynaload import WorkflowStep
from mcp_dynaload.api.registry import (
    Explanation,
    RegistryStats,
    ToolInfo,
    ToolWhy,
    explanation,
    registry_stats,
    tool_infos,
    tool_why,
)
from mcp_dynaload.api.report import PerformanceReport
from mcp_dynaload.api.results import Answer
from mcp_dynaload.api.status import SystemStatus
from mcp_dynaload.by_key import ByKey
from tests.api.desks import opened

TICKETS = "desk__search_tickets"


def result_types() -> list[type[Any]]:
    """Return the types that the modules of the API answer with, and of what those hold."""
    for module in pkgutil.iter_modules(mcp_dynaload.api.__path__):
        importlib.import_module(f"mcp_dynaload.api.{module.name}")
    found = dict.fromkeys(Answer.__subclasses__())
    for kind in list(found):
        found |= dict.fromkeys(_held(kind))
    return list(found)


def _held(kind: type[Any]) -> Iterator[type[Any]]:
    for annotation in get_type_hints(kind).values():
        for part in _parts(annotation):
            if inspect.isclass(part) and (issubclass(part, BaseModel) or dataclasses.is_dataclass(part)):
                yield part
                yield from _held(part)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _parts(argument)


@pytest.mark.proves("python-api")
def test_every_type_of_result_is_read_by_key_and_what_it_holds_too() -> None:
    kinds = result_types()

    assert len(kinds) >= 25
    assert [kind.__name__ for kind in kinds if not issubclass(kind, ByKey)] == []


async def _answers() -> list[Any]:
    """Return one result of each kind that a program gets."""
    async with opened() as dynaload:
        query = await dynaload.process_query("search the tickets of the account", session_id="s")
        steps = [WorkflowStep(agent_id="triage", input_data={"query": "book a meeting room"})]
        (step,), whole = await dynaload.process_workflow_with_optimization(workflow_steps=steps)
        command = await dynaload.run_user_command("/tier-status", session_id="s")
        await dynaload.call_tool("desk__echo", {"text": "hello"}, session_id="s")
        async with dynaload.session(None, "s") as session:
            infos, stats = tool_infos(session), registry_stats(session)
            tool = session.catalog.get(TICKETS)
            assert tool is not None
            why, told = await tool_why(session, tool), await explanation(session, "book a meeting room", None)
        status, report = await dynaload.get_system_status(), await dynaload.get_performance_report()
    return [query, step, whole, command, *infos, stats, why, told, status, report, *steps]


def _all_within(value: Any) -> Iterator[ByKey]:
    children: list[Any] = []
    if isinstance(value, ByKey):
        yield value
        children += value.values()
    elif isinstance(value, Mapping):
        children += cast(Mapping[str, Any], value).values()
    elif isinstance(value, tuple):
        children += cast(tuple[Any, ...], value)
    for child in children:
        yield from _all_within(child)


async def test_each_attribute_of_each_result_is_a_key_at_every_depth() -> None:
    answers = [each for answer in await _answers() for each in _all_within(answer)]
    seen = {type(each) for each in answers}

    assert {kind.__name__ for kind in result_types()} - {kind.__name__ for kind in seen} == set()
    for answer in answers:
        kind = type(answer)
        whole: Any = kind  # for the type checker no dataclass
        fields = kind.model_fields if issubclass(kind, BaseModel) else {f.name for f in dataclasses.fields(whole)}
        assert set(fields) <= set(answer.keys())
        assert dict(answer) == {key: getattr(answer, key) for key in tuple(answer.keys())}
        assert all(key in answer and answer[key] is answer.get(key) for key in fields)


async def test_the_lines_of_the_product_s_description_run_as_written() -> None:
    async with opened() as dynaload:
        result = await dynaload.process_query("search the tickets of the account")
        status = await dynaload.get_system_status()
        report = await dynaload.get_performance_report()

    assert status["integration_health"] == status.integration_health
    assert status["components"]["store"]["health"] == "healthy"
    assert {component["health"] for component in status["components"].values()} <= {"healthy", "degraded"}
    average = report["integration_report"]["performance_summary"]["average_reduction_percentage"]
    assert average == report.integration_report.performance_summary.average_reduction_percentage
    assert report["integration_report"]["times"]["prompt"]["mean_ms"] > 0
    assert result["tools"][0]["name"] == result["tool_names"][0]
    assert result.get("confidence") == result.confidence
    assert result.get("certainty", 0.5) == 0.5
    assert "confidence" in result
    assert "certainty" not in result


def test_a_key_that_is_missing_is_told_with_those_that_there_are() -> None:
    step = WorkflowStep(agent_id="triage", input_data={"query": "book a room"})

    with pytest.raises(KeyError, match="'agent' is no key of WorkflowStep; there are: agent_id, input_data, task"):
        step["agent"]
    with pytest.raises(KeyError, match="'model_fields'"):
        step["model_fields"]
    assert {**step} == {"agent_id": "triage", "input_data": {"query": "book a room"}, "task": "book a room"}


def test_results_are_still_models() -> None:
    step = WorkflowStep(agent_id="triage", input_data={"query": "book a room"})

    assert step.model_dump() == {"agent_id": "triage", "input_data": {"query": "book a room"}}
    assert WorkflowStep.model_validate(step.model_dump()) == step
    assert {Explanation, PerformanceReport, RegistryStats, SystemStatus, ToolInfo, ToolWhy} <= set(result_types())
