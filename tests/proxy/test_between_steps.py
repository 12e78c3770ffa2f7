"""The mod tells what the model did in a step of its turn; what it misses is selected before its next request."""

import json
from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, tool
from tests.proxy.clients import Connected, connected_to
from tests.proxy.test_mod import BILL, INVOICE, NO_CELL, PREFIX, SEARCH, TICKETS, definitions, modded
from tests.proxy.test_prompt_hook import DESK

pytestmark = pytest.mark.proves("between-steps")

DETOUR = [["Bash", "desk-cli search tickets --state open"]]
LACKING = "I don't have a tool to search the tickets of the desk."
NOTHING: Json = {"select": []}


async def after(client: Connected, calls: list[list[str]] | None = None, **fields: str) -> Json:
    await client.live.index.ready.wait()
    return await client.hook("ModStep", calls=json.dumps(calls or []), **fields)


async def test_a_detour_selects_the_tool_that_was_gone_without_once(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        await client.hook("ModPrompt", prompt=BILL)
        selected = await after(client, DETOUR)
        again = await after(client, DETOUR)
        listed = await definitions(client)

    assert (selected, again) == ({"select": [PREFIX + TICKETS]}, NOTHING)
    assert TICKETS in listed


async def test_so_does_what_the_model_says_that_it_lacks(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        assert await after(client, text=LACKING) == {"select": [PREFIX + TICKETS]}


async def test_what_the_prompt_has_selected_already_is_not_missed(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        await client.hook("ModPrompt", prompt=SEARCH)

        assert await after(client, DETOUR) == NOTHING


async def test_an_agent_gets_what_the_conversation_has_but_not_what_its_own_turn_had(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        await client.hook("ModPrompt", prompt=SEARCH)
        selected = await after(client, DETOUR, agent="a1")
        again = await after(client, DETOUR, agent="a1", had=PREFIX + TICKETS)

    assert (selected, again) == ({"select": [PREFIX + TICKETS]}, NOTHING)


async def test_everyday_work_selects_and_lists_nothing(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        told = len(client.told)
        answers = [await after(client, [["Bash", text]]) for text in ("git status", "pytest -q", "curl localhost:3000")]

        assert answers == [NOTHING] * 3
        assert len(client.told) == told


async def test_a_tool_that_the_user_unloaded_is_never_loaded_this_way(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        await client.hook("ModPrompt", prompt=SEARCH)
        await client.hook("UserPromptExpansion", command_name="dynaload:unload", command_args=TICKETS)
        await client.hook("SessionStart", source="compact")

        assert await after(client, DETOUR) == NOTHING


async def test_a_tool_that_may_destroy_is_not_loaded_unasked(tmp_path: Path) -> None:
    delete = tool("delete_ticket", "Delete a ticket") | {"annotations": {"destructiveHint": True}}
    listings = {"desk": Listing(tools=(delete, tool("pid")))}
    async with connected_to(tmp_path, config("desk"), listings=listings, settings=NO_CELL) as client:
        await client.hook("ModStarted")

        assert await after(client, [["Bash", "desk-cli delete ticket 4"]]) == NOTHING


async def test_the_usual_follower_of_a_called_tool_is_selected(tmp_path: Path) -> None:
    # Started by the calls, the server lists what it was known to have.
    desk = config("desk", offers={"tools": [*DESK.tools]})
    async with connected_to(tmp_path, desk, listings={"desk": DESK}, settings=NO_CELL) as client:
        await client.hook("ModStarted")
        for _ in range(4):
            await client.call(TICKETS)
            await client.call(INVOICE)
        await client.hook("Stop")

        assert await after(client, [[PREFIX + TICKETS, ""]], agent="a1") == {"select": [PREFIX + INVOICE]}
        assert await after(client, [["Bash", "ls"]], agent="a2") == NOTHING


async def test_it_can_be_switched_off(tmp_path: Path) -> None:
    off = NO_CELL.model_copy(update={"between_steps": False})
    async with modded(tmp_path, settings=off) as client:
        greeting = await client.hook("ModStarted")

        assert greeting == {"asks": True, "select": [], "steps": False}
        assert await after(client, DETOUR) == NOTHING


async def test_without_a_mod_nothing_is_selected(tmp_path: Path) -> None:
    async with connected_to(tmp_path, config("desk"), listings={}, settings=NO_CELL) as client:
        assert await after(client, DETOUR) == NOTHING


async def test_an_unreadable_step_misses_nothing(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        assert await client.hook("ModStep", calls="[[1") == NOTHING


async def test_the_user_is_told_what_was_loaded_and_why(tmp_path: Path) -> None:
    async with modded(tmp_path) as client:
        await client.hook("ModPrompt", prompt=BILL)
        await after(client, DETOUR)
        why = await client.hook("UserPromptExpansion", command_name="dynaload:why", command_args="")
        info = await client.hook("UserPromptExpansion", command_name="dynaload:session-info", command_args="")

    assert "the model turned to desk-cli for it" in why["reason"]
    assert "1 loaded" in next(line for line in info["reason"].splitlines() if "between steps" in line)
