"""The official conformance suites report nothing through the proxy that they do not report of the server behind it."""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.lowlevel.server import Server

from mcp_dynaload.catalog.tool import Json
from tests.http.processes import address_of, process_before
from tests.transparency.conformance import NEWEST, NODE, SUITES, Checks, Suite, run_suite
from tests.transparency.everything import build_server
from tests.transparency.resumable import resumable_app
from tests.transparency.serving import python_entry, served
from tests.untraced import untraced

__all__ = ["untraced"]

IDLE_SECONDS = 1
"""The suite leaves its sessions open: their upstreams must not add up."""

TOLD_ONLY_DIRECTLY = ("server-sse-polling", "server-sse-disconnect-resume")
"""A server that closes the stream of a call is resumed by us; our own client has nothing to resume."""

Results = dict[str, dict[str, Checks]]
"""Checks by suite and by what was tested."""


@asynccontextmanager
async def over_http(server: Server[Json]) -> AsyncGenerator[str]:
    async with served(resumable_app(server)) as origin:
        yield f"{origin}/mcp"


@asynccontextmanager
async def through_service(folder: Path, entry: Json, **variables: str) -> AsyncGenerator[str]:
    """Start the service as a user does, in front of one server and with loading switched off."""
    with process_before(folder, {"everything": entry}, DYNAMIC_LOADING_ENABLED="false", **variables):
        yield await address_of(folder)


async def run_all(folder: Path) -> Results:
    results: Results = {}
    async with AsyncExitStack() as stack:
        direct = await stack.enter_async_context(over_http(build_server()))
        options = {"prefix": "", "idle_seconds": IDLE_SECONDS}
        entries = {
            "stdio": python_entry("tests.transparency.everything", "stdio", **options),
            "http": {"type": "http", "url": direct, "dynaload": options},
        }
        urls = {"direct": direct}
        for kind, entry in entries.items():
            urls[kind] = await stack.enter_async_context(through_service(folder / kind, entry))
        for suite in SUITES:
            results[suite.name] = {}
            async with anyio.create_task_group() as tasks:
                for kind, url in urls.items():
                    tasks.start_soon(note, results[suite.name], kind, suite, url, folder / suite.name / kind)
    return results


async def note(results: dict[str, Checks], kind: str, suite: Suite, url: str, output: Path) -> None:
    results[kind] = await run_suite(suite, url, output)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    if not NODE.exists():
        pytest.fail(f"{NODE} is missing: run .ci/install-e2e")
    return anyio.run(run_all, tmp_path_factory.mktemp("conformance"))


async def test_sessions_that_resume_at_the_same_time_are_answered_each_its_own() -> None:
    # The suites are run side by side: with events in common, one got what another's request of the same id got.
    answers: Counter[tuple[str, bool]] = Counter()

    async def call(tool: str, url: str) -> None:
        async with Client(streamable_http_client(url), mode="legacy", cache=None) as client:
            answers[tool, (await client.call_tool(tool, {})).is_error] += 1

    async with over_http(build_server()) as url, anyio.create_task_group() as tasks:
        for tool in ("test_reconnection", "test_error_handling") * 5:
            tasks.start_soon(call, tool, url)

    assert answers == {("test_reconnection", False): 5, ("test_error_handling", True): 5}


suites = pytest.mark.parametrize("suite", [suite.name for suite in SUITES])
transports = pytest.mark.parametrize("transport", ["stdio", "http"])


@suites
def test_the_everything_server_itself_passes(results: Results, suite: str) -> None:
    direct = results[suite]["direct"]

    assert {check for check, status in direct.items() if status == "FAILURE"} == set()
    assert sum(status == "SUCCESS" for status in direct.values()) >= 40


@suites
@transports
@pytest.mark.proves("conformance")
def test_the_proxy_passes_what_the_server_passes(results: Results, suite: str, transport: str) -> None:
    direct, through = results[suite]["direct"], results[suite][transport]

    differing = {check: (direct.get(check), status) for check, status in through.items() if status != direct.get(check)}
    differing.pop(TOLD_ONLY_DIRECTLY, None)
    assert differing == {}
    assert through.keys() == direct.keys()


@pytest.mark.proves("conformance")
async def test_nothing_fails_at_the_newest_revision_that_does_not_fail_without_us(tmp_path: Path) -> None:
    async with over_http(build_server()) as url:
        entry: Json = {"type": "http", "url": url, "dynaload": {"prefix": ""}}
        async with through_service(tmp_path / "service", entry, MCP_DYNALOAD_PROTOCOL="modern") as ours:
            direct = await run_suite(NEWEST, url, tmp_path / "direct")
            through = await run_suite(NEWEST, ours, tmp_path / "through")

    assert through.keys() == direct.keys()
    assert {check for check, status in through.items() if status == "FAILURE" != direct[check]} == set()
    assert sum(status == "SUCCESS" for status in through.values()) >= 100
