"""Slash commands act and answer at once, cost no model request, and the next request shows what they did."""

import pytest

from mcp_dynaload.catalog.names import CommandName
from tests.e2e.claude import PROMPT_MARK, TerminalSession
from tests.e2e.names import CURRENT_TIME, GIT_LOG
from tests.e2e.stage import ARTEFACTS, Stage

pytestmark = pytest.mark.proves("commands")

CHAT = "Write me a short poem about autumn leaves"
GIT_STATUS = "mcp__dynaload__git__git_status"

TYPED = (
    ("help", "performance-mode <mode>"),
    ("list-categories", "category"),
    ("load-category gti", "Did you mean 'git'?"),
    ("load-category time", "Loaded 2 tools of category 'time'"),
    ("optimize-for show the latest commits in the git log", "for the task."),
    ("tier-status", "3 reserve"),
    ("load-tier 1", "tier 1 (core)"),
    ("load-tier 3", "load-tier 3 all"),
    ("performance-mode agressive", "Did you mean 'aggressive'?"),
    ("performance-mode aggressive", "Mode aggressive"),
    ("cache-disable", "cache of rankings is off"),
    ("cache-enable", "cache of rankings is on"),
    ("cache-clear", "forgotten."),
    ("find read a file", "best first"),
    ("pin git__git_status", "Pinned 1 tool"),
    ("why git__git_status", "pinned by you"),
    ("why", "Your last request needs"),
    ("unload git__git_log", "Unloaded tool"),
    ("unload-category sqlite", "Unloaded category"),
    ("function-stats", "this project"),
    ("session-info", "aggressive"),
    ("reset", "Reset: mode balanced"),
    ("unpin git__git_status", "Unpinned 1 tool"),
    ("quarantine", "Nothing is held back"),
    ("login", "nothing to log in to"),
    ("profile", "You have no profiles"),
    ("allow-flow", "no tool waits for it"),
)
"""Each command with what its answer shows."""


def test_every_command_answers_in_the_interactive_client_without_a_request_and_acts_on_the_next_one(
    stage: Stage,
) -> None:
    claude = stage.claude({})
    screens: list[str] = []

    with claude.terminal() as terminal:
        wait_for_our_menu(terminal)
        for line, answer in TYPED:
            choose(terminal, line)
            shown = (answer, f"Original prompt: /mcp__dynaload__{line}")
            terminal.wait_until(lambda screen, shown=shown: all(text in screen for text in shown), str(shown))
            screens.append(terminal.screen)
        requests_of_commands = len(claude.api.requests)
        terminal.ask(CHAT)
    keep(screens)

    (chat,) = claude.api.main()
    assert {line.split()[0] for line, _ in TYPED} == set(CommandName)
    assert requests_of_commands == 0
    assert {CURRENT_TIME, GIT_LOG, GIT_STATUS} <= set(chat.tools_of())


def test_a_command_of_the_print_client_costs_no_request_and_acts_on_the_next(stage: Stage) -> None:
    claude = stage.claude({})

    with claude.print_session() as session:
        answer = session.ask("/mcp__dynaload__load-category git")
        requests_of_commands = len(claude.api.requests)
        session.ask(CHAT)

    (chat,) = claude.api.main()
    assert requests_of_commands == 0
    assert "Loaded 12 tools of category 'git'" in str(answer)
    assert {GIT_LOG, GIT_STATUS} <= set(chat.tools_of())


def test_without_hooks_a_command_tells_the_model_its_result_in_one_line(stage: Stage) -> None:
    claude = stage.claude({}, hooks=False)

    with claude.print_session() as session:
        session.ask("/mcp__dynaload__load-category git")
        session.ask(CHAT)

    first, chat = claude.api.main()
    assert "Loaded 12 tools of category 'git'" in first.prompt
    assert len(first.prompt.strip().splitlines()) == 1
    assert GIT_LOG in chat.visible_tools


def choose(terminal: TerminalSession, line: str) -> None:
    """Choose a command from the menu and type the words after it, as a user does."""
    name, _, words = line.partition(" ")
    terminal.fill(f"/dynaload:{name}")
    terminal.press("Tab")
    chosen = f"/mcp__dynaload__{name}"
    terminal.wait_until(lambda screen: chosen in screen.rpartition(PROMPT_MARK)[2], chosen)
    terminal.type_line(words)


def wait_for_our_menu(terminal: TerminalSession) -> None:
    terminal.fill("/dynaload:he")
    terminal.wait_until(lambda screen: "this list" in screen, "our commands in the menu")
    terminal.press("C-u")


def keep(screens: list[str]) -> None:
    """Put the screens beside those of failed sessions."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    text = f"\n{'=' * 80}\n".join(screen.strip() for screen in screens)
    (ARTEFACTS / "commands.txt").write_text(text + "\n")
