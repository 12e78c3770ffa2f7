"""Of an odd result the model reads what there is to read: the real client refuses whole results for one odd field."""

import json
import sys
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.hosts.claude_code.hooks import SERVER_NAME
from tests.e2e.claude import Claude
from tests.e2e.model_api import ModelApi, script, tool_use
from tests.e2e.odd_kinds import usual
from tests.e2e.odd_results import ODD_PROMPTS, ODD_RESOURCES, ODD_RESULTS, OddResult
from tests.e2e.odd_server import Lists, serving_http
from tests.e2e.stage import NPM_BIN, PROXY_COMMAND
from tests.e2e.upstreams import Workplace
from tests.faults.scripted import entry

pytestmark = pytest.mark.proves("in-words", "parity")

PROMPT = "Call them all"
REFUSALS = ("malformed result", "not a valid MCP response")


def client_of(place: Workplace, api: ModelApi, servers: Json, allowed: str) -> Claude:
    """Return a client of these servers that may use one tool without asking."""
    file = place.root / "mcp.json"
    file.write_text(json.dumps({"mcpServers": servers}))
    return Claude(
        binary=NPM_BIN / "claude",
        home=place.root / "home",
        project=place.project,
        api=api,
        mcp_config=file,
        settings={"permissions": {"allow": [allowed]}},
        extra_environment={"ENABLE_TOOL_SEARCH": "false", "MCP_CONNECTION_NONBLOCKING": "0"},
    )


def results_shown(place: Workplace, servers: Json, tool: str) -> list[str]:
    """Return what the model reads of each of the results."""
    calls = [tool_use(tool, {"line": line_of(odd)}) for odd in ODD_RESULTS]
    with ModelApi(script({PROMPT: calls})) as api:
        claude = client_of(place, api, servers, tool)
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


RESOURCE = "odd://resource-"
"""Before the place of an answer in `ODD_RESOURCES`."""

WITHOUT_WORDS = ("Invalid result for", "invalid_union")
"""The client's words for an answer that it does not take: they name neither the server nor what to do."""


def answers_shown(place: Workplace, servers: Json, server: str, prefix: str) -> tuple[list[str], list[str]]:
    """Return what comes of each of the resources, and of each of the prompts."""
    uris = [f"{RESOURCE}{number}" for number in range(len(ODD_RESOURCES))]
    reads = [tool_use("ReadMcpResourceTool", {"server": server, "uri": uri}) for uri in uris]
    with ModelApi(script({PROMPT: reads})) as api:
        claude = client_of(place, api, servers, "ReadMcpResourceTool")
        with claude.print_session() as session:
            session.ask(PROMPT)
            read = [request.last_result for request in api.main()[1:]]
            commands = [f"/mcp__{prefix}ask-{number}" for number in range(len(ODD_PROMPTS))]
            return read, [str(session.ask(command, pace_seconds=0)["result"]) for command in commands]


def wordless(kinds: Sequence[OddResult], shown: Sequence[str]) -> list[Json]:
    assert len(shown) == len(kinds)
    pairs = zip(kinds, shown, strict=True)
    return [odd.given for odd, text in pairs if any(words in text for words in WITHOUT_WORDS)]


@pytest.fixture
def odd_url() -> Generator[str]:
    """Serve all odd answers over HTTP."""
    lists: Lists = {
        "prompts": [usual("prompts", f"ask-{number}") for number in range(len(ODD_PROMPTS))],
        "resources": [{"name": f"r{number}", "uri": f"{RESOURCE}{number}"} for number in range(len(ODD_RESOURCES))],
        "prompts/get": [odd.given for odd in ODD_PROMPTS],
        "resources/read": [odd.given for odd in ODD_RESOURCES],
    }
    with serving_http({"odd": lists}) as url:
        yield f"{url}/odd"


def test_the_tables_say_which_prompts_and_resources_the_client_refuses_when_connected_directly(
    place: Workplace, odd_url: str
) -> None:
    read, asked = answers_shown(place, {"odd": {"type": "http", "url": odd_url}}, "odd", "odd__")

    assert wordless(ODD_RESOURCES, read) == [odd.given for odd in ODD_RESOURCES if odd.mended is not None]
    assert wordless(ODD_PROMPTS, asked) == [odd.given for odd in ODD_PROMPTS if odd.mended is not None]


def test_behind_us_it_takes_those_in_which_there_is_something_to_read_and_the_rest_is_refused_in_words(
    place: Workplace, odd_url: str
) -> None:
    place.servers_file.write_text(json.dumps({"mcpServers": {"odd": {"type": "http", "url": odd_url}}}))
    state = place.root / "state"
    place.fill_catalog(state)
    servers = json.loads(place.mcp_config(place.root, state).read_text())["mcpServers"]

    read, asked = answers_shown(place, servers, SERVER_NAME, f"{SERVER_NAME}__odd__")

    for kinds, shown in ((ODD_RESOURCES, read), (ODD_PROMPTS, asked)):
        assert wordless(kinds, shown) == []
        pairs = zip(kinds, shown, strict=True)
        refused_in_words = [odd.given for odd, text in pairs if "MCP server 'odd' failed at" in text]
        assert refused_in_words == [odd.given for odd in kinds if odd.mended == {}]
