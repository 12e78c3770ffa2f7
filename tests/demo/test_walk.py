from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from mcp import Client
from mcp import types as mcp_types

from mcp_dynaload.demo import SERVERS
from mcp_dynaload.demo.scenarios.steps import Called, Prompt, Scenario
from mcp_dynaload.demo.scenarios.walk import WALK
from mcp_dynaload.demo.serve import build


def test_each_scenario_is_one_prompt_and_then_calls() -> None:
    for scenario in WALK:
        prompt, *calls = scenario.steps
        assert isinstance(prompt, Prompt)
        assert all(isinstance(call, Called) for call in calls)


def test_a_dozen_prompts_need_tools_and_some_need_none() -> None:
    assert sum(bool(_needs(scenario)) for scenario in WALK) >= 12
    assert sum(not _needs(scenario) for scenario in WALK) >= 2
    assert sum(bool(_calls(scenario)) for scenario in WALK) >= 6
    assert len({scenario.name for scenario in WALK}) == len(WALK)


async def test_the_needed_tools_exist(tmp_path: Path) -> None:
    known = set[str]()
    for server in SERVERS:
        async with Client(build(server, tmp_path)) as client:
            known |= {f"{server}.{tool.name}" for tool in (await client.list_tools()).tools}

    assert {need for scenario in WALK for need in _needs(scenario)} <= known


@pytest.mark.parametrize("scenario", [s for s in WALK if len(s.steps) > 1], ids=lambda scenario: scenario.name[:40])
async def test_the_calls_of_a_scenario_do_what_it_says(scenario: Scenario, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        names = {call.tool.partition(".")[0] for call in _calls(scenario)}
        clients = {name: await stack.enter_async_context(Client(build(name, tmp_path))) for name in names}
        for call in _calls(scenario):
            assert call.tool in _needs(scenario)
            server, _, tool = call.tool.partition(".")
            result = await clients[server].call_tool(tool, call.arguments)
            (block,) = result.content
            assert isinstance(block, mcp_types.TextContent)
            assert not result.is_error
            assert call.says in block.text


def _needs(scenario: Scenario) -> tuple[str, ...]:
    return tuple(need for step in scenario.steps if isinstance(step, Prompt) for need in step.needs or ())


def _calls(scenario: Scenario) -> list[Called]:
    return [step for step in scenario.steps if isinstance(step, Called)]
