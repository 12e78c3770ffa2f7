"""The dashboard in a real Chromium: each view, a pin, a restart, and the figure that the API reports."""

import re
from pathlib import Path

import anyio.to_thread
import httpx2
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from mcp_dynaload.http.rest import PREFIX
from tests.api.desks import servers
from tests.faults.scripted import entry, tool
from tests.http.browsers import VIEWS, Page, browser
from tests.http.services import service_of
from tests.waiting import HANG_SECONDS

TICKETS, ROOM = "desk__search_tickets", "hall__book_meeting_room"


ARCHIVE = [
    tool(f"{verb}_{thing}", f"{verb.capitalize()} the {thing} of the archive, with all that was written about it since")
    for verb in ("digitise", "translate", "restore", "lend", "bind")
    for thing in ("parchment", "map", "newspaper", "photograph", "letter", "diary", "score", "poster", "coin", "herbal")
]
"""Tools that nobody here asks for, so that leaving it out saves something."""


def walk(page: Page) -> str:
    """Walk through all views; returns the figure of saved tokens."""
    page.until_text("#live", "live")
    saved = page.until_text("#net-saved", ",")
    for name in VIEWS:
        page.view(name)
        page.shoot(name)
    return saved


def look_into_a_session(page: Page) -> None:
    page.view("sessions")
    page.press('summary[data-key="summary-s1"]', Keys.ENTER)
    shown = page.until_text('details[data-key="s1"]', "needed for the prompt")
    assert TICKETS in shown
    page.shoot("sessions-open")


def pin_a_tool(page: Page) -> None:
    page.view("tools")
    page.find("#words").send_keys("book a meeting room")
    page.until(lambda: page.driver.find_element(By.CSS_SELECTOR, "#found tbody .name").text == ROOM)
    button = f'button[data-key="pin-{ROOM}"]'
    page.find(f'{button}[aria-pressed="false"]')
    page.press(button, Keys.SPACE)
    page.until_text(button, "pinned")
    page.shoot("tools-pinned")


def restart_a_server(page: Page) -> None:
    page.view("servers")
    page.press('button[data-key="restart-desk"]')
    page.until_text("#notice", "desk: restart done")
    page.until_text("main", "running")
    page.shoot("servers-restarted")
    page.press('button[data-key="stop-desk"]:not(:disabled)')
    page.until_text("#notice", "desk: stop done")


def try_a_prompt(page: Page) -> None:
    page.view("try")
    page.find("#prompt").send_keys("search the tickets of the account")
    page.press("button#try")
    shown = page.until_text("#answer", "Would load")
    assert TICKETS in shown
    page.in_scheme("dark")
    page.shoot("try-dark")
    page.view("overview")
    page.until_text("#net-saved", ",")
    page.shoot("overview-dark")


def read_the_endpoints(page: Page) -> None:
    page.driver.get(f"{page.origin}/docs")
    page.until_text("h2", "REST endpoints")
    shown = page.find("main").text
    assert [path for path in documented(page.origin) if path not in shown] == []
    assert "user_commands" in shown
    page.shoot("docs")


def documented(origin: str) -> list[str]:
    return list(httpx2.get(f"{origin}/openapi.json").json()["paths"])


def visit(origin: str) -> str:
    with browser(origin) as page:
        saved = walk(page)
        look_into_a_session(page)
        pin_a_tool(page)
        restart_a_server(page)
        try_a_prompt(page)
        read_the_endpoints(page)
        assert page.complaints() == []
        return saved


@pytest.mark.proves("dashboard")
async def test_the_dashboard_shows_and_steers_what_the_api_reports(tmp_path: Path) -> None:
    async with (
        service_of(tmp_path, servers(archive=entry("archive", offers={"tools": ARCHIVE}))) as service,
        httpx2.AsyncClient(base_url=service.origin + PREFIX, timeout=HANG_SECONDS) as http,
    ):
        for query in ("search the tickets of the account", "create an invoice", "thank you very much"):
            await http.post("/optimize-query", json={"query": query, "session_id": "s1"})
        async with service.client() as client:
            await client.prompt("search the tickets of the account")
            await client.call(TICKETS)
            await client.say("find_tools", query="book a meeting room", limit=1)
            await client.call(ROOM)
            await client.call("hall__die")
            saved = await anyio.to_thread.run_sync(visit, service.origin)
            await client.names()
        told = (await http.get("/overview")).json()
        report = (await http.get("/performance-report")).json()
        later = (await http.post("/user-command", json={"command": f"/why {ROOM}"})).json()

    summary = report["integration_report"]["performance_summary"]
    assert int(re.sub(r"\D", "", saved)) == told["summary"]["tokens"]["net_saved"] == summary["net_tokens_saved"] > 0
    assert (summary["queries"], summary["calls"]) == (4, 3)
    assert "pinned by you" in later["message"]
    assert told["summary"]["upstreams"]["desk"]["stops"] >= 1


async def test_prometheus_reads_what_happened_with_labels_of_few_values(tmp_path: Path) -> None:
    async with service_of(tmp_path, servers()) as service, httpx2.AsyncClient(base_url=service.origin) as http:
        async with service.client() as client:
            await client.prompt("search the tickets of the account")
            await client.call(TICKETS)
        answer = await http.get("/metrics")

    text = answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'dynaload_tool_calls_total{outcome="ok",upstream="desk"} 1.0' in text
    assert 'dynaload_prompts_total{strategy="balanced"} 1.0' in text
    assert 'dynaload_upstream_start_seconds_count{upstream="desk"} 1.0' in text
    assert TICKETS not in text, "tools would be too many values for a label"


async def test_a_server_that_is_not_there_cannot_be_started(tmp_path: Path) -> None:
    async with (
        service_of(tmp_path, servers()) as service,
        httpx2.AsyncClient(base_url=service.origin + PREFIX) as http,
    ):
        unknown = await http.post("/upstreams/nobody/start")
        started = await http.post("/upstreams/desk/start")
        running = await http.get("/status")

    assert (unknown.status_code, "there are: desk" in unknown.text) == (404, True)
    assert started.json() == {"upstream": "desk", "action": "start", "sessions": 1}
    assert {one["name"]: one["state"] for one in running.json()["upstreams"]}["desk"] == "running"


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fapp.py", "%2E%2E/app.py"])
async def test_only_the_dashboards_own_files_are_served(tmp_path: Path, name: str) -> None:
    async with service_of(tmp_path, servers()) as service, httpx2.AsyncClient(base_url=service.origin) as http:
        assert (await http.get("/")).status_code == 200
        assert (await http.get(f"/dashboard/{name}")).status_code == 404
