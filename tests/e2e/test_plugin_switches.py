"""With the plugin, and what an administrator or the user has switched off: the old ways hold, and we say which one."""

import json

import pytest

from mcp_dynaload.catalog.tool import Json
from tests.e2e.claude import PrintSession
from tests.e2e.model_api import Block, tool_use
from tests.e2e.model_request import ModelRequest, select_query_in
from tests.e2e.names import CURRENT_TIME, FIND_TOOLS, GIT_LOG
from tests.e2e.stage import FROZEN_LIST_MODEL, Stage
from tests.e2e.test_every_prompt import CLOCK, HISTORY

pytestmark = pytest.mark.proves("every-prompt")

INFORMATION = "/mcp__dynaload__session-info"
MODS_LIMITED: Json = {"pluginConfigs": {"sec-default@builtin": {"options": {"allowManagedModsOnly": True}}}}


def way(session: PrintSession) -> str:
    """Return what `session-info` says of the way: to the user, or where no hook can show it to the model."""
    return str(session.ask(INFORMATION)["result"])


def test_where_only_the_administrators_modules_run_the_plugins_hooks_serve(stage: Stage) -> None:
    def as_told(request: ModelRequest) -> list[Block]:
        return [tool_use("ToolSearch", {"query": select_query_in(request.additional_context)})]

    claude = stage.claude({CLOCK: [as_told]}, model=FROZEN_LIST_MODEL, plugin=True)

    with claude.print_session("--managed-settings", json.dumps(MODS_LIMITED)) as session:
        session.ask(HISTORY)
        session.ask(CLOCK)
        said = way(session)

    assert GIT_LOG in claude.api.main(HISTORY)[0].loaded_tools
    asked, answered = claude.api.main(CLOCK)
    assert asked.tool_references == []
    assert CURRENT_TIME in asked.described_tools
    assert CURRENT_TIME in answered.visible_tools
    assert "the plugin's hooks: its module does not run" in said


@pytest.mark.parametrize("switch", ["disableAllHooks", "--bare"])
def test_without_hooks_the_model_finds_tools_itself(stage: Stage, switch: str) -> None:
    find = tool_use(FIND_TOOLS, {"query": "show the git commit log of a repository"})
    claude = stage.claude({HISTORY: [find]}, model=FROZEN_LIST_MODEL, plugin=True)
    claude = claude.with_settings(**({} if switch.startswith("-") else {switch: True}))

    with claude.print_session(*([switch] if switch.startswith("-") else [])) as session:
        session.ask(HISTORY)
        session.ask(CLOCK)
        session.ask(INFORMATION)

    asked, found = claude.api.main(HISTORY)
    assert asked.tools_of() == [FIND_TOOLS]
    assert GIT_LOG in found.last_result
    assert CURRENT_TIME not in claude.api.main(CLOCK)[0].visible_tools
    assert "% less" in claude.api.main()[-1].prompt
