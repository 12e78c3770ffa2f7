"""`find_tools` is left to the client's own search where its hooks tell that this asks us."""

from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import ALWAYS_LOAD
from mcp_dynaload.proxy.model_text import instructions_text
from mcp_dynaload.upstream.listing import Listing
from tests.proxy.clients import Connected
from tests.proxy.test_mod import BILL, SEARCH, definitions
from tests.proxy.test_prompt_hook import desk

pytestmark = pytest.mark.proves("one-search")

FIND_TOOLS = "find_tools"


async def is_always_loaded(client: Connected) -> bool:
    return ALWAYS_LOAD in (await definitions(client))[FIND_TOOLS].get("_meta", {})


async def test_it_is_left_to_the_search_from_the_first_prompt_on_and_answers_as_before(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        before = await is_always_loaded(client)
        await client.prompt(SEARCH, search="true")
        after = await is_always_loaded(client)
        found = await client.say(FIND_TOOLS, query=BILL)

    assert (before, after) == (True, False)
    assert "create_invoice" in found


@pytest.mark.parametrize("marks", [{}, {"search": "${search}"}])
async def test_hooks_that_do_not_tell_of_the_search_leave_it_as_it_is(tmp_path: Path, marks: dict[str, str]) -> None:
    async with desk(tmp_path) as client:
        await client.prompt(SEARCH, **marks)

        assert await is_always_loaded(client)


async def test_without_tool_search_it_stays(tmp_path: Path) -> None:
    async with desk(tmp_path, tool_search=False) as client:
        await client.prompt(SEARCH, search="true")

        assert await is_always_loaded(client)


async def test_what_the_clients_requests_have_by_the_second_prompt_is_not_taken_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await client.prompt(SEARCH)
        await client.prompt(BILL, search="true")

        assert await is_always_loaded(client)


async def test_a_first_prompt_right_after_a_listing_does_not_wait_for_another_one_for_its_sake(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await client.names()
        await client.prompt("hello there", search="true")

        assert await is_always_loaded(client)


def test_the_instructions_name_the_search_only_to_a_client_that_has_one() -> None:
    listings = {"desk": Listing(instructions="Ask first.")}

    assert "call find_tools:" in instructions_text(listings, [])
    assert "call find_tools if it is loaded, else ToolSearch:" in instructions_text(listings, [], has_tool_search=True)
