"""The servers file is edited while the real client runs: its session goes on with other servers."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from tests.e2e.claude import Claude
from tests.e2e.model_api import tool_use
from tests.e2e.names import CURRENT_TIME, GIT_LOG
from tests.e2e.stage import Stage
from tests.e2e.upstreams import COMMITS
from tests.waiting import HANG_SECONDS

FIRST = "Show me the latest commits in the git log of the repository"
AGAIN = "Once more, please"
OTHER = "What is the current time in the timezone Asia/Tokyo?"


@pytest.mark.proves("live-servers")
def test_a_session_goes_on_when_a_server_goes_and_another_one_comes(stage: Stage, tmp_path: Path) -> None:
    git_call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    time_call = tool_use(CURRENT_TIME, {"timezone": "Asia/Tokyo"})
    claude = stage.claude({FIRST: [git_call], AGAIN: [git_call], OTHER: [time_call]})
    servers: Json = json.loads(stage.workplace.servers_file.read_text())["mcpServers"]
    file = tmp_path / "servers.json"
    _write(file, servers, "git")
    claude = _with_file(claude, stage.workplace.servers_file, file, tmp_path)
    with claude.print_session() as session:
        session.ask(FIRST)
        _write(file, servers, "time")
        wait_until_logged(stage, "added time; removed git")
        session.ask(AGAIN)
        session.ask(OTHER)

    (_, answered), (_, refused), (_, told) = (claude.api.main(prompt)[-2:] for prompt in (FIRST, AGAIN, OTHER))
    assert COMMITS[0] in answered.last_result
    assert GIT_LOG in refused.visible_tools
    assert "MCP server 'git' was removed from the servers file" in refused.last_result
    assert "Asia/Tokyo" in told.last_result


def _write(file: Path, servers: Json, *names: str) -> None:
    file.write_text(json.dumps({"mcpServers": {name: servers[name] for name in names}}))


def _with_file(claude: Claude, before: Path, now: Path, folder: Path) -> Claude:
    config = folder / "mcp.json"
    config.write_text(claude.mcp_config.read_text().replace(str(before), str(now)))
    return replace(claude, mcp_config=config)


def wait_until_logged(stage: Stage, text: str) -> None:
    """Wait until our log says so."""
    deadline = time.monotonic() + HANG_SECONDS
    log = stage.folder / "state" / "logs" / "dynaload.log"
    while text not in log.read_text("utf-8"):
        assert time.monotonic() < deadline, log.read_text("utf-8")[-2000:]
        time.sleep(0.05)
