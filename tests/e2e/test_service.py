"""Connected to a running service, over streamable HTTP and over SSE, the real client has all that it has over stdio."""

from itertools import pairwise

import pytest

from tests.e2e.model_api import tool_use
from tests.e2e.model_request import is_prefix_kept
from tests.e2e.names import CURRENT_TIME, GIT_LOG, MAX_TOOLS
from tests.e2e.service import connected_to, service
from tests.e2e.stage import Stage
from tests.e2e.upstreams import COMMITS

pytestmark = pytest.mark.proves("service-claude")

FIRST = "Show me the latest commits in the git log of the repository"
LATER = "What is the current time in the timezone Asia/Tokyo?"
CHAT = "Write me a short poem about autumn leaves"
GIT_STATUS = "mcp__dynaload__git__git_status"
TIME_CALL = tool_use(CURRENT_TIME, {"timezone": "Asia/Tokyo"})

transports = pytest.mark.parametrize("transport", ["http", "sse"])


@transports
def test_first_prompt_later_prompt_and_command_reach_the_model_as_over_stdio(stage: Stage, transport: str) -> None:
    git_call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    claude = stage.claude({FIRST: [git_call], LATER: [TIME_CALL]})

    with (
        service(stage.workplace, stage.folder, stage.folder / "state") as origin,
        connected_to(claude, origin, transport).print_session() as session,
    ):
        session.ask(FIRST)
        session.ask(LATER)
        before = len(claude.api.requests)
        answer = session.ask("/mcp__dynaload__load-category git")
        requests_of_command = len(claude.api.requests) - before
        session.ask(CHAT)

    first, second = claude.api.main(FIRST)
    assert GIT_LOG in first.tools_of()
    assert len(first.tools_of()) <= MAX_TOOLS
    assert first.tool_definition(GIT_LOG)["input_schema"]["required"] == ["repo_path"]
    assert all(subject in second.last_result for subject in COMMITS)
    asked, answered = claude.api.main(LATER)
    assert "timezone" in asked.described_tools[CURRENT_TIME]["parameters"]["properties"]
    assert "Asia/Tokyo" in answered.last_result
    assert not answered.failed_results
    assert requests_of_command == 0
    assert "of category 'git'" in str(answer)
    (chat,) = claude.api.main(CHAT)
    assert GIT_STATUS in {*chat.visible_tools, *chat.described_tools}
    requests = [*claude.api.main(FIRST), *claude.api.main(LATER)]
    assert [is_prefix_kept(*pair) for pair in pairwise(requests)] == [True] * (len(requests) - 1)


def test_the_interactive_client_has_the_tools_in_the_first_request_too(stage: Stage) -> None:
    git_call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    claude = stage.claude({FIRST: [git_call]})

    with (
        service(stage.workplace, stage.folder, stage.folder / "state") as origin,
        connected_to(claude, origin, "http").terminal() as terminal,
    ):
        terminal.ask(FIRST)
        screen = terminal.screen

    first, second = claude.api.main(FIRST)
    assert GIT_LOG in first.tools_of()
    assert COMMITS[0] in second.last_result
    assert "error" not in screen.lower()
