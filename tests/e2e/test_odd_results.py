"""Of an odd result the model reads what there is to read: the real client refuses whole results for one odd field."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.claude_code.hooks import SERVER_NAME
from tests.e2e.claude import Claude
from tests.e2e.model_api import ModelApi, script, tool_use
from tests.e2e.odd_results import ODD_RESULTS, OddResult
from tests.e2e.stage import NPM_BIN, PROXY_COMMAND
from tests.e2e.upstreams import Workplace
from tests.faults.scripted import entry

pytestmark = pytest.mark.proves("in-words", "parity")

PROMPT = "Call them all"
REFUSALS = ("malformed result", "not a valid MCP response")


def results_shown(place: Workplace, servers: Json, tool: str) -> list[str]:
    """Return what the model reads of each of the results."""
    file = place.root / "mcp.json"
    file.write_text(json.dumps({"mcpServers": servers}))
    calls = [tool_use(tool, {"line": line_of(odd)}) for odd in ODD_RESULTS]
    with ModelApi(script({PROMPT: calls})) as api:
        claude = Claude(
            binary=NPM_BIN / "claude",
            home=place.root / "home",
            project=place.project,
            api=api,
            mcp_config=file,
            settings={"permissions": {"allow": [tool]}},
            extra_environment={"ENABLE_TOOL_SEARCH": "false", "MCP_CONNECTION_NONBLOCKING": "0"},
        )
        claude.run_print(PROMPT)
        return [request.last_result for request in api.main()[1:]]


def line_of(odd: OddResult) -> str:
    return f'{{"jsonrpc":"2.0","id":{{id}},"result":{json.dumps(odd.given)}}}'


def refused(shown: Sequence[str]) -> list[Json]:
    assert len(shown) == len(ODD_RESULTS)
    return [odd.given for odd, text in zip(ODD_RESULTS, shown, strict=True) if any(word in text for word in REFUSALS)]


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    if not (NPM_BIN / "claude").exists():
        pytest.fail(f"{NPM_BIN / 'claude'} is missing: run .ci/install-e2e")
    workplace = Workplace(tmp_path, NPM_BIN, PROXY_COMMAND)
    workplace.project.mkdir()
    return workplace


def test_the_table_says_what_the_client_refuses_of_a_server_that_is_connected_directly(place: Workplace) -> None:
    written = entry("odd")
    direct = {"command": sys.executable, "args": written["args"]}

    shown = results_shown(place, {"odd": direct}, "mcp__odd__raw")

    assert refused(shown) == [odd.given for odd in ODD_RESULTS if odd.mended is not None]


def test_behind_us_it_refuses_none(place: Workplace) -> None:
    place.servers_file.write_text(json.dumps({"mcpServers": {"odd": entry("odd", options={"pin": ["raw"]})}}))
    state = place.root / "state"
    place.fill_catalog(state)
    servers = json.loads(place.mcp_config(place.root, state).read_text())["mcpServers"]

    shown = results_shown(place, servers, f"mcp__{SERVER_NAME}__odd__raw")

    assert refused(shown) == []
