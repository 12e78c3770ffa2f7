"""A session's first prompt has the tools that it needs in its own first request, and few others."""

import json
import time

import pytest

from tests.e2e.model_api import tool_use
from tests.e2e.names import GIT_LOG, MAX_TOOLS
from tests.e2e.stage import Stage
from tests.e2e.upstreams import COMMITS

pytestmark = pytest.mark.proves("first-prompt")

PROMPT = "Show me the latest commits in the git log of the repository"


def test_the_needed_tool_is_in_the_first_request_whole_and_its_result_reaches_the_model(
    stage: Stage, model: str | None
) -> None:
    call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    claude = stage.claude({PROMPT: [call]}, model=model)

    result = claude.run_print(PROMPT)

    first, second = claude.api.main()
    definition = first.tool_definition(GIT_LOG)
    assert GIT_LOG in first.tools_of()
    assert len(first.tools_of()) <= MAX_TOOLS
    assert not [name for name in first.tools_of() if "__sqlite__" in name or "__memory__" in name]
    assert definition["input_schema"]["required"] == ["repo_path"]
    assert definition["description"]
    assert all(subject in second.last_result for subject in COMMITS)
    assert not second.failed_results
    assert result["subtype"] == "success"


SETTLED_SECONDS = 3.0
"""Until all is quiet; the sessions of `test_later_prompt.py` begin while our server is still starting."""


@pytest.mark.parametrize("run", [1, 2])
def test_it_is_there_in_the_interactive_client_too_without_a_word_of_complaint(stage: Stage, run: int) -> None:
    call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    claude = stage.claude({PROMPT: [call]})

    with claude.terminal() as terminal:
        time.sleep(SETTLED_SECONDS)
        terminal.ask(PROMPT)
        screen = terminal.screen

    first, second = claude.api.main(PROMPT)
    assert GIT_LOG in first.tools_of()
    assert len(first.tools_of()) <= MAX_TOOLS
    assert COMMITS[0] in second.last_result
    assert "error" not in screen.lower()


SLOW_START_SECONDS = 7
"""As long as our start takes on a machine that compiles; the client's hooks once gave up after 5."""


def test_a_first_prompt_typed_while_our_server_is_slow_to_start_has_its_tool_too(stage: Stage) -> None:
    call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    claude = stage.claude({PROMPT: [call]})
    content = json.loads(claude.mcp_config.read_text())
    entry = content["mcpServers"]["dynaload"]
    slowly = ["-c", f'sleep {SLOW_START_SECONDS}; exec "$0" "$@"', entry["command"], *entry["args"]]
    content["mcpServers"]["dynaload"] = {**entry, "command": "sh", "args": slowly}
    claude.mcp_config.write_text(json.dumps(content))

    with claude.terminal() as terminal:
        terminal.ask(PROMPT)
        screen = terminal.screen

    assert GIT_LOG in claude.api.main(PROMPT)[0].tools_of()
    assert "error" not in screen.lower()
