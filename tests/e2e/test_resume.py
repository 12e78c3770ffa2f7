"""A resumed session can call what it had loaded before, in a new process of ours."""

import pytest

from tests.e2e.model_api import tool_use
from tests.e2e.names import CURRENT_TIME, GIT_LOG
from tests.e2e.stage import Stage
from tests.e2e.upstreams import COMMITS

pytestmark = pytest.mark.proves("resume")

FIRST = "Show me the latest commits in the git log of the repository"
LATER = "What is the current time in the timezone Asia/Tokyo?"
AGAIN = "Once more, please"


def test_tools_of_the_first_and_of_a_later_prompt_are_callable_after_resuming(stage: Stage, model: str | None) -> None:
    git_call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    time_call = tool_use(CURRENT_TIME, {"timezone": "Asia/Tokyo"})
    claude = stage.claude({LATER: [time_call], AGAIN: [git_call, time_call]}, model=model)
    with claude.print_session() as session:
        session.ask(FIRST)
        session.ask(LATER)

    claude.run_print(AGAIN, "--resume", str(session.session_id))

    resumed, git_answered, time_answered = claude.api.main(AGAIN)
    assert FIRST in resumed.prompt_texts
    assert GIT_LOG in resumed.visible_tools
    assert COMMITS[0] in git_answered.last_result
    assert "Asia/Tokyo" in time_answered.last_result
    assert not time_answered.failed_results
