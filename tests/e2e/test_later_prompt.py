"""A later prompt on another subject has its tools described beside it, callable at once; the cached prefix stays."""

from itertools import pairwise

import pytest

from tests.e2e.model_api import Block, Script, tool_use
from tests.e2e.model_request import ModelRequest, is_prefix_kept, select_query_in
from tests.e2e.names import CURRENT_TIME, GIT_LOG, MAX_TOOLS
from tests.e2e.stage import DEFAULT_MODEL, FROZEN_LIST_MODEL, Stage
from tests.e2e.upstreams import COMMITS

pytestmark = pytest.mark.proves("later-prompt")

FIRST = "Show me the latest commits in the git log of the repository"
LATER = "What is the current time in the timezone Asia/Tokyo?"
TIME_CALL = tool_use(CURRENT_TIME, {"timezone": "Asia/Tokyo"})


def search_as_told(request: ModelRequest) -> list[Block]:
    return [tool_use("ToolSearch", {"query": select_query_in(request.additional_context)})]


def test_its_tool_is_described_beside_the_prompt_and_a_call_in_the_first_step_works(
    stage: Stage, model: str | None
) -> None:
    git_call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    claude = stage.claude({FIRST: [git_call], LATER: [TIME_CALL]}, model=model)

    with claude.print_session() as session:
        session.ask(FIRST)
        session.ask(LATER)

    requests = claude.api.main()
    asked, answered = claude.api.main(LATER)
    assert CURRENT_TIME not in asked.visible_tools
    assert "timezone" in asked.described_tools[CURRENT_TIME]["parameters"]["properties"]
    assert CURRENT_TIME in select_query_in(asked.additional_context)
    assert "Asia/Tokyo" in answered.last_result
    assert not answered.failed_results
    assert [is_prefix_kept(*pair) for pair in pairwise(requests)] == [True] * (len(requests) - 1)
    assert (CURRENT_TIME in answered.visible_tools) == (model is DEFAULT_MODEL)


def test_a_model_whose_list_is_frozen_gets_it_into_its_tools_by_the_query_that_it_was_given(stage: Stage) -> None:
    claude = stage.claude({LATER: [search_as_told, TIME_CALL]}, model=FROZEN_LIST_MODEL)

    with claude.print_session() as session:
        session.ask(FIRST)
        session.ask(LATER)

    requests = claude.api.main()
    asked, found, answered = claude.api.main(LATER)
    assert CURRENT_TIME not in asked.visible_tools
    assert CURRENT_TIME in found.visible_tools
    assert "Asia/Tokyo" in answered.last_result
    assert [is_prefix_kept(*pair) for pair in pairwise(requests)] == [True] * (len(requests) - 1)


@pytest.mark.proves("first-prompt")
@pytest.mark.parametrize("steps", [[TIME_CALL], [search_as_told, TIME_CALL]], ids=["called", "searched"])
def test_the_same_holds_in_the_interactive_client_whose_first_prompt_is_typed_while_our_server_starts(
    stage: Stage, model: str | None, steps: list[Block | Script]
) -> None:
    git_call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    claude = stage.claude({FIRST: [git_call], LATER: steps}, model=model)

    with claude.terminal() as terminal:
        terminal.ask(FIRST)
        terminal.ask(LATER)
        screen = terminal.screen

    requests = claude.api.main()
    first, second = claude.api.main(FIRST)
    asked, *_, answered = claude.api.main(LATER)
    assert GIT_LOG in first.tools_of()
    assert len(first.tools_of()) <= MAX_TOOLS
    assert COMMITS[0] in second.last_result
    assert CURRENT_TIME in asked.described_tools
    assert "Asia/Tokyo" in answered.last_result
    assert [is_prefix_kept(*pair) for pair in pairwise(requests)] == [True] * (len(requests) - 1)
    assert "error" not in screen.lower()


@pytest.mark.proves("client-search")
def test_what_a_model_searches_for_in_its_own_words_is_in_its_next_request(stage: Stage, model: str | None) -> None:
    search = tool_use("ToolSearch", {"query": "current time in a timezone", "max_results": 3})
    claude = stage.claude({"Good morning": [search, TIME_CALL]}, model=model)

    result = claude.run_print("Good morning")

    _, found, answered = claude.api.main("Good morning")
    assert CURRENT_TIME in found.visible_tools
    assert "Asia/Tokyo" in answered.last_result
    assert result["subtype"] == "success"
