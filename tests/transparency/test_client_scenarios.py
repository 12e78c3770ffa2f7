"""The conformance suites' client scenarios: a client of our service reaches their server as if it stood before it."""

import json
from pathlib import Path

import anyio
import pytest

from mcp_dynaload.catalog.tool import Json
from tests.installed import E2E
from tests.programs import PYTHON
from tests.transparency.conformance import NODE, SUITES, Suite
from tests.transparency.serving import ROOT
from tests.waiting import HANG_SECONDS

SCENARIOS = ("initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry")
"""Those that are not about a client's own way of getting access."""


@pytest.mark.proves("conformance")
@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
async def test_the_scenarios_server_is_satisfied(suite: Suite, scenario: str, tmp_path: Path) -> None:
    program = E2E / "node_modules" / suite.package / "dist" / "index.js"
    client = f"{PYTHON} -m tests.transparency.scenario_client {scenario}"
    command = [str(NODE), str(program), "client", "--command", client, "--scenario", scenario, "-o", str(tmp_path)]
    command += ["--timeout", str(int(HANG_SECONDS * 1000))]

    with anyio.fail_after(2 * HANG_SECONDS):
        done = await anyio.run_process(command, cwd=ROOT, check=False)

    said = (done.stdout + done.stderr).decode()
    checks = made_checks(tmp_path)
    assert any(check["status"] == "SUCCESS" for check in checks), said
    assert [check for check in checks if check["status"] in ("FAILURE", "WARNING") and not only_late(check)] == [], said


def made_checks(folder: Path) -> list[Json]:
    return [check for file in folder.glob("*/checks.json") for check in json.loads(file.read_text())]


def only_late(check: Json) -> bool:
    """Say whether a check complains of nothing but a busy machine; to reconnect too early is a failure of its own."""
    return check["status"] == "WARNING" and "slightly late" in str(check.get("errorMessage"))
