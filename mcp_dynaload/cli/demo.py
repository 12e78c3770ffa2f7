"""`mcp-dynaload demo`: what the proxy does, on servers that travel with it."""

from typing import Annotated

import typer

from mcp_dynaload.cli.common import JsonOption
from mcp_dynaload.demo.scenario_types import ScenarioType


def demo(
    comprehensive: Annotated[
        bool, typer.Option("--comprehensive", help="Play the scenarios of all types and measure them.")
    ] = False,
    scenario_types: Annotated[
        list[ScenarioType] | None,
        typer.Option("--scenario-types", metavar="TYPE…", help=f"Play those of some: {', '.join(ScenarioType)}."),
    ] = None,
    more: Annotated[list[ScenarioType] | None, typer.Argument(hidden=True, metavar="TYPE")] = None,
    as_json: JsonOption = False,
) -> None:
    """Type prompts into the proxy in front of embedded servers, and make real calls. Needs no network.

    Without options a short walk; exit status 1 if a call fails, or a scenario.

    Example: mcp-dynaload demo --scenario-types basic_optimization complex_workflows
    """
    types = chosen(comprehensive, scenario_types or [], more or [])
    if types:
        from mcp_dynaload.cli.demo_scenarios import play_scenarios

        success = play_scenarios(types, as_json)
    else:
        from mcp_dynaload.cli.demo_walk import walk

        success = walk(as_json)
    if not success:
        raise typer.Exit(1)


def chosen(comprehensive: bool, first: list[ScenarioType], more: list[ScenarioType]) -> list[ScenarioType]:
    """Return the types asked for; several names may follow the option, which typer sees as arguments of the command."""
    if more and not first:
        raise typer.BadParameter(f"write --scenario-types {' '.join(more)}")
    wanted = {*first, *more}
    return [kind for kind in ScenarioType if comprehensive or kind in wanted]
