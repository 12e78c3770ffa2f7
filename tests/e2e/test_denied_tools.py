"""Tools that the user's permission rules deny: the client shows them to no model, and neither do we."""

import json

import pytest

from mcp_dynaload.catalog.deny_rules import DenyRule, denied_names
from mcp_dynaload.catalog.names import Registration
from tests.e2e.claude import Claude
from tests.e2e.model_api import tool_use
from tests.e2e.names import GIT_LOG, READ_FILE, WRITE_FILE
from tests.e2e.stage import Stage

pytestmark = pytest.mark.proves("permissions")

HISTORY = "Show me the latest commits in the git log of the repository"
COPY = "Read the text file note.txt and write a file copy.txt with the same text"
HELLO = "Hello"
RULES = (
    "mcp__dynaload__files__write_file",
    "mcp__dynaload__files__list_*",
    "mcp__*__git__git_log",
    "mcp__dynaload__sqlite__*_query",
    "mcp__dynaload__files__edit_file(*)",
    "mcp__dynaload__files__Move_file",
    "mcp__dynaload__files__m?ve_file",
    "mcp__dynaload__files__[m]ove_file",
    "mcp__dynaload__time",
    "MCP__dynaload__time__convert_time",
    " mcp__dynaload__git__git_status ",
)
"""Each kind of rule, of which the last seven deny nothing."""


def deny(claude: Claude, *rules: str) -> Claude:
    file = claude.home / ".claude" / "settings.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"permissions": {"deny": rules}}), encoding="utf-8")
    return claude


@pytest.mark.parametrize("plugin", [True, False], ids=["plugin", "hooks"])
def test_no_request_speaks_of_a_denied_tool_and_the_others_are_there(stage: Stage, plugin: bool) -> None:
    turns = {
        HISTORY: [tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})],
        COPY: [tool_use(READ_FILE, {"path": str(stage.workplace.documents / "note.txt")})],
    }
    claude = deny(stage.claude(turns, plugin=plugin), WRITE_FILE)

    with claude.print_session() as session:
        session.ask(HISTORY)
        session.ask(COPY)

    asked, answered = claude.api.main(COPY)
    assert READ_FILE in (asked.visible_tools if plugin else {*asked.visible_tools, *asked.described_tools})
    assert not answered.failed_results
    assert WRITE_FILE not in json.dumps(answered.body)


def test_we_read_the_rules_as_the_client_does(stage: Stage) -> None:
    shown: list[set[str]] = []
    for rules in ((), RULES):
        # Settings of its command line: we do not see them, and list what it then leaves out.
        claude = stage.claude({}, plugin=True, permissions={"allow": ["mcp__dynaload__*"], "deny": [*rules]})
        with claude.print_session() as session:
            session.ask("/mcp__dynaload__load-tier 3 all")
            session.ask(HELLO)
        asked, prefix = claude.api.main()[-1], Registration().prefix
        names = {*asked.visible_tools, *asked.deferred_tools}
        shown.append({name.removeprefix(prefix) for name in names if name.startswith(prefix)})

    every, left = shown
    denied = denied_names([DenyRule(rule, "") for rule in RULES], Registration(), every)
    assert {rule.rule for rule in denied.values()} == {*RULES[:4]}
    assert every - left == {*denied}
