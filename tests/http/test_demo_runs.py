"""The demo over REST: begun, watched and told, while somebody waits or nobody does."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx2
import pytest

from mcp_dynaload.demo.outcome import Results, ScenarioOutcome
from mcp_dynaload.demo.run import results
from mcp_dynaload.demo.scenario_types import ScenarioType
from mcp_dynaload.demo.scenarios import SCENARIOS
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.http.demo_runs import MAX_KEPT_RUNS, PlayedRuns
from mcp_dynaload.http.dependencies import serving_of
from mcp_dynaload.http.rest import PREFIX
from tests.api.desks import servers
from tests.http.services import service_of
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("demo-progress")

BASIC = {"scenario_types": ["basic_optimization"]}
PLAYED = ScenarioOutcome(ScenarioType.BASIC, "mail", True, (), 0.9, (), (12.0,), ())


@dataclass
class Scripted:
    """A run that plays two scenarios, each when it is told to."""

    begun: anyio.Event = field(default_factory=anyio.Event)
    go_on: anyio.Event = field(default_factory=anyio.Event)
    end: anyio.Event = field(default_factory=anyio.Event)
    error: Exception | None = None

    async def __call__(self, types: tuple[ScenarioType, ...], done: Callable[[str], None]) -> Results:
        self.begun.set()
        await self.go_on.wait()
        done("mail")
        await self.end.wait()
        if self.error:
            raise self.error
        return results([PLAYED], {"git__log": 100})


@asynccontextmanager
async def stage(folder: Path, play: Scripted) -> AsyncGenerator[httpx2.AsyncClient]:
    async with (
        service_of(folder, servers()) as service,
        httpx2.AsyncClient(base_url=service.origin + PREFIX, timeout=30) as http,
        anyio.create_task_group() as tasks,
    ):
        service.app.state.demo_runs = PlayedRuns(tasks, play)
        with anyio.fail_after(30):
            yield http
        tasks.cancel_scope.cancel()


async def test_a_run_is_begun_at_once_watched_and_has_its_whole_results_at_the_end(tmp_path: Path) -> None:
    play = Scripted()
    async with stage(tmp_path, play) as http:
        begun = await http.post("/demo/run", json=BASIC, headers={"Prefer": "respond-async"})
        origin = str(http.base_url.join("/")).rstrip("/")
        address = origin + begun.headers["Location"]
        before = (await http.get(address)).json()
        play.go_on.set()
        while not (during := (await http.get(address)).json())["played"]:
            pass
        play.end.set()
        while (after := (await http.get(address)).json())["status"] == "running":
            pass

    assert (begun.status_code, begun.json()["run_id"]) == (202, begun.headers["Location"].rsplit("/", 1)[1])
    assert begun.headers["Preference-Applied"] == "respond-async"
    assert (before["status"], before["played"], before["results"]) == ("running", 0, None)
    assert before["scenarios"] == len(SCENARIOS[ScenarioType.BASIC])
    assert (during["status"], during["played"], during["last_played"]) == ("running", 1, "mail")
    assert (after["status"], after["error"]) == ("done", None)
    assert after["results"]["scenarios"][0]["name"] == "mail"
    assert after["results"]["total"]["succeeded"] == 1


async def test_a_run_is_told_as_server_sent_events_with_the_results_as_the_last(tmp_path: Path) -> None:
    play = Scripted()
    events: list[tuple[str, dict[str, object]]] = []
    async with stage(tmp_path, play) as http:
        stream = http.stream("POST", "/demo/run", json=BASIC, headers={"Accept": "text/event-stream"})
        async with stream as response:
            name = ""
            async for line in response.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    events.append((name, json.loads(line.removeprefix("data: "))))
                    (play.go_on if len(events) == 1 else play.end).set()

    assert response.headers["content-type"].startswith("text/event-stream")
    assert [name for name, _ in events] == ["progress", "progress", "progress", "result"]
    assert [told["played"] for name, told in events if name == "progress"] == [0, 1, 1]
    assert events[-1][1]["success"] is True


async def test_who_just_posts_gets_the_results(tmp_path: Path) -> None:
    play = Scripted()
    play.go_on.set()
    play.end.set()
    async with stage(tmp_path, play) as http:
        told = await http.post("/demo/run", json=BASIC)

    assert (told.status_code, told.json()["success"], told.json()["tools"]) == (200, True, 1)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DynaloadError("no server starts"), "no server starts"),
        (OSError("disk full"), "broke off: OSError('disk full')"),
    ],
)
async def test_a_run_that_fails_says_so_however_it_is_waited_for(tmp_path: Path, error: Exception, told: str) -> None:
    play = Scripted(error=error)
    play.go_on.set()
    play.end.set()
    async with stage(tmp_path, play) as http:
        waited = await http.post("/demo/run", json=BASIC)
        events = (await http.post("/demo/run", json=BASIC, headers={"Accept": "text/event-stream"})).text
        begun = await http.post("/demo/run", json=BASIC, headers={"Prefer": "respond-async"})
        while (watched := (await http.get(f"/demo/run/{begun.json()['run_id']}")).json())["status"] == "running":
            pass

    assert (waited.status_code, waited.json()["error"]) == (500, "demo_failed")
    assert waited.json()["message"].startswith(told)
    assert "event: error" in events
    assert (watched["status"], watched["results"]) == ("failed", None)
    assert watched["error"].startswith(told)


async def test_one_demo_is_played_at_a_time_and_the_next_is_told_where_to_look(tmp_path: Path) -> None:
    play = Scripted()
    async with stage(tmp_path, play) as http:
        begun = await http.post("/demo/run", json=BASIC, headers={"Prefer": "respond-async"})
        busy = await http.post("/demo/run", json=BASIC)
        wrong = await http.post("/demo/run", json={"scenario_types": ["all"]})

    assert (busy.status_code, busy.json()["error"], "Retry-After" in busy.headers) == (503, "busy", True)
    assert begun.headers["Location"] in busy.json()["message"]
    assert wrong.status_code == 422
    assert "'basic_optimization'" in wrong.json()["detail"][0]["msg"]


async def test_the_last_runs_are_kept_and_an_unknown_one_is_told(tmp_path: Path) -> None:
    play = Scripted()
    play.go_on.set()
    play.end.set()
    async with stage(tmp_path, play) as http:
        for _ in range(MAX_KEPT_RUNS):
            await http.post("/demo/run", json=BASIC)
        begun = await http.post("/demo/run", json=BASIC, headers={"Prefer": "respond-async"})
        kept = await http.get(f"/demo/run/{begun.json()['run_id']}")
        unknown = await http.get("/demo/run/none")

    assert kept.status_code == 200
    assert (unknown.status_code, unknown.json()["error"]) == (404, "not_found")


async def test_who_waits_for_a_run_or_reads_a_stream_is_told_when_the_service_ends(tmp_path: Path) -> None:
    kept, busy = list[PlayedRuns](), ""
    told, sent, streaming, play = list[httpx2.Response](), list[str](), anyio.Event(), Scripted()
    async with (
        service_of(tmp_path, servers()) as service,
        httpx2.AsyncClient(base_url=service.origin + PREFIX, timeout=30) as http,
        anyio.create_task_group() as tasks,
    ):
        kept.append(PlayedRuns(tasks, play))
        service.app.state.demo_runs = kept[0]

        async def ask() -> None:
            told.append(await http.post("/demo/run", json=BASIC))

        async def read() -> None:
            async with http.stream("GET", "/metrics/live", headers={"Accept": "text/event-stream"}) as answer:
                async for text in answer.aiter_text():
                    sent.append(text)
                    streaming.set()

        with anyio.fail_after(HANG_SECONDS):
            async with anyio.create_task_group() as asking:
                asking.start_soon(ask)
                asking.start_soon(read)
                await play.begun.wait()
                await streaming.wait()
                busy = (await http.post("/demo/run", json=BASIC)).json()["message"]
                serving_of(service.app).endpoints.end()
        tasks.cancel_scope.cancel()

    assert [(answer.status_code, answer.json()["error"]) for answer in told] == [(503, "shutting_down")]
    assert "".join(sent).endswith("\r\n\r\n")
    assert kept[0].get(busy.rsplit("/", 1)[1]).progress().status == "failed"
