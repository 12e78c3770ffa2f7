"""With the client's tool search off, when every listed tool is sent: a small list that follows the prompts."""

from itertools import pairwise

import pytest

from tests.e2e.model_api import tool_use
from tests.e2e.model_request import is_prefix_kept
from tests.e2e.names import CURRENT_TIME, FIND_TOOLS, GIT_LOG, MAX_TOOLS
from tests.e2e.stage import Stage

pytestmark = [pytest.mark.proves("search-off"), pytest.mark.proves("one-search")]

FIRST = "Show me the latest commits in the git log of the repository"
LATER = "What is the current time in the timezone Asia/Tokyo?"
CHAT = "Thank you, that was a lovely answer!"


def test_each_subject_has_its_tool_in_its_own_first_request_and_costs_one_rewrite_of_the_prefix(
    stage: Stage, model: str | None
) -> None:
    git_call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    time_call = tool_use(CURRENT_TIME, {"timezone": "Asia/Tokyo"})
    environment = {"ENABLE_TOOL_SEARCH": "false"}
    claude = stage.claude({FIRST: [git_call], LATER: [time_call]}, model=model, environment=environment)

    with claude.print_session() as session:
        for prompt in (FIRST, LATER, CHAT):
            session.ask(prompt)

    requests = claude.api.main()
    first, _ = claude.api.main(FIRST)
    later, answered = claude.api.main(LATER)
    rewrites = [later for earlier, later in pairwise(requests) if not is_prefix_kept(earlier, later)]
    assert {FIND_TOOLS, GIT_LOG} <= set(first.tools_of())
    assert len(first.tools_of()) <= MAX_TOOLS
    assert {FIND_TOOLS, GIT_LOG, CURRENT_TIME} <= set(later.tools_of())
    assert not first.deferred_tools
    assert "Asia/Tokyo" in answered.last_result
    assert rewrites == [later]
