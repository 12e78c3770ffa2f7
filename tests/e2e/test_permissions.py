"""The user's permission rules hold for each upstream tool by its own name."""

import pytest

from tests.e2e.model_api import tool_use
from tests.e2e.model_request import Json
from tests.e2e.names import READ_FILE, WRITE_FILE
from tests.e2e.stage import Stage
from tests.e2e.upstreams import NOTE

pytestmark = pytest.mark.proves("permissions")

PROMPT = "Read the text file note.txt and write a file copy.txt with the same text"


@pytest.mark.parametrize(
    "permissions",
    [
        {"allow": [READ_FILE]},
        {"allow": ["mcp__dynaload__files__*"], "deny": [WRITE_FILE]},
    ],
    ids=["no-rule", "denied"],
)
def test_an_allowed_tool_runs_and_another_of_the_same_server_does_not(stage: Stage, permissions: Json) -> None:
    note, copy = stage.workplace.documents / "note.txt", stage.workplace.documents / "copy.txt"
    read_call = tool_use(READ_FILE, {"path": str(note)})
    write_call = tool_use(WRITE_FILE, {"path": str(copy), "content": NOTE})
    claude = stage.claude({PROMPT: [read_call, write_call]}, permissions=permissions)

    claude.run_print(PROMPT)

    _, after_read, after_write = claude.api.main()
    assert NOTE in after_read.last_result
    assert not after_read.failed_results
    assert len(after_write.failed_results) == 1
    assert not copy.exists()
