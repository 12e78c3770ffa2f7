"""The `claude_mcp.json` of a clone connects as it is."""

from dataclasses import replace

import pytest

from tests.e2e.model_request import Json
from tests.e2e.names import FIND_TOOLS
from tests.e2e.stage import ROOT, Stage

pytestmark = pytest.mark.proves("clone")

PROMPT = "Write me a short poem about autumn leaves"


def test_the_client_connects_by_the_file_that_a_clone_has(stage: Stage) -> None:
    claude = replace(stage.claude({}, hooks=False), project=ROOT, mcp_config=ROOT / "claude_mcp.json")

    result = claude.run_print(PROMPT)

    (start,) = [event for event in events_of(result) if event.get("subtype") == "init"]
    (request,) = claude.api.main()
    assert [(server["name"], server["status"]) for server in start["mcp_servers"]] == [("dynaload", "connected")]
    assert FIND_TOOLS in request.tools_of()


def events_of(result: Json) -> list[Json]:
    return result["events"]
