"""`find_tools` stands in a request where the client's own search cannot take its place, and nowhere else."""

import pytest

from mcp_dynaload.encoder.tokenizer import count_tokens
from tests.e2e.claude import Claude
from tests.e2e.model_request import ModelRequest, is_prefix_kept
from tests.e2e.names import CURRENT_TIME, FIND_TOOLS, GIT_LOG, LIST_TABLES
from tests.e2e.stage import FROZEN_LIST_MODEL, Stage
from tests.e2e.test_every_prompt import CLOCK, HISTORY, MODELS, REMEMBERED
from tests.e2e.test_native_search import definition_tokens
from tests.e2e.test_subagents import agent, wait_for_the_last_answer

pytestmark = pytest.mark.proves("one-search")

MAX_OWN_TOKENS = 130
JOB = "Do the special job of ours"
DENIED = {"allow": ["mcp__dynaload__*"], "deny": ["ToolSearch"]}


def asked_twice(claude: Claude) -> tuple[ModelRequest, ModelRequest]:
    """Return the first requests of two prompts."""
    with claude.print_session() as session:
        session.ask(HISTORY)
        session.ask(CLOCK)
    return claude.api.main(HISTORY)[0], claude.api.main(CLOCK)[0]


@pytest.mark.parametrize("model", MODELS)
def test_where_the_clients_search_asks_us_it_is_in_no_request_and_answers_who_remembers_it(
    stage: Stage, model: str
) -> None:
    """Try it without the plugin; `test_every_prompt.py` tells the same with it."""
    claude = stage.claude({CLOCK: [REMEMBERED]}, model=model)

    first, second = asked_twice(claude)

    assert GIT_LOG in first.visible_tools
    assert FIND_TOOLS not in {*first.loaded_tools, *first.deferred_tools, *second.loaded_tools}
    assert FIND_TOOLS not in second.visible_tools
    answered = claude.api.main(CLOCK)[-1]
    assert LIST_TABLES in answered.last_result
    assert not answered.failed_results


@pytest.mark.parametrize("plugin", [True, False])
def test_with_a_denied_search_it_stays_and_no_search_is_made_up(stage: Stage, plugin: bool) -> None:
    claude = stage.claude({CLOCK: [REMEMBERED]}, model=FROZEN_LIST_MODEL, plugin=plugin, permissions=DENIED)

    first, second = asked_twice(claude)

    assert FIND_TOOLS in first.loaded_tools
    assert FIND_TOOLS in second.loaded_tools
    assert CURRENT_TIME in second.loaded_tools
    answered = claude.api.main(CLOCK)[-1]
    assert LIST_TABLES in answered.last_result
    assert not answered.failed_results


@pytest.mark.proves("every-prompt")
def test_with_tool_search_off_it_stays_and_the_settings_hooks_serve_as_without_the_plugin(stage: Stage) -> None:
    """Try it with the plugin; without it `test_tool_search_off.py` tells."""
    environment = {"ENABLE_TOOL_SEARCH": "false"}
    claude = stage.claude({}, model=FROZEN_LIST_MODEL, plugin=True, environment=environment)

    first, second = asked_twice(claude)

    assert {FIND_TOOLS, GIT_LOG} <= set(first.loaded_tools)
    assert {FIND_TOOLS, CURRENT_TIME} <= set(second.loaded_tools)


def test_without_hooks_it_stays(stage: Stage) -> None:
    claude = stage.claude({CLOCK: [REMEMBERED]}, model=FROZEN_LIST_MODEL, hooks=False)

    first, second = asked_twice(claude)

    assert FIND_TOOLS in first.loaded_tools
    assert FIND_TOOLS in second.loaded_tools
    assert LIST_TABLES in claude.api.main(CLOCK)[-1].last_result
    whole, name = definition_tokens(second, FIND_TOOLS), count_tokens(FIND_TOOLS)
    print(f"find_tools in each request: {whole} tokens; its name alone, where it is left to the search: {name}")
    assert name < whole < MAX_OWN_TOKENS


@pytest.mark.parametrize("plugin", [True, False])
def test_an_agent_without_the_clients_search_has_it_and_nothing_is_selected_there(stage: Stage, plugin: bool) -> None:
    claude = stage.claude(
        {CLOCK: [agent(JOB, subagent_type="narrow")], JOB: [REMEMBERED]}, model=FROZEN_LIST_MODEL, plugin=plugin
    )
    agents = claude.home / ".claude" / "agents"
    agents.mkdir(parents=True)
    definition = f"---\nname: narrow\ndescription: does special jobs\ntools: Read, {FIND_TOOLS}\n---\nDo the job.\n"
    (agents / "narrow.md").write_text(definition)

    with claude.print_session() as session:
        session.ask(HISTORY)
        session.ask(CLOCK)
        wait_for_the_last_answer(claude.api, JOB)

    asked, answered = claude.api.subagents(JOB)
    assert FIND_TOOLS in asked.loaded_tools
    assert "toolu_dynaload_" not in str(asked.body)
    assert LIST_TABLES in answered.last_result
    assert FIND_TOOLS not in claude.api.main()[-1].visible_tools


@pytest.mark.parametrize("plugin", [True, False])
def test_at_the_terminal_it_is_in_no_request_even_if_the_first_prompt_needs_no_tool(stage: Stage, plugin: bool) -> None:
    claude = stage.claude({}, model=FROZEN_LIST_MODEL, plugin=plugin)
    haiku = "Write a haiku about the sea"

    with claude.connected_terminal() as terminal:
        terminal.ask(haiku)
        terminal.ask(CLOCK)

    first, second = claude.api.main(haiku)[0], claude.api.main(CLOCK)[0]
    assert FIND_TOOLS not in {*first.visible_tools, *second.visible_tools}
    assert is_prefix_kept(first, second)
