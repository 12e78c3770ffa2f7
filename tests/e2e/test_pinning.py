"""In the real client nothing that a server changed reaches the model before the user has approved it."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.claude_code.hooks import SERVER_NAME, hook_settings
from tests.e2e import odd_server
from tests.e2e.claude import Claude
from tests.e2e.model_api import ModelApi, script, tool_use
from tests.e2e.odd_server import CHANGE, Lists
from tests.e2e.stage import NPM_BIN, PROXY_COMMAND
from tests.e2e.upstreams import Workplace
from tests.waiting import HANG_SECONDS

DENIED = "unravel"
"""A tool that every version of the server has, and that its entry denies."""

LOOK, CALL, CHANGE_NOW = "Look around", "Weave a basket", "Change your lists"
PREFIX = f"mcp__{SERVER_NAME}__odd__"

pytestmark = pytest.mark.proves("pinning")


def lists(word: str, *names: str, same: Sequence[str] = (), instructions: str = "") -> Lists:
    """Return lists in which each element has a word that tells its version, but for those that stay the same."""
    tools = [_tool(name, f"{word}-description of {name}", f"{word}-parameter") for name in names]
    tools += [_tool(name, f"same-description of {name}", "same-parameter") for name in (*same, CHANGE)]
    tools.append(_tool(DENIED, "Undo a basket for good", "thread"))
    return {"tools": tools, "instructions": [instructions] if instructions else []}


def _tool(name: str, description: str, parameter: str) -> Json:
    properties = {parameter: {"type": "string", "description": parameter}}
    return {"name": name, "description": description, "inputSchema": {"type": "object", "properties": properties}}


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    if not (NPM_BIN / "claude").exists():
        pytest.fail(f"{NPM_BIN / 'claude'} is missing: run .ci/install-e2e")
    place = Workplace(tmp_path, NPM_BIN, PROXY_COMMAND)
    place.project.mkdir()
    return place


def offer(workplace: Workplace, *stages: Lists) -> None:
    """Have the server offer these lists from its next start on, one after the other."""
    file = workplace.root / "odd.json"
    file.write_text(json.dumps(stages))
    entry = {
        "command": sys.executable,
        "args": [odd_server.__file__, str(file)],
        "dynaload": {"pin": ["*"], "deny": [f"{DENIED[:4]}*"]},
    }
    workplace.servers_file.write_text(json.dumps({"mcpServers": {"odd": entry}}))


def approve(workplace: Workplace) -> str:
    """Approve all that is held back of the server, in another process; return what was shown."""
    variables = {
        "MCP_DYNALOAD_STATE_DIR": str(workplace.root / "state"),
        "MCP_DYNALOAD_CONFIG_DIR": str(workplace.root / "config"),
    }
    command = [*PROXY_COMMAND, "quarantine", "approve", "odd", "--yes"]
    done = subprocess.run(
        command, cwd=workplace.project, env=variables, capture_output=True, text=True, timeout=HANG_SECONDS, check=True
    )
    return done.stdout


@pytest.mark.proves("least-privilege")
def test_what_a_server_changed_between_two_starts_or_in_a_session_is_in_no_request_until_it_is_approved(
    workplace: Workplace,
) -> None:
    offer(workplace, lists("alder", "carve", "paint", same=["weave"], instructions="alder-instructions"))
    workplace.fill_catalog(workplace.root / "state")
    second = lists("birch", "carve", "paint", "steal", same=["weave"], instructions="birch-instructions")
    third = lists("cedar", "weave", "burn")
    offer(workplace, second, {**third, "tools": [*third["tools"], *second["tools"][:3]]})
    turns = {CALL: [tool_use(f"{PREFIX}weave")], CHANGE_NOW: [tool_use(f"{PREFIX}{CHANGE}")]}

    with ModelApi(script(turns)) as api:
        claude = Claude(
            binary=NPM_BIN / "claude",
            home=workplace.root / "home",
            project=workplace.project,
            api=api,
            mcp_config=workplace.mcp_config(workplace.root, workplace.root / "state"),
            settings={"permissions": {"allow": [f"mcp__{SERVER_NAME}__*"]}, **hook_settings()},
            extra_environment={"ENABLE_TOOL_SEARCH": "false", "MCP_CONNECTION_NONBLOCKING": "0"},
        )
        with claude.print_session() as session:
            session.ask(LOOK)
            session.ask(CALL)
            shown = approve(workplace)
            session.ask(f"{LOOK} again")
            session.ask(CHANGE_NOW)
            session.ask(f"{CALL} now")
            approve(workplace)
            session.ask(f"{CALL} then")

    before = [request for request in api.main() if request.prompt in (LOOK, CALL)]
    texts = [json.dumps(request.body) for request in before]
    assert [word for text in texts for word in ("alder-", "birch-", "steal") if word in text] == []
    assert f"{PREFIX}weave" in before[0].loaded_tools
    assert before[-1].failed_results == []
    assert "carve" in shown
    assert "[-alder-]{+birch+}" in shown

    every_text = [json.dumps(request.body) for request in api.requests]
    assert len(every_text) >= len(before) + 4
    assert [word for text in every_text for word in (DENIED, "Undo a basket") if word in text] == []

    (approved,) = api.main(f"{LOOK} again")
    assert {f"{PREFIX}{name}" for name in ("carve", "paint", "steal", "weave")} <= set(approved.loaded_tools)
    assert "birch-parameter" in json.dumps(approved.tool_definition(f"{PREFIX}paint"))
    assert "birch-instructions" in approved.additional_context

    # A definition that the client has sent once it keeps to the session's end, whatever is listed: no new one comes.
    held = api.main(f"{CALL} now")
    assert "cedar-" not in "".join(json.dumps(request.body) for request in held)
    assert f"{PREFIX}burn" not in held[-1].loaded_tools
    (refusal,) = held[-1].failed_results
    assert "held back until the user has looked" in refusal or "No such tool available" in refusal

    then = api.main(f"{CALL} then")[-1]
    assert then.failed_results == [refusal]
    assert "cedar-description of burn" in json.dumps(then.tool_definition(f"{PREFIX}burn"))
