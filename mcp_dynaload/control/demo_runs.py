"""The demo's scenarios over REST: played in processes of their own, one run at a time."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from mcp_dynaload.control.bodies import Body, Problem
from mcp_dynaload.control.problems import BusyError
from mcp_dynaload.control.rest import PREFIX
from mcp_dynaload.demo.outcome import Results
from mcp_dynaload.demo.run import run_scenarios
from mcp_dynaload.demo.scenario_types import ScenarioType

demo_runs = APIRouter(prefix=PREFIX, tags=["demo"])


class DemoRun(Body):
    """Which scenarios to play."""

    scenario_types: Annotated[tuple[ScenarioType, ...], Field(min_length=1)] = tuple(ScenarioType)


class Stage:
    """Has room for one run."""

    def __init__(self) -> None:
        self._is_taken = False

    async def play(self, body: DemoRun) -> Results:
        """Play the scenarios.

        Raises:
            BusyError: Others are being played.
        """
        if self._is_taken:
            raise BusyError("a demo is being played; it takes a few minutes, try again then")
        self._is_taken = True
        try:
            return await run_scenarios(body.scenario_types)
        finally:
            self._is_taken = False


def stage_of(request: Request) -> Stage:
    """The application's stage, as a dependency."""
    stage: object = request.app.state.stage
    assert isinstance(stage, Stage)
    return stage


@demo_runs.post("/demo/run", responses={503: {"model": Problem, "description": "Another run is going on"}})
async def run_demo(stage: Annotated[Stage, Depends(stage_of)], body: DemoRun | None = None) -> Results:
    """Play scenarios on the embedded servers and measure them; takes up to some minutes."""
    return await stage.play(body or DemoRun())
