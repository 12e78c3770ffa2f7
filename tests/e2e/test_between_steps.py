"""With the plugin, what the model goes without in one step of its turn is in the request of the next one."""

from itertools import pairwise
from typing import Any, cast

import pytest

from tests.e2e.claude import Claude
from tests.e2e.model_api import Block, Step, text, tool_use
from tests.e2e.model_request import MOD_STEP, ModelRequest, is_prefix_kept
from tests.e2e.names import CURRENT_TIME, GIT_LOG, LIST_TABLES
from tests.e2e.stage import FROZEN_LIST_MODEL, Stage
from tests.e2e.test_every_prompt import HISTORY, MODELS
from tests.e2e.test_subagents import agent, wait_for_the_last_answer

pytestmark = pytest.mark.proves("between-steps")

PERMISSIONS = {"allow": ["Bash", "mcp__dynaload__*"]}
PLAIN = "Tell me a nice thing about ships"
FOLDER = "Which files are in the folder and how large?"
SECOND = "Thank you, that is all"
DETOUR = tool_use("Bash", {"command": "sqlite3 harbour.db '.tables'"})
ORDINARY = tool_use("Bash", {"command": "git status; ls; curl -s localhost:9/x || true"})
LACKING = text("I don't have a tool to get the current time in a timezone, so I stop here.")


def a_client(stage: Stage, turns: dict[str, list[Step]], *, model: str = FROZEN_LIST_MODEL, **more: object) -> Claude:
    return stage.claude(turns, model=model, plugin=True, permissions={**PERMISSIONS, **more})


def lacking_or_calling(request: ModelRequest) -> list[Block]:
    """Say that there is no tool for the time, or call it where there is."""
    use = tool_use(CURRENT_TIME, {"timezone": "Asia/Tokyo"})
    return [use if CURRENT_TIME in request.visible_tools else LACKING]


def made_up(request: ModelRequest) -> list[str]:
    """Return what the calls that our mod has made up were to select, in their order."""
    contents: list[Any] = [message["content"] for message in request.body["messages"]]
    blocks: list[Any] = [
        block for content in contents if isinstance(content, list) for block in cast(list[Any], content)
    ]
    return [block["input"]["query"] for block in blocks if str(block.get("id", "")).startswith(MOD_STEP)]


@pytest.mark.parametrize("model", MODELS)
def test_after_a_detour_the_next_request_has_the_tool_at_no_request_more(stage: Stage, model: str) -> None:
    claude = a_client(stage, {PLAIN: [DETOUR, DETOUR, tool_use(LIST_TABLES)]}, model=model)

    with claude.print_session() as session:
        session.ask(PLAIN)
        session.ask(SECOND)

    first, second, third, last, later = requests = claude.api.main()
    assert [LIST_TABLES in request.visible_tools for request in requests] == [False, True, True, True, True]
    assert not last.failed_results
    assert made_up(third) == made_up(later) == [f"select:{LIST_TABLES}"]
    assert made_up(first) == [] != made_up(second)
    assert [is_prefix_kept(*pair) for pair in pairwise(requests)] == [True] * 4


def test_everyday_work_in_a_shell_changes_nothing_and_a_turn_whose_prompt_had_tools_selected_gets_more_later(
    stage: Stage,
) -> None:
    claude = a_client(stage, {PLAIN: [ORDINARY, ORDINARY], FOLDER: [DETOUR, lacking_or_calling]})

    with claude.print_session() as session:
        session.ask(PLAIN)
        session.ask(FOLDER)

    everyday = claude.api.main(PLAIN)
    assert len(everyday) == 3
    assert made_up(everyday[-1]) == []
    assert everyday[-1].visible_tools == everyday[0].visible_tools
    first, second, third, last = claude.api.main(FOLDER)
    (of_prompt,) = made_up(first)
    assert made_up(last) == [of_prompt, f"select:{LIST_TABLES}", f"select:{CURRENT_TIME}"]
    assert [LIST_TABLES in request.visible_tools for request in (first, second, third)] == [False, True, True]
    assert [CURRENT_TIME in request.visible_tools for request in (second, third)] == [False, True]
    assert "Asia/Tokyo" in last.last_result
    assert not last.failed_results


def test_a_turn_that_would_end_for_want_of_a_tool_goes_on_with_it(stage: Stage) -> None:
    claude = a_client(stage, {PLAIN: [lacking_or_calling]})

    with claude.print_session() as session:
        session.ask(PLAIN)

    first, second, third = claude.api.main()
    assert [CURRENT_TIME in request.visible_tools for request in (first, second)] == [False, True]
    assert made_up(third) == [f"select:{CURRENT_TIME}"]
    assert "Asia/Tokyo" in third.last_result


def test_a_subagent_gets_its_own_and_the_conversation_nothing(stage: Stage) -> None:
    task = "Say something friendly to the user"
    claude = a_client(stage, {PLAIN: [agent(task)], task: [DETOUR, tool_use(LIST_TABLES)]})

    with claude.print_session() as session:
        session.ask(PLAIN)
        wait_for_the_last_answer(claude.api, task)
        session.ask(SECOND)

    first, second, third = claude.api.subagents(task)
    assert [LIST_TABLES in request.visible_tools for request in (first, second)] == [False, True]
    assert not third.failed_results
    assert LIST_TABLES not in claude.api.main()[-1].visible_tools


def test_a_tool_that_the_user_denied_or_unloaded_is_not_loaded(stage: Stage) -> None:
    unload = f"/mcp__dynaload__unload {CURRENT_TIME.removeprefix('mcp__dynaload__')}"
    claude = a_client(stage, {PLAIN: [DETOUR, LACKING]}, deny=[LIST_TABLES])

    with claude.print_session() as session:
        session.ask(unload)
        session.ask(PLAIN)

    requests = claude.api.main(PLAIN)
    assert len(requests) == 2
    assert {LIST_TABLES, CURRENT_TIME}.isdisjoint(requests[-1].visible_tools)
    assert made_up(requests[-1]) == []


def test_at_the_terminal_too(stage: Stage) -> None:
    # In auto mode a rule for all commands does not count.
    allow = ["Bash(sqlite3:*)", "mcp__dynaload__*"]
    claude = a_client(stage, {PLAIN: [DETOUR, tool_use(LIST_TABLES)]}, allow=allow)

    with claude.connected_terminal() as terminal:
        terminal.ask(SECOND)  # a first step that comes before our server has answered leaves the turn to the hooks
        terminal.ask(PLAIN)
        screen = terminal.screen

    first, second, third = claude.api.main(PLAIN)
    assert [LIST_TABLES in request.visible_tools for request in (first, second)] == [False, True]
    assert not third.failed_results
    assert "error" not in screen.lower()


def test_what_usually_comes_next_is_loaded_when_its_forerunner_was_called(stage: Stage) -> None:
    log = tool_use(GIT_LOG, {"repo_path": str(stage.workplace.repository)})
    prompts = [f"{HISTORY}, week {number}" for number in range(4)]
    learning: dict[str, list[Step]] = {prompt: [log, DETOUR, tool_use(LIST_TABLES)] for prompt in prompts[:3]}
    with a_client(stage, learning).print_session() as session:
        for prompt in learning:
            session.ask(prompt)

    claude = a_client(stage, {prompts[3]: [log]})
    with claude.print_session() as session:
        session.ask(prompts[3])

    asked, answered = claude.api.main()
    assert [LIST_TABLES in request.visible_tools for request in (asked, answered)] == [False, True]
    assert made_up(answered) == [f"select:{LIST_TABLES}"]
