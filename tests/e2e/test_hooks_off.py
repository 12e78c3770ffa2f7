"""Without hooks the model finds tools itself, and calls them under their own names."""

import pytest

from tests.e2e.model_api import Block, tool_use
from tests.e2e.model_request import ModelRequest, definitions_in, select_query_in
from tests.e2e.names import FIND_TOOLS, GIT_LOG, MAX_TOOLS
from tests.e2e.stage import DEFAULT_MODEL, Stage
from tests.e2e.upstreams import COMMITS

pytestmark = pytest.mark.proves("find-tools")

PROMPT = "Show me the latest commits in the git log of the repository"
SEARCH = tool_use(FIND_TOOLS, {"query": "show the git commit log of a repository"})


def test_find_tools_finds_the_tool_and_a_call_works_in_the_next_step(stage: Stage, model: str | None) -> None:
    git_call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    claude = stage.claude({PROMPT: [SEARCH, git_call]}, model=model, hooks=False)

    claude.run_print(PROMPT)

    first, found, answered = claude.api.main()
    assert FIND_TOOLS in first.tools_of()
    assert GIT_LOG not in first.tools_of()
    assert len(first.tools_of()) <= MAX_TOOLS
    assert "repo_path" in definitions_in(found.last_result)[GIT_LOG]["parameters"]["properties"]
    assert (GIT_LOG in found.visible_tools) == (model is DEFAULT_MODEL)
    assert COMMITS[0] in answered.last_result
    assert not answered.failed_results


def test_the_query_that_find_tools_gives_puts_the_tool_into_the_list(stage: Stage, model: str | None) -> None:
    def search_as_told(request: ModelRequest) -> list[Block]:
        return [tool_use("ToolSearch", {"query": select_query_in(request.last_result)})]

    claude = stage.claude({PROMPT: [SEARCH, search_as_told]}, model=model, hooks=False)

    claude.run_print(PROMPT)

    *_, last = claude.api.main()
    assert GIT_LOG in last.visible_tools
