"""A prompt that needs no tool loads none and changes nothing."""

import pytest

from tests.e2e.model_api import tool_use
from tests.e2e.model_request import is_prefix_kept
from tests.e2e.names import FIND_TOOLS, GIT_LOG
from tests.e2e.stage import Stage

pytestmark = pytest.mark.proves("abstain")

TASK = "Show me the latest commits in the git log of the repository"
CHAT = ("Thank you, that was a lovely answer!", "Write me a short poem about autumn leaves")


@pytest.mark.proves("later-prompt")
def test_a_session_that_opens_with_chat_has_find_tools_at_most_and_its_first_task_has_its_tools(
    stage: Stage, model: str | None
) -> None:
    git_call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    claude = stage.claude({TASK: [git_call]}, model=model)

    with claude.print_session() as session:
        for prompt in (CHAT[1], "hi", TASK):
            session.ask(prompt)

    poem, greeting, asked, answered = claude.api.main()
    for chat in (poem, greeting):
        assert set(chat.tools_of()) <= {FIND_TOOLS}
        assert not chat.described_tools
    assert GIT_LOG in {*asked.visible_tools, *asked.described_tools}
    assert not answered.failed_results


def test_chat_after_a_task_leaves_tools_and_prefix_as_they_were(stage: Stage, model: str | None) -> None:
    claude = stage.claude({}, model=model)

    with claude.print_session() as session:
        for prompt in (TASK, *CHAT):
            session.ask(prompt)

    task, thanks, poem = claude.api.main()
    assert GIT_LOG in task.visible_tools
    assert task.visible_tools == thanks.visible_tools == poem.visible_tools
    assert not thanks.described_tools
    assert not poem.described_tools
    assert is_prefix_kept(task, thanks)
    assert is_prefix_kept(thanks, poem)
