"""The demo's scenarios over REST: played in processes of their own, one run at a time, and watched meanwhile."""

import dataclasses
import json
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Literal
from uuid import uuid4

import anyio
import anyio.abc
import structlog
from fastapi import Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from mcp_dynaload.demo.outcome import Results
from mcp_dynaload.demo.run import run_scenarios
from mcp_dynaload.demo.scenario_types import ScenarioType
from mcp_dynaload.demo.scenarios import SCENARIOS
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.http.ending import End
from mcp_dynaload.http.errors import NOT_FOUND, BusyError, NotFoundError
from mcp_dynaload.http.rest import EVENT_STREAM, PREFIX
from mcp_dynaload.http.routes import guarded_router, needs
from mcp_dynaload.http.schemas import Body, Problem
from mcp_dynaload.store.tokens import Scope

MAX_KEPT_RUNS = 10
"""Runs whose results can be asked for, the latest."""

RESPOND_ASYNC = "respond-async"
"""The preference (RFC 7240) of a client that does not wait for the result."""

demo_runs = guarded_router(needs(Scope.ADMIN), prefix=PREFIX, tags=["demo"])

log = structlog.get_logger()

Play = Callable[[tuple[ScenarioType, ...], Callable[[str], None]], Awaitable[Results]]


class DemoRun(Body):
    """The scenarios to play."""

    scenario_types: Annotated[tuple[ScenarioType, ...], Field(min_length=1)] = tuple(ScenarioType)


class DemoProgress(Body):
    """The progress of a run, and its outcome."""

    run_id: str
    status: Literal["running", "done", "failed"]
    scenario_types: tuple[ScenarioType, ...]
    scenarios: int
    """To be played."""

    played: int
    last_played: str | None
    elapsed_seconds: float
    results: Results | None
    """The results of all scenarios, once the run is done."""

    error: str | None
    """Why it failed."""


@dataclass(slots=True)
class PlayedRun:
    """A run, being played or over."""

    types: tuple[ScenarioType, ...]
    id: str = field(default_factory=lambda: uuid4().hex)
    played: list[str] = field(default_factory=list[str])
    results: Results | None = None
    error: str | None = None
    seconds: float | None = None
    """How long it took; None while it is being played."""

    started_at: float = field(default_factory=time.monotonic)
    _changed: anyio.Event = field(default_factory=anyio.Event)

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self.seconds is not None

    async def play(self, play: Play) -> None:
        """Play it to its end, whatever that is."""
        try:
            self.results = await play(self.types, self._note)
        except DynaloadError as error:
            self.error = str(error)
        except Exception as error:  # whoever waits must be told; the service goes on
            log.exception("demo_run_broke_off", run=self.id)
            self.error = f"broke off: {error!r}; see the service's log"
        finally:
            if self.results is None and self.error is None:
                self.error = "cut off: the service ended"
            self.seconds = time.monotonic() - self.started_at
            self._tell()

    async def over(self) -> None:
        """Wait for its end."""
        while not self.is_over:
            await self._changed.wait()

    async def stages(self) -> AsyncGenerator[DemoProgress]:
        """Yield the progress now, and after each change until the run's end."""
        while not self.is_over:
            changed = self._changed
            yield self.progress()
            await changed.wait()
        yield self.progress()

    def progress(self) -> DemoProgress:
        """Return the progress now."""
        return DemoProgress(
            run_id=self.id,
            status="failed" if self.error else "done" if self.is_over else "running",
            scenario_types=self.types,
            scenarios=sum(len(SCENARIOS[kind]) for kind in set(self.types)),
            played=len(self.played),
            last_played=self.played[-1] if self.played else None,
            elapsed_seconds=round(self.seconds or time.monotonic() - self.started_at, 3),
            results=self.results,
            error=self.error,
        )

    def _note(self, scenario: str) -> None:
        self.played.append(scenario)
        self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()


class PlayedRuns:
    """The runs of a service, one at a time; played in the service's task group, whoever waits for them or goes."""

    def __init__(self, tasks: anyio.abc.TaskGroup, play: Play = run_scenarios) -> None:
        self._tasks, self._play = tasks, play
        self._runs: OrderedDict[str, PlayedRun] = OrderedDict()

    def start(self, types: tuple[ScenarioType, ...]) -> PlayedRun:
        """Begin a run.

        Raises:
            BusyError: Another is being played.
        """
        if busy := next((run for run in self._runs.values() if not run.is_over), None):
            raise BusyError(f"a demo is being played; it takes up to a minute: look at {location(busy)}")
        run = PlayedRun(types)
        self._runs[run.id] = run
        while len(self._runs) > MAX_KEPT_RUNS:
            self._runs.popitem(last=False)
        self._tasks.start_soon(run.play, self._play)
        return run

    def get(self, run_id: str) -> PlayedRun:
        """Return a run.

        Raises:
            NotFoundError: There is none of that id.
        """
        if run := self._runs.get(run_id):
            return run
        raise NotFoundError(f"there is no run {run_id!r}: the last {MAX_KEPT_RUNS} since the service's start are kept")


def location(run: PlayedRun) -> str:
    """Return the path under which a run is watched."""
    return f"{PREFIX}/demo/run/{run.id}"


def runs_of(request: Request) -> PlayedRuns:
    """Return the service's runs, as a dependency."""
    runs: object = request.app.state.demo_runs
    assert isinstance(runs, PlayedRuns)
    return runs


Kept = Annotated[PlayedRuns, Depends(runs_of)]


@demo_runs.post(
    "/demo/run",
    response_model=Results,
    responses={
        200: {
            "content": {EVENT_STREAM: {}},
            "description": "The results; with `Accept: text/event-stream` a `progress` event after each scenario, then "
            "one `result` event with the results, or an `error` event",
        },
        202: {
            "model": DemoProgress,
            "description": "With `Prefer: respond-async`: it has begun; `Location` says where it is watched",
        },
        500: {"model": Problem, "description": "The run failed"},
        503: {"model": Problem, "description": "Another run is going on, or the service ends before this one does"},
    },
)
async def run_demo(
    runs: Kept,
    end: End,
    body: DemoRun | None = None,
    accept: Annotated[str, Header()] = "",
    prefer: Annotated[str, Header(description="`respond-async`: do not wait for the result.")] = "",
) -> Response | Results:
    """Play scenarios on the embedded servers and measure them: all of them take up to a minute."""
    run = runs.start((body or DemoRun()).scenario_types)
    if EVENT_STREAM in accept:
        return end.stream(_events(run), headers={"Content-Location": location(run)})
    if RESPOND_ASYNC in [preference.strip().lower() for preference in prefer.split(",")]:
        headers = {"Location": location(run), "Preference-Applied": RESPOND_ASYNC, "Retry-After": "1"}
        return JSONResponse(run.progress().model_dump(mode="json"), 202, headers)
    await end.wait_for(run.over)
    if run.results is None:
        problem = Problem(error="demo_failed", message=str(run.error))
        return JSONResponse(problem.model_dump(mode="json"), 500)
    return run.results


@demo_runs.get("/demo/run/{run_id}", responses=NOT_FOUND)
async def watch_demo(run_id: str, runs: Kept) -> DemoProgress:
    """Tell how far a run is, and, when it is done, its whole results."""
    return runs.get(run_id).progress()


async def _events(run: PlayedRun) -> AsyncGenerator[dict[str, str]]:
    async for stage in run.stages():
        yield {"event": "progress", "data": stage.model_dump_json(exclude={"results", "error"})}
    if run.results is None:
        yield {"event": "error", "data": Problem(error="demo_failed", message=str(run.error)).model_dump_json()}
    else:
        yield {"event": "result", "data": json.dumps(dataclasses.asdict(run.results))}
