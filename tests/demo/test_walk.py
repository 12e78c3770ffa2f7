from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from mcp import Client
from mcp import types as mcp_types

from mcp_dynaload.demo import SERVERS
from mcp_dynaload.demo.scenarios.walk import SCENARIOS, WalkScenario
from mcp_dynaload.demo.serve import build


def test_a_dozen_prompts_need_tools_and_some_need_none() -> None:
    assert sum(bool(scenario.needs) for scenario in SCENARIOS) >= 12
    assert sum(not scenario.needs for scenario in SCENARIOS) >= 2
    assert sum(bool(scenario.calls) for scenario in SCENARIOS) >= 6
    assert len({scenario.prompt for scenario in SCENARIOS}) == len(SCENARIOS)


async def test_the_needed_tools_exist(tmp_path: Path) -> None:
    known = set[tuple[str, str]]()
    for server in SERVERS:
        async with Client(build(server, tmp_path)) as client:
            known |= {(server, tool.name) for tool in (await client.list_tools()).tools}

    assert {need for scenario in SCENARIOS for need in scenario.needs} <= known


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.calls], ids=lambda scenario: scenario.prompt[:40])
async def test_the_calls_of_a_scenario_do_what_it_says(scenario: WalkScenario, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        names = {call.server for call in scenario.calls}
        clients = {name: await stack.enter_async_context(Client(build(name, tmp_path))) for name in names}
        for call in scenario.calls:
            assert (call.server, call.tool) in scenario.needs
            result = await clients[call.server].call_tool(call.tool, call.arguments)
            (block,) = result.content
            assert isinstance(block, mcp_types.TextContent)
            assert not result.is_error
            assert call.expected in block.text
