"""Our lines in the interactive client, as the user sees them: the plugin's cell, and a status line of their own."""

import re
import shlex

import pytest

from tests.e2e.names import CURRENT_TIME, GIT_LOG
from tests.e2e.stage import FROZEN_LIST_MODEL, PROXY_COMMAND, Stage
from tests.e2e.test_commands import choose, wait_for_our_menu
from tests.e2e.test_every_prompt import CLOCK, HISTORY

pytestmark = pytest.mark.proves("status")

COLUMNS = 80
LINE = re.compile(r"dynaload:? (\d+) of (\d+) \N{MIDDLE DOT} \N{MINUS SIGN}\d\d%")


def shown(screen: str) -> list[tuple[int, int]]:
    """Return the lines of ours on a screen, each whole: loaded tools, and all."""
    return [(int(found[1]), int(found[2])) for found in LINE.finditer(screen)]


def test_the_plugins_cell_follows_what_is_loaded_on_eighty_columns(stage: Stage) -> None:
    claude = stage.claude({}, model=FROZEN_LIST_MODEL, plugin=True)

    with claude.terminal(columns=COLUMNS) as terminal:
        wait_for_our_menu(terminal)
        assert shown(terminal.screen) == []
        terminal.ask(HISTORY)
        terminal.wait_until(lambda screen: len(shown(screen)) == 1, "the cell")
        ((first, tools),) = shown(terminal.screen)
        terminal.ask(CLOCK)
        terminal.wait_until(lambda screen: shown(screen) > [(first, tools)], "more tools in the cell")
        ((more, _),) = shown(terminal.screen)
        choose(terminal, "load-category sqlite")
        terminal.wait_until(lambda screen: shown(screen) > [(more, tools)], "what a command has loaded in the cell")

    assert GIT_LOG in claude.api.main(HISTORY)[0].visible_tools
    assert CURRENT_TIME in claude.api.main(CLOCK)[0].visible_tools


def test_without_the_setting_there_is_no_cell(stage: Stage) -> None:
    claude = stage.claude({}, model=FROZEN_LIST_MODEL, plugin=True, environment={"MCP_DYNALOAD_STATUS_CELL": "false"})

    with claude.terminal(columns=COLUMNS) as terminal:
        terminal.ask(HISTORY)
        terminal.ask(CLOCK)
        assert shown(terminal.screen) == []

    assert CURRENT_TIME in claude.api.main(CLOCK)[0].visible_tools


def test_a_status_line_of_the_users_own_shows_the_same_without_the_plugin(stage: Stage) -> None:
    command = (
        f"MCP_DYNALOAD_STATE_DIR={shlex.quote(str(stage.folder / 'state'))} {shlex.join(PROXY_COMMAND)} statusline"
    )
    claude = stage.claude({}, model=FROZEN_LIST_MODEL)
    claude = claude.with_settings(statusLine={"type": "command", "command": command})

    with claude.terminal(columns=COLUMNS) as terminal:
        terminal.ask(HISTORY)
        terminal.wait_until(lambda screen: len(shown(screen)) == 1, "our line in the status line")
