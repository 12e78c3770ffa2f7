"""A subagent's first request has the tools for the task that it was given."""

import pytest

from tests.e2e.model_api import Block, ModelApi, tool_use
from tests.e2e.names import GIT_LOG, LIST_TABLES, READ_FILE
from tests.e2e.stage import Stage
from tests.e2e.upstreams import COMMITS, NOTE
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("subagent")

HISTORY_TASK = "Read the latest commits in the git log of the repository"
TABLES_TASK = "List all tables in the sqlite database"


def agent(task: str, **options: bool | str) -> Block:
    arguments = {"description": "a task", "prompt": task, "subagent_type": "general-purpose"}
    return tool_use("Agent", arguments | options)


def test_an_agent_started_right_after_the_list_changed_has_its_own_tools(stage: Stage, model: str | None) -> None:
    prompt = "Read the text file note.txt, then delegate"
    note = str(stage.workplace.documents / "note.txt")
    git_call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    turns = {
        prompt: [tool_use(READ_FILE, {"path": note}), agent(HISTORY_TASK, run_in_background=False)],
        HISTORY_TASK: [git_call],
    }
    claude = stage.claude(turns, model=model)

    claude.run_print(prompt)

    first, answered = claude.api.subagents(HISTORY_TASK)
    assert GIT_LOG in first.loaded_tools
    assert COMMITS[0] in answered.last_result
    assert NOTE in next(iter(claude.api.main(prompt)[-1].tool_results.values()))


def test_two_agents_started_in_one_message_have_theirs(stage: Stage, model: str | None) -> None:
    prompt = "Please hand out the two jobs that we spoke about"
    turns = {
        prompt: [[agent(HISTORY_TASK), agent(TABLES_TASK)]],
        HISTORY_TASK: [tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})],
        TABLES_TASK: [tool_use(LIST_TABLES)],
    }
    claude = stage.claude(turns, model=model)

    with claude.print_session() as session:
        session.ask(prompt)
        for task in (HISTORY_TASK, TABLES_TASK):
            wait_for_the_last_answer(claude.api, task)

    history, history_answered = claude.api.subagents(HISTORY_TASK)
    tables, tables_answered = claude.api.subagents(TABLES_TASK)
    assert GIT_LOG in history.loaded_tools
    assert LIST_TABLES in tables.loaded_tools
    assert COMMITS[0] in history_answered.last_result
    assert not tables_answered.failed_results


def wait_for_the_last_answer(api: ModelApi, task: str) -> None:
    api.wait_for(lambda: api.answers(task, "subagent") > 0, HANG_SECONDS, f"agent's answer to {task!r}")
