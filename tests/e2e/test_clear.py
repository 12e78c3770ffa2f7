"""After `/clear` the list is small again and made for the next prompt."""

import pytest

from tests.e2e.names import CURRENT_TIME, GIT_LOG, MAX_TOOLS
from tests.e2e.stage import Stage

pytestmark = pytest.mark.proves("clear")

FIRST = "Show me the latest commits in the git log of the repository"
NEXT = "What is the current time in the timezone Asia/Tokyo?"
CHAT = "Write me a short poem about autumn leaves"


def test_the_next_request_has_the_tools_of_its_own_prompt_only(stage: Stage, model: str | None) -> None:
    claude = stage.claude({}, model=model)

    with claude.terminal() as terminal:
        terminal.ask(FIRST)
        terminal.clear()
        terminal.ask(NEXT)
        terminal.clear()
        terminal.ask(CHAT)
        screen = terminal.screen

    first, following, chat = claude.api.main()
    assert GIT_LOG in first.tools_of()
    assert CURRENT_TIME in following.tools_of()
    assert GIT_LOG not in following.visible_tools
    assert len(following.tools_of()) <= MAX_TOOLS
    assert chat.tools_of() == []
    assert "error" not in screen.lower()
