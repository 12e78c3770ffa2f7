"""Where the plugin brings the server the client gives our names a longer prefix: all that we say names them so."""

from pathlib import Path

import pytest

from mcp_dynaload.catalog.names import PLUGIN_SERVER_NAME, Registration
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config
from tests.proxy.clients import QUIET, connected_to
from tests.proxy.test_prompt_hook import desk

pytestmark = pytest.mark.proves("own-server")

PLUGINS = Registration(PLUGIN_SERVER_NAME)
PREFIX = "mcp__plugin_dynaload_dynaload__"
SEARCH, BILL = "search the tickets of the account", "create an invoice for the customer"


def test_the_prefix_is_the_clients_and_leaves_the_rest_of_what_a_model_api_takes() -> None:
    assert (PLUGINS.prefix, PLUGINS.room) == (PREFIX, 33)
    assert (Registration().prefix, Registration().room) == ("mcp__dynaload__", 49)


async def test_what_is_told_beside_a_prompt_and_found_is_named_as_the_client_does(tmp_path: Path) -> None:
    async with desk(tmp_path, registration=PLUGINS) as client:
        await client.prompt(SEARCH)
        beside = await client.prompt(BILL)
        found = await client.say("find_tools", query=SEARCH)
        ran = await client.hook("UserPromptExpansion", command_name=f"{PREFIX}help")

    text = beside["hookSpecificOutput"]["additionalContext"]
    assert f"select:{PREFIX}desk__create_invoice" in text
    assert f'"name":"{PREFIX}desk__create_invoice"' in text
    assert f'"name":"{PREFIX}desk__search_tickets"' in found
    assert f"/{PREFIX}<command>" in ran["reason"]
    assert "/plugin:dynaload:dynaload:" in ran["reason"]
    assert "mcp__dynaload__" not in text + found + ran["reason"]


async def test_the_mod_and_the_clients_search_get_its_names_and_are_understood_with_them(tmp_path: Path) -> None:
    async with desk(tmp_path, settings=QUIET.model_copy(update={"status_cell": False}), registration=PLUGINS) as client:
        await client.names()
        await client.hook("ModStarted", plugin=PLUGIN_SERVER_NAME)
        asked = await client.hook("ModPrompt", prompt=SEARCH, plugin=PLUGIN_SERVER_NAME)
        searched = await client.hook("ToolSearch", query="search the tickets", limit="5")
        await client.hook("ToolSearch", query=f"select:{PREFIX}desk__create_invoice", limit="1")
        listed = await client.names()

    assert asked == {"select": [f"{PREFIX}desk__search_tickets"]}
    assert f"select:{PREFIX}desk__search_tickets" in searched["hookSpecificOutput"]["updatedInput"]["query"]
    assert "desk__create_invoice" in listed


LONG = "a_tool_whose_name_is_of_forty_characters"


async def test_a_name_that_the_prefix_leaves_no_room_for_is_cut_and_reaches_its_tool(tmp_path: Path) -> None:
    desks = {
        "desk": Listing(tools=({"name": LONG, "description": "Mows the lawn", "inputSchema": {"type": "object"}},))
    }
    async with connected_to(tmp_path, config("desk"), listings=desks, registration=PLUGINS) as client:
        found = await client.say("find_tools", query="mow the lawn")
        (name,) = [name for name in await client.names() if name.startswith("desk")]

    assert len(PREFIX + name) <= 64
    assert name != f"desk__{LONG}"
    assert PREFIX + name in found


async def test_where_nothing_is_behind_it_the_user_is_told_once_what_to_do(tmp_path: Path) -> None:
    async with connected_to(tmp_path, registration=PLUGINS) as client:
        first = await client.prompt(SEARCH)
        second = await client.prompt(BILL)

    assert "`mcp-dynaload init`" in first["systemMessage"]
    assert second == {}
