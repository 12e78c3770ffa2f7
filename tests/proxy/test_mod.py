"""The mod of our plugin asks what a prompt needs; the settings hooks beside it say nothing twice."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from mcp_dynaload.catalog.tool import ALWAYS_LOAD, Json
from mcp_dynaload.config.settings import Settings
from tests.proxy.clients import QUIET, Connected
from tests.proxy.test_prompt_hook import desk

pytestmark = pytest.mark.proves("every-prompt")

TICKETS, INVOICE = "desk__search_tickets", "desk__create_invoice"
PREFIX = "mcp__dynaload__"
NO_CELL = QUIET.model_copy(update={"status_cell": False})
"""The cell that the mod shows under the prompt is the subject of `test_status.py`."""

SEARCH, BILL = "search the tickets of the account", "create an invoice for the customer"


@asynccontextmanager
async def modded(folder: Path, *, settings: Settings = NO_CELL) -> AsyncGenerator[Connected]:
    async with desk(folder, settings=settings) as client:
        await client.names()
        await client.hook("ModStarted")
        yield client


async def definitions(client: Connected) -> dict[str, Json]:
    return {tool["name"]: tool for tool in (await client.raw("tools/list"))["tools"]}


async def test_each_prompt_selects_its_own_and_none_is_in_every_request_by_itself(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        first = await client.hook("ModPrompt", prompt=SEARCH)
        later = await client.hook("ModPrompt", prompt=BILL)
        listed = await definitions(client)

    assert first == {"select": [PREFIX + TICKETS]}
    assert later == {"select": [PREFIX + INVOICE]}
    assert [name for name in (TICKETS, INVOICE) if ALWAYS_LOAD in listed[name].get("_meta", {})] == []


async def test_what_was_selected_is_not_selected_again_until_a_summary_has_taken_its_place(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        await client.hook("ModPrompt", prompt=SEARCH)
        await client.hook("ModPrompt", prompt=BILL)
        again = await client.hook("ModPrompt", prompt=SEARCH)
        await client.hook("SessionStart", source="compact")
        summed = await client.hook("ModPrompt", prompt=SEARCH)

    assert again == {"select": []}
    assert summed == {"select": [PREFIX + TICKETS]}


async def test_the_settings_hook_adds_the_instructions_alone_and_once(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        await client.hook("ModPrompt", prompt=SEARCH)
        beside = await client.prompt(SEARCH)
        again = await client.prompt(SEARCH)
        await client.hook("ModPrompt", prompt=BILL)
        later = await client.prompt(BILL)

    text = "Instructions of the MCP server 'desk', quoted: \"Ask before you write.\""
    assert beside == {"hookSpecificOutput": {"hookEventName": "UserPromptSubmit", "additionalContext": text}}
    assert again == later == {}


async def test_a_prompt_for_which_the_mod_did_not_ask_is_served_the_old_way(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        await client.hook("ModPrompt", prompt=SEARCH)
        await client.prompt(SEARCH)

        answer = await client.prompt(BILL)

    assert PREFIX + INVOICE in answer["hookSpecificOutput"]["additionalContext"]


@pytest.mark.parametrize("mod_first", [False, True])
async def test_of_a_prompts_two_calls_one_chooses_and_each_has_its_part(tmp_path: Path, mod_first: bool) -> None:
    answers: dict[str, Json] = {}

    async with modded(tmp_path) as client:

        async def call(event: str) -> None:
            answers[event] = await client.hook(event, prompt=SEARCH)

        async with anyio.create_task_group() as tasks:
            for event in ("ModPrompt", "UserPromptSubmit") if mod_first else ("UserPromptSubmit", "ModPrompt"):
                tasks.start_soon(call, event)

    beside = answers["UserPromptSubmit"]["hookSpecificOutput"]["additionalContext"]
    assert answers["ModPrompt"] == {"select": [PREFIX + TICKETS]}
    assert beside.startswith("Instructions of the MCP server 'desk'")


async def test_a_mod_that_asks_late_selects_what_stands_beside_the_prompt_by_then(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        beside = (await client.prompt(SEARCH))["hookSpecificOutput"]["additionalContext"]
        late = await client.hook("ModPrompt", prompt=SEARCH)
        again = await client.hook("ModPrompt", prompt=SEARCH)

    assert PREFIX + TICKETS in beside
    assert "Instructions of the MCP server 'desk'" in beside
    assert late == {"select": [PREFIX + TICKETS]}
    assert again == {"select": []}


async def test_a_mod_that_comes_in_a_prompts_first_step_selects_what_could_only_be_described_beside_it(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, settings=NO_CELL) as client:
        await client.prompt(SEARCH, plugin="true")
        await client.prompt(BILL, plugin="true")

        hello = await client.hook("ModStarted")
        again = await client.hook("ModStarted")

    assert hello == {"asks": True, "select": [PREFIX + INVOICE]}
    assert again == {"asks": True, "select": []}


async def test_what_the_first_request_has_by_itself_is_not_selected(tmp_path: Path) -> None:
    async with desk(tmp_path, settings=NO_CELL) as client:
        await client.prompt(SEARCH, plugin="true")

        assert await client.hook("ModStarted") == {"asks": True, "select": []}


async def test_an_agent_selects_all_that_it_needs_and_the_conversation_is_not_told(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        await client.hook("ModPrompt", prompt=SEARCH)
        assert await client.hook("PreToolUse", prompt=SEARCH) == {}

        agent = await client.hook("ModAgent", prompt=SEARCH)
        other = await client.hook("ModAgent", prompt=BILL)
        own = await client.hook("ModPrompt", prompt=BILL)

    assert agent == {"select": [PREFIX + TICKETS]}
    assert other == own == {"select": [PREFIX + INVOICE]}


async def test_without_tool_search_the_mod_is_told_to_leave_it(tmp_path: Path) -> None:
    async with desk(tmp_path, settings=NO_CELL, tool_search=False) as client:
        assert await client.hook("ModStarted") == {"asks": False}
        await client.prompt(SEARCH)
        listed = await definitions(client)

    assert listed[TICKETS]["_meta"][ALWAYS_LOAD] is True


async def test_when_the_mod_stops_the_settings_hooks_serve_again(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        await client.hook("ModPrompt", prompt=SEARCH)
        await client.hook("ModStopped")

        answer = await client.prompt(BILL)

    assert PREFIX + INVOICE in answer["hookSpecificOutput"]["additionalContext"]


async def test_session_info_says_which_way_the_session_goes(tmp_path: Path) -> None:
    async def told(client: Connected) -> str:
        answer = await client.hook("UserPromptExpansion", command_name="dynaload:session-info", command_args="")
        return answer["reason"]

    async with modded(tmp_path / "mod") as client:
        assert "the plugin selects each prompt's tools" in await told(client)
    async with desk(tmp_path / "hooks") as client:
        before = await told(client)
        await client.prompt(SEARCH)
        assert "no hook has called yet" in before
        assert "settings hooks: the first prompt's tools are in its request" in await told(client)


async def test_the_hook_tool_is_listed_from_the_first_prompt_on_which_the_plugin_tells_of(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        before = await client.names()
        await client.prompt("hello there", plugin="true")
        after = await client.names()

    assert "dynaload_hook" not in before
    assert "dynaload_hook" in after


@pytest.mark.parametrize("by_plugin_first", [False, True])
async def test_what_the_settings_and_the_plugin_both_tell_happens_once(tmp_path: Path, by_plugin_first: bool) -> None:
    marks: list[Json] = [{}, {"plugin": "true"}]
    first, second = reversed(marks) if by_plugin_first else marks
    command = {"command_name": "dynaload:load-category", "command_args": "desk"}
    async with desk(tmp_path) as client:
        answers = [await client.hook("UserPromptExpansion", **command, **mark) for mark in (first, second)]
        again = await client.hook("UserPromptExpansion", **command, **first)
        prompts = [await client.prompt(SEARCH, **mark) for mark in (first, second)]

    assert "loaded" in answers[0]["reason"].lower()
    assert answers[1] == prompts[1] == {}
    assert again["decision"] == "block"
    assert prompts[0]["hookSpecificOutput"]["hookEventName"] == "UserPromptSubmit"


async def test_a_mod_of_which_the_settings_told_first_can_call_its_tool_all_the_same(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await client.prompt(SEARCH)
        assert "dynaload_hook" not in await client.names()

        await client.prompt(SEARCH, plugin="true")

        assert "dynaload_hook" in await client.names()
