"""Without hooks the model finds tools itself, and calls them under their own names."""

import pytest

from tests.e2e.model_api import Block, tool_use
from tests.e2e.model_request import ModelRequest, definitions_in, select_query_in
from tests.e2e.names import CURRENT_TIME, FIND_TOOLS, GIT_LOG, MAX_TOOLS
from tests.e2e.stage import DEFAULT_MODEL, Stage
from tests.e2e.upstreams import COMMITS

pytestmark = pytest.mark.proves("find-tools")

PROMPT = "Show me the latest commits in the git log of the repository"
CLOCK = "What is the current time in the timezone Asia/Tokyo?"
SEARCH = tool_use(FIND_TOOLS, {"query": "show the git commit log of a repository"})


def search_as_told(request: ModelRequest) -> list[Block]:
    return [tool_use("ToolSearch", {"query": select_query_in(request.last_result)})]


def test_a_found_tool_works_in_the_next_step_and_the_query_that_find_tools_gives_puts_one_into_the_list(
    stage: Stage, model: str | None
) -> None:
    git_call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    clock_search = tool_use(FIND_TOOLS, {"query": "current time in a timezone"})
    claude = stage.claude({PROMPT: [SEARCH, git_call], CLOCK: [clock_search, search_as_told]}, model=model, hooks=False)

    with claude.print_session() as session:
        session.ask(PROMPT)
        session.ask(CLOCK)

    first, found, answered = claude.api.main(PROMPT)
    assert FIND_TOOLS in first.tools_of()
    assert GIT_LOG not in first.tools_of()
    assert len(first.tools_of()) <= MAX_TOOLS
    assert "repo_path" in definitions_in(found.last_result)[GIT_LOG]["parameters"]["properties"]
    assert (GIT_LOG in found.visible_tools) == (model is DEFAULT_MODEL)
    assert COMMITS[0] in answered.last_result
    assert not answered.failed_results
    asked, *_, last = claude.api.main(CLOCK)
    assert CURRENT_TIME not in asked.visible_tools
    assert CURRENT_TIME in last.visible_tools
