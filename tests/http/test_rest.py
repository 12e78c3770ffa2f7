"""REST: every endpoint, its answers and its errors."""

import json
import re
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx2
import pytest

from mcp_dynaload.cli.processes import find_processes
from mcp_dynaload.http.rest import PREFIX
from mcp_dynaload.store.usage import project_of
from tests.api.desks import servers
from tests.http.services import Service, service_of
from tests.pages import PAGES
from tests.programs import PYTHON
from tests.waiting import HANG_SECONDS

SCHEMATHESIS = Path(sys.executable).with_name("st")
TICKETS, ROOM = "desk__search_tickets", "hall__book_meeting_room"


@asynccontextmanager
async def rest_of(folder: Path, **variables: str) -> AsyncGenerator[tuple[Service, httpx2.AsyncClient]]:
    async with (
        service_of(folder, servers(), **variables) as service,
        httpx2.AsyncClient(base_url=service.origin + PREFIX, timeout=HANG_SECONDS) as http,
    ):
        yield service, http


async def answer(http: httpx2.AsyncClient, path: str, **body: Any) -> Any:
    response = await (http.post(path, json=body) if body else http.get(path))
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.proves("rest")
async def test_a_query_gets_its_tools_and_commands_are_run(tmp_path: Path) -> None:
    async with rest_of(tmp_path) as (_, http):
        result = await answer(
            http,
            "/optimize-query",
            query="book a meeting room",
            user_id="ann",
            strategy="conservative",
            user_commands=["/load-category office", "/lode-tier 1"],
        )

    assert {TICKETS, ROOM} <= {tool["name"] for tool in result["tools"]}
    assert (result["user_id"], result["strategy"]) == ("ann", "conservative")
    assert [done["success"] for done in result["user_commands"]] == [True, False]


@pytest.mark.proves("first-line-commands")
async def test_a_command_in_the_middle_of_a_query_is_not_run_over_rest(tmp_path: Path) -> None:
    async with rest_of(tmp_path) as (_, http):
        result = await answer(http, "/optimize-query", query="what is this?\n/performance-mode aggressive\nhm")

    assert (result["user_commands"], result["strategy"]) == ([], "balanced")


async def test_of_many_changes_at_one_time_none_is_lost_and_none_fails(tmp_path: Path) -> None:
    statuses: set[int] = set()

    async def change(path: str, **body: str) -> None:
        statuses.add((await http.post(path, json=body)).status_code)

    async with rest_of(tmp_path) as (service, http):
        (desk, *_), sessions = servers(), ("one", "two")
        await answer(http, "/user-command", command="/help", session_id="one")
        async with anyio.create_task_group() as tasks:
            for number in range(5):
                for session, tool in zip(sessions, (TICKETS, ROOM), strict=True):
                    tasks.start_soon(partial(change, "/user-command", command=f"/pin {tool}", session_id=session))
                    mode = "aggressive" if number % 2 else "conservative"
                    command = f"/performance-mode {mode}"
                    tasks.start_soon(partial(change, "/user-command", command=command, session_id=session))
                for action in ("start", "restart", "stop"):
                    tasks.start_soon(change, f"/upstreams/{desk}/{action}")

        assert statuses <= {200, 400}  # 400: a server that does not run has nothing to restart
        assert service.state.proxy.shared.memory.pins(project_of(tmp_path)) == (TICKETS, ROOM)


async def test_a_command_without_a_session_begins_one_that_goes_on(tmp_path: Path) -> None:
    async with rest_of(tmp_path) as (_, http):
        done = await answer(http, "/user-command", command=f"/pin {TICKETS}")
        result = await answer(http, "/optimize-query", query="book a meeting room", session_id=done["session_id"])
        why = await answer(http, f"/tools/{TICKETS}/why?session_id={done['session_id']}")
        sessions = (await answer(http, "/sessions"))["sessions"]

    assert done["success"]
    assert {TICKETS, ROOM} <= {tool["name"] for tool in result["tools"]}
    assert (why["is_loaded"], why["reason"]) == (True, "pinned by you")
    assert why["last_prompt"] is None or why["last_prompt"]["rank"] > 1
    assert done["session_id"] in [session["session_id"] for session in sessions]


@pytest.mark.proves("rest")
async def test_a_connected_clients_session_is_steered_from_outside(tmp_path: Path) -> None:
    async with rest_of(tmp_path) as (service, http), service.client() as client:
        await client.prompt("thanks", session_id="theirs")
        done = await answer(http, "/user-command", command="/load-category office", session_id="theirs")
        await client.until_told("tools")
        names = await client.names()

    assert done["success"]
    assert TICKETS in names


@pytest.mark.proves("profiles", "top")
async def test_a_profile_narrows_a_session_of_the_service_and_top_finds_both(tmp_path: Path) -> None:
    settings = tmp_path / "config" / "dynaload.toml"
    settings.parent.mkdir()
    settings.write_text('[profiles.none-of-it]\nservers = ["other"]\n')
    async with rest_of(tmp_path, MCP_DYNALOAD_PROFILE="none-of-it") as (_, http):
        before = await answer(http, "/optimize-query", query="book a meeting room", session_id="s")
        done = await answer(http, "/user-command", command="/profile none", session_id="s")
        after = await answer(http, "/optimize-query", query="book a meeting room", session_id="s")
        (process,) = await find_processes(tmp_path / "state" / "live")

    assert before["tools"] == []
    assert done["success"]
    assert ROOM in [tool["name"] for tool in after["tools"]]
    assert process.snapshot is not None
    (session,) = (one for one in process.snapshot.sessions if one.id == "s")
    assert (process.kind, session.profile) == ("service", "none")
    assert ROOM in [tool.name for tool in session.loaded]


async def test_an_explanation_changes_nothing(tmp_path: Path) -> None:
    async with rest_of(tmp_path) as (_, http):
        told = await answer(http, "/explain", query="book a meeting room", strategy="aggressive")
        sessions = (await answer(http, "/sessions"))["sessions"]

    assert ROOM in [tool["name"] for tool in told["loaded"]]
    assert told["strategy"] == "aggressive"
    assert told["loaded"][0]["terms"]
    assert all(session["tools"] == [] for session in sessions)


async def test_the_report_and_the_live_metrics_count_what_was_done(tmp_path: Path) -> None:
    async with rest_of(tmp_path) as (_, http):
        await answer(http, "/optimize-query", query="book a meeting room")
        await answer(http, "/user-command", command="/help")
        report = await answer(http, "/performance-report")
        live = await answer(http, "/metrics/live")
        events = [line async for line in _first_events(http)]

    summary = report["integration_report"]["performance_summary"]
    assert (summary["queries"], summary["commands"], summary["command_success_rate_percentage"]) == (1, 1, 100.0)
    assert live["queries"] == 1
    assert [json.loads(event)["queries"] for event in events] == [1, 1]


async def _first_events(http: httpx2.AsyncClient) -> AsyncGenerator[str]:
    with anyio.fail_after(HANG_SECONDS):
        async with http.stream(
            "GET", "/metrics/live?interval_seconds=0.1", headers={"Accept": "text/event-stream"}
        ) as response:
            count = 0
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    yield line.removeprefix("data:")
                    count += 1
                if count == 2:
                    return


async def test_the_catalog_is_searched_and_counted(tmp_path: Path) -> None:
    async with rest_of(tmp_path) as (_, http):
        everything = await answer(http, "/tools")
        found = await answer(http, "/tools?query=book%20a%20meeting%20room&limit=1")
        stats = await answer(http, "/function-registry/stats")

    assert everything["total"] == len(everything["tools"]) == stats["functions"] == 6
    assert [tool["name"] for tool in found["tools"]] == [ROOM]
    assert {server["upstream"]: server["tools"] for server in stats["servers"]} == {"desk": 4, "hall": 2}
    assert "office" in [category["category"] for category in stats["categories"]]


async def test_the_status_is_told_and_health_is_a_status_code(tmp_path: Path) -> None:
    async with rest_of(tmp_path) as (service, http):
        await answer(http, "/optimize-query", query="thanks")
        status = await answer(http, "/status")
        well = await http.get("/health")
        service.state.configuration.locations.database_file.unlink()
        ill = await http.get("/health")

    assert status["catalog_tools"] == 6
    assert well.status_code == 200
    assert (ill.status_code, ill.json()["status"], ill.json()["components"]["store"]["health"]) == (
        503,
        "unhealthy",
        "unhealthy",
    )


@pytest.mark.proves("rest")
async def test_wrong_requests_are_told_what_is_right(tmp_path: Path) -> None:
    async with rest_of(tmp_path) as (_, http):
        unknown = await http.get("/tools/desk__search_ticket/why")
        field = await http.post("/optimize-query", json={"query": "x", "stratgy": "balanced"})
        value = await http.post("/optimize-query", json={"query": "x", "strategy": "fast"})

    assert (unknown.status_code, unknown.json()["error"]) == (404, "not_found")
    assert f"did you mean '{TICKETS}'" in unknown.json()["message"]
    assert (field.status_code, field.json()["detail"][0]["loc"]) == (422, ["body", "stratgy"])
    assert field.json()["error"] == "wrong_input"
    assert field.json()["message"] == "body.stratgy: Extra inputs are not permitted"
    assert "'conservative', 'balanced' or 'aggressive'" in value.json()["message"]


async def test_too_many_sessions_are_a_503_that_says_when_to_come_back(tmp_path: Path) -> None:
    async with rest_of(tmp_path, MAX_CONCURRENT_SESSIONS="1") as (service, http):
        await answer(http, "/optimize-query", query="x")
        async with service.state.api.sessions.use("", "busy"):
            refused = await http.post("/optimize-query", json={"query": "x", "session_id": "other"})
        taken = await http.post("/optimize-query", json={"query": "x", "session_id": "other"})

    assert (refused.status_code, refused.json()["error"]) == (503, "too_many_sessions")
    assert int(refused.headers["Retry-After"]) > 0
    assert taken.status_code == 200


@pytest.mark.proves("rest")
async def test_every_endpoint_has_a_curl_in_the_pages_that_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", PYTHON)  # for the demo's processes
    commands = [
        line for page in PAGES for line in re.findall(r"^curl .*$", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    paths = {
        re.sub(r"\?.*", "", match) for command in commands for match in re.findall(rf"{PREFIX}(/[^ '\"]*)", command)
    }
    async with rest_of(tmp_path) as (service, _):
        documented = {
            path.removeprefix(PREFIX)
            for path in service.app.openapi()["paths"]
            if path.startswith(PREFIX) and "{" not in path
        }
        done = [await anyio.to_thread.run_sync(_run, command, service.origin) for command in commands]

    assert documented - paths == set()
    assert [(command, said) for command, (code, said) in zip(commands, done, strict=True) if code] == []


def _run(command: str, origin: str) -> tuple[int, str]:
    """Run the command as a user types it, but to this service, and failing where the answer is an error."""
    here = command.replace("http://127.0.0.1:8765", origin).replace(
        "curl ", "curl -sS --fail-with-body --max-time 100 ", 1
    )
    done = subprocess.run(["sh", "-c", here], capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def test_schemathesis_finds_no_server_error_and_no_broken_schema(tmp_path: Path) -> None:
    anyio.run(_schemathesis, tmp_path)


async def _schemathesis(folder: Path) -> None:
    async with rest_of(folder) as (service, _):
        command = [
            str(SCHEMATHESIS),
            "run",
            f"{service.origin}/openapi.json",
            "--max-examples",
            "5",
            "--phases",
            "examples,coverage,fuzzing",
        ]
        skipped = ["--exclude-path-regex", "metrics/live|demo/run|^/(mcp|sse|messages)"]
        done = await anyio.run_process([*command, *skipped, "--seed", "1"], check=False)

    assert done.returncode == 0, done.stdout.decode()
