"""From ten servers of the client's own to each prompt's tools in its first request by one command, and back."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from tests.e2e.claude import Claude
from tests.e2e.model_api import Step, tool_use
from tests.e2e.model_request import Json
from tests.e2e.names import CURRENT_TIME, FIND_TOOLS, GIT_LOG
from tests.e2e.stage import FROZEN_LIST_MODEL, NPM_BIN, PROXY_COMMAND, Stage
from tests.e2e.test_every_prompt import CLOCK, HISTORY
from tests.waiting import HANG_SECONDS

pytestmark = [pytest.mark.proves("every-prompt"), pytest.mark.proves("init")]

NOTHING: Mapping[str, Sequence[Step]] = {}
UNLOAD = "/mcp__dynaload__unload git"


def client_with(stage: Stage, servers: Json, further: Mapping[str, Sequence[Step]] = NOTHING) -> Claude:
    """Return the client of a user who has these servers, as it keeps them."""
    turns = {
        **further,
        HISTORY: [tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})],
        CLOCK: [tool_use(CURRENT_TIME, {"timezone": "Asia/Tokyo"})],
    }
    claude = replace(stage.claude(turns, model=FROZEN_LIST_MODEL), is_as_at_home=True)
    claude.write_state()
    state = claude.home / ".claude.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"mcpServers": servers}))
    (claude.home / ".claude").mkdir()
    allowed = {"permissions": {"allow": ["mcp__git", "mcp__time", "mcp__other-time", "mcp__near"]}}
    (claude.home / ".claude" / "settings.json").write_text(json.dumps(allowed))
    return claude


def servers_of(stage: Stage, *names: str) -> Json:
    """Return the entries of these servers, or of all."""
    servers: Json = json.loads(stage.workplace.servers_file.read_text())["mcpServers"]
    return {name: servers[name] for name in names or servers}


def test_wired_by_one_command_each_prompt_has_its_tool_in_its_first_request_and_another_takes_it_back(
    stage: Stage,
) -> None:
    servers = servers_of(stage)
    servers |= {f"other-{name}": servers[name] for name in ("time", "fetch", "git")}
    assert len(servers) == 10
    claude = client_with(stage, servers)
    state, plugin = claude.home / ".claude.json", claude.home / ".claude" / "skills" / "dynaload"
    before = json.loads(state.read_text())["mcpServers"]
    dynaload(claude, "init", "--yes")
    checked = dynaload(claude, "doctor", "--json")

    with claude.print_session() as session:
        session.ask(HISTORY)
        session.ask(CLOCK)

    assert [finding["what"] for finding in json.loads(checked) if finding["level"] == "wrong"] == []
    first, _ = claude.api.main(HISTORY)
    assert GIT_LOG in first.loaded_tools
    assert FIND_TOOLS not in first.loaded_tools
    asked, answered = claude.api.main(CLOCK)
    assert CURRENT_TIME in asked.visible_tools
    assert "Asia/Tokyo" in answered.last_result
    assert [name for name in (*asked.deferred_tools, *asked.loaded_tools) if name.startswith("mcp__git")] == []
    assert plugin.is_symlink()

    dynaload(claude, "uninstall")
    assert json.loads(state.read_text())["mcpServers"] == before
    assert not plugin.parent.exists()


def test_wired_twice_a_command_runs_once_and_a_prompt_is_chosen_for_once(stage: Stage) -> None:
    claude = client_with(stage, servers_of(stage, "git", "time"))
    dynaload(claude, "init", "--yes", environment={**claude.environment, "PATH": os.defpath})
    hooks = claude.home / ".claude" / "settings.json"
    hooked = hooks.read_text()
    dynaload(claude, "init", "--yes")
    hooks.write_text(hooked)
    assert "hooks are in the settings, too" in dynaload(claude, "doctor", "--json")

    with claude.print_session() as session:
        session.ask(HISTORY)
        session.ask(UNLOAD)
        session.ask(CLOCK)

    requests = claude.api.main()
    assert len(requests) == 4
    assert CURRENT_TIME in claude.api.main(CLOCK)[0].visible_tools
    audit = dynaload(claude, "audit", "--json")
    assert audit.count('"command_run"') == 1


def dynaload(claude: Claude, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """Return what a command of ours prints in the client's home."""
    own = claude.environment | {"PATH": f"{NPM_BIN}{os.pathsep}{claude.environment['PATH']}"}
    command = [*PROXY_COMMAND, *arguments]
    done = subprocess.run(
        command,
        cwd=claude.project,
        env=environment or own,
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
