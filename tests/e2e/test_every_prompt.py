"""With the plugin every prompt, a subagent's too, has its tools in its own first request, on every model."""

from itertools import pairwise

import pytest

from tests.e2e.model_api import tool_use
from tests.e2e.model_request import is_prefix_kept
from tests.e2e.names import CURRENT_TIME, FIND_TOOLS, GIT_LOG, LIST_TABLES, READ_FILE
from tests.e2e.stage import FROZEN_LIST_MODEL, Stage
from tests.e2e.test_subagents import HISTORY_TASK, TABLES_TASK, agent, wait_for_the_last_answer
from tests.e2e.upstreams import COMMITS, NOTE

pytestmark = pytest.mark.proves("every-prompt")

MODELS = ("claude-opus-5", FROZEN_LIST_MODEL, "claude-haiku-5-5")
HOOK = "mcp__dynaload__dynaload_hook"
HISTORY = "Show me the latest commits in the git log of the repository"
CLOCK = "What is the current time in the timezone Asia/Tokyo?"
TABLES = "List all tables in the sqlite database"
NOTES = "Read the text file note.txt"
THANKS = "Thank you, that is all for today"
REMEMBERED = tool_use(FIND_TOOLS, {"query": "list the tables of the database"})
"""A call that a model makes which has read of the tool elsewhere."""

NEEDED = {HISTORY: GIT_LOG, CLOCK: CURRENT_TIME, TABLES: LIST_TABLES, NOTES: READ_FILE}


@pytest.mark.proves("one-search")
@pytest.mark.parametrize("model", MODELS)
def test_each_of_four_prompts_has_its_tool_in_its_first_request_and_find_tools_is_in_none_and_answers_all_the_same(
    stage: Stage, model: str
) -> None:
    arguments = {
        HISTORY: {"repo_path": str(stage.workplace.repository)},
        CLOCK: {"timezone": "Asia/Tokyo"},
        TABLES: {},
        NOTES: {"path": str(stage.workplace.documents / "note.txt")},
    }
    turns = {prompt: [tool_use(name, arguments[prompt])] for prompt, name in NEEDED.items()}
    claude = stage.claude({**turns, THANKS: [REMEMBERED]}, model=model, plugin=True)

    with claude.print_session() as session:
        for prompt in (*NEEDED, THANKS):
            session.ask(prompt)

    requests = claude.api.main()
    assert len(requests) == 2 * len(NEEDED) + 2
    for prompt, name in NEEDED.items():
        asked, answered = claude.api.main(prompt)
        assert name in asked.visible_tools, prompt
        assert not answered.failed_results
        assert FIND_TOOLS not in {*asked.loaded_tools, *asked.deferred_tools, *asked.visible_tools}
        assert HOOK not in {*asked.loaded_tools, *asked.deferred_tools}
        assert HOOK not in asked.additional_context
    assert COMMITS[0] in claude.api.main(HISTORY)[-1].last_result
    assert NOTE in claude.api.main(NOTES)[-1].last_result
    asked, answered = claude.api.main(THANKS)
    assert FIND_TOOLS not in {*asked.loaded_tools, *asked.visible_tools}
    assert LIST_TABLES in answered.last_result
    assert not answered.failed_results
    assert [is_prefix_kept(*pair) for pair in pairwise(requests)] == [True] * (len(requests) - 1)


@pytest.mark.parametrize("model", MODELS)
def test_in_the_interactive_client_too(stage: Stage, model: str) -> None:
    claude = stage.claude({CLOCK: [tool_use(CURRENT_TIME, {"timezone": "Asia/Tokyo"})]}, model=model, plugin=True)

    with claude.terminal() as terminal:
        terminal.ask(HISTORY)
        terminal.ask(CLOCK)
        screen = terminal.screen

    assert GIT_LOG in claude.api.main(HISTORY)[0].visible_tools
    asked, answered = claude.api.main(CLOCK)
    assert CURRENT_TIME in asked.visible_tools
    assert "Asia/Tokyo" in answered.last_result
    assert "error" not in screen.lower()


@pytest.mark.parametrize("model", MODELS)
def test_agents_started_in_one_message_have_theirs_and_the_main_list_does_not_grow(stage: Stage, model: str) -> None:
    prompt = "Please hand out the two jobs that we spoke about"
    turns = {
        prompt: [[agent(HISTORY_TASK), agent(TABLES_TASK)]],
        HISTORY_TASK: [tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})],
        TABLES_TASK: [tool_use(LIST_TABLES)],
    }
    claude = stage.claude(turns, model=model, plugin=True)

    with claude.print_session() as session:
        session.ask(prompt)
        for task in (HISTORY_TASK, TABLES_TASK):
            wait_for_the_last_answer(claude.api, task)
        session.ask("Thank you, that is all")

    assert GIT_LOG in claude.api.subagents(HISTORY_TASK)[0].visible_tools
    assert LIST_TABLES in claude.api.subagents(TABLES_TASK)[0].visible_tools
    assert COMMITS[0] in claude.api.subagents(HISTORY_TASK)[-1].last_result
    assert claude.api.main()[-1].visible_tools.isdisjoint({GIT_LOG, LIST_TABLES})
