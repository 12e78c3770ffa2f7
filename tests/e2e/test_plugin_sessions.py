"""With the plugin: sessions that go on in a new process, start over or are summed up, and agents of agents."""

import json

import pytest

from tests.e2e.model_api import tool_use
from tests.e2e.names import CURRENT_TIME, GIT_LOG, LIST_TABLES, READ_FILE
from tests.e2e.stage import FROZEN_LIST_MODEL, Stage
from tests.e2e.test_every_prompt import CLOCK, HISTORY, NOTES, TABLES
from tests.e2e.test_subagents import HISTORY_TASK, TABLES_TASK, agent, wait_for_the_last_answer

pytestmark = pytest.mark.proves("every-prompt")

THINKS_WHEN_TOLD = "claude-haiku-4-5"
TIME_CALL = tool_use(CURRENT_TIME, {"timezone": "Asia/Tokyo"})


@pytest.mark.proves("client-search")
def test_a_search_that_means_ours_and_others_finds_both(stage: Stage) -> None:
    prompt = "Do as we said"
    search = tool_use("ToolSearch", {"query": "current time in a timezone, and edit a notebook", "max_results": 5})
    claude = stage.claude({prompt: [search]}, model=FROZEN_LIST_MODEL, plugin=True)
    servers = json.loads(claude.mcp_config.read_text())["mcpServers"]
    servers["clock"] = json.loads(stage.workplace.servers_file.read_text())["mcpServers"]["time"]
    claude.mcp_config.write_text(json.dumps({"mcpServers": servers}))

    claude.run_print(prompt)

    found = set(claude.api.main(prompt)[-1].tool_references)
    assert {CURRENT_TIME, "mcp__clock__get_current_time", "NotebookEdit"} <= found


@pytest.mark.proves("client-search")
def test_a_second_search_for_the_same_brings_what_fits_next_and_an_agents_first_is_a_first(stage: Stage) -> None:
    prompt, job = "Do as we said", "Go on as we said"
    search = tool_use("ToolSearch", {"query": "current time in a timezone", "max_results": 1})
    turns = {prompt: [search, agent(job, run_in_background=False)], job: [search, search]}
    claude = stage.claude(turns, model=FROZEN_LIST_MODEL, plugin=True)

    claude.run_print(prompt)

    first, second = ([*dict.fromkeys(one.tool_references)] for one in claude.api.subagents(job)[1:])
    assert claude.api.main(prompt)[1].tool_references == first == [CURRENT_TIME]
    assert len(second) == 2


def test_a_session_that_goes_on_in_a_new_process_has_each_prompts_tools_too(stage: Stage) -> None:
    git_call = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    read_call = tool_use(READ_FILE, {"path": str(stage.workplace.documents / "note.txt")})
    turns = {TABLES: [tool_use(LIST_TABLES), git_call], NOTES: [read_call, git_call], CLOCK: [TIME_CALL]}
    claude = stage.claude(turns, model=FROZEN_LIST_MODEL, plugin=True)
    with claude.print_session() as session:
        session.ask(HISTORY)
        session.ask(CLOCK)

    with claude.print_session("--resume", str(session.session_id)) as resumed:
        resumed.ask(TABLES)
        resumed.ask(f"{CLOCK} Once more")
    with claude.print_session("--continue") as continued:
        continued.ask(NOTES)
        continued.ask(f"{CLOCK} A third time")

    for prompt, tool, again in ((TABLES, LIST_TABLES, "Once more"), (NOTES, READ_FILE, "A third time")):
        first, answered, history = claude.api.main(prompt)
        assert HISTORY in first.prompt_texts
        assert tool in first.visible_tools
        assert not answered.failed_results
        assert not history.failed_results
        first, answered = claude.api.main(again)
        assert CURRENT_TIME in first.visible_tools
        assert "Asia/Tokyo" in answered.last_result


def test_after_clearing_a_prompt_has_its_own_tools_and_after_a_summary_what_was_selected_is_selected_again(
    stage: Stage,
) -> None:
    claude = stage.claude({}, model=FROZEN_LIST_MODEL, plugin=True)

    with claude.terminal() as terminal:
        terminal.ask(HISTORY)
        terminal.ask(TABLES)
        terminal.clear()
        terminal.ask(CLOCK)
        terminal.ask(f"{TABLES} once more")
        terminal.compact()
        terminal.ask(f"{CLOCK} Once more")
        screen = terminal.screen

    cleared, *_ = claude.api.main(CLOCK)
    assert CURRENT_TIME in cleared.visible_tools
    assert cleared.visible_tools.isdisjoint({GIT_LOG, LIST_TABLES})
    assert LIST_TABLES in claude.api.main("once more")[0].visible_tools
    assert CURRENT_TIME in claude.api.main("Once more")[0].visible_tools
    assert "error" not in screen.lower()


def test_a_model_that_thinks_only_when_told_is_served_the_old_way(stage: Stage) -> None:
    claude = stage.claude({CLOCK: [TIME_CALL]}, model=THINKS_WHEN_TOLD, plugin=True)

    with claude.print_session() as session:
        session.ask(HISTORY)
        session.ask(CLOCK)

    assert GIT_LOG in claude.api.main(HISTORY)[0].loaded_tools
    asked, answered = claude.api.main(CLOCK)
    assert "toolu_dynaload_" not in str(asked.body)
    assert CURRENT_TIME in asked.additional_context
    assert "Asia/Tokyo" in answered.last_result


def test_an_agents_agent_and_one_in_the_background_have_theirs(stage: Stage) -> None:
    prompt = "Please hand out the job that we spoke about"
    turns = {
        prompt: [agent(HISTORY_TASK, run_in_background=True)],
        HISTORY_TASK: [agent(TABLES_TASK), tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})],
        TABLES_TASK: [tool_use(LIST_TABLES)],
    }
    claude = stage.claude(turns, model=FROZEN_LIST_MODEL, plugin=True)

    with claude.print_session() as session:
        session.ask(prompt)
        wait_for_the_last_answer(claude.api, HISTORY_TASK)

    assert GIT_LOG in claude.api.subagents(HISTORY_TASK)[0].visible_tools
    assert LIST_TABLES in claude.api.subagents(TABLES_TASK)[0].visible_tools
    assert claude.api.main()[-1].visible_tools == claude.api.main()[0].visible_tools
