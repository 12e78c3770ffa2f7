"""The client's own search becomes ours where it means ours, and is left alone where it does not."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.builders import FixedRanker
from tests.proxy.clients import Connected
from tests.proxy.test_prompt_hook import desk

pytestmark = pytest.mark.proves("client-search")

TICKETS, INVOICE, ECHO = "desk__search_tickets", "desk__create_invoice", "desk__echo"
PREFIX = "mcp__dynaload__"


async def likely(client: Connected, probabilities: Mapping[str, float]) -> None:
    await client.knows_meanings()
    client.live.index.ranker = FixedRanker(dict(probabilities))


async def test_a_clear_search_selects_what_is_meant_and_lists_it_before(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await client.names()
        await likely(client, {TICKETS: 0.8, INVOICE: 0.3, ECHO: 0.1})

        answer = await client.hook("ToolSearch", query="tickets of the account", limit="5")

        updated = answer["hookSpecificOutput"]["updatedInput"]
        assert updated == {"query": f"select:{PREFIX}{TICKETS},{PREFIX}{INVOICE}", "max_results": 2}
        assert await client.names() == [INVOICE, TICKETS, "find_tools"]


async def test_no_more_are_selected_than_were_asked_for(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await likely(client, {TICKETS: 0.8, INVOICE: 0.7})

        answer = await client.hook("ToolSearch", query="tickets", limit="1")

        assert answer["hookSpecificOutput"]["updatedInput"] == {"query": f"select:{PREFIX}{TICKETS}", "max_results": 1}


async def test_an_unclear_search_stays_the_models_but_finds_what_is_likely_of_ours(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await likely(client, {TICKETS: 0.4, INVOICE: 0.1})

        assert await client.hook("ToolSearch", query="notebook", limit="5") == {}
        assert await client.names() == [TICKETS, "find_tools"]


@pytest.mark.parametrize("query", ["", "   ", "select:WebFetch,mcp__other__x", "select:"])
async def test_what_is_not_about_ours_changes_nothing(tmp_path: Path, query: str) -> None:
    async with desk(tmp_path) as client:
        assert await client.hook("ToolSearch", query=query, limit="5") == {}
        assert await client.names() == ["find_tools"]


async def test_a_query_by_name_lists_our_tools_in_it_and_stays_as_it_is(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        answer = await client.hook("ToolSearch", query=f"select:WebFetch, {PREFIX}{ECHO}", limit="")

        assert answer == {}
        assert await client.names() == [ECHO, "find_tools"]


async def test_what_the_user_unloaded_is_not_found(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await client.hook("UserPromptExpansion", command_name="dynaload:unload", command_args=TICKETS)
        await likely(client, {TICKETS: 0.8})

        assert await client.hook("ToolSearch", query="tickets", limit="5") == {}
        assert await client.hook("ToolSearch", query=f"select:{PREFIX}{TICKETS}", limit="5") == {}
        assert await client.names() == ["find_tools"]


async def test_what_the_clients_own_words_find_of_others_is_not_lost_beside_ours(tmp_path: Path) -> None:
    other = "mcp__elsewhere__search_tickets_archive"
    async with desk(tmp_path) as client:
        await client.names()
        told = [[other, "Search the archive of tickets"], ["mcp__elsewhere__sing", "Sing a song"]]
        await client.hook("ModStarted", tools=json.dumps(told))
        await likely(client, {TICKETS: 0.8, INVOICE: 0.7, ECHO: 0.1})

        answer = await client.hook("ToolSearch", query="search tickets archive", limit="5")
        required = await client.hook("ToolSearch", query="+sing tickets", limit="5")
        one = await client.hook("ToolSearch", query="search tickets archive", limit="1")

    assert answer["hookSpecificOutput"]["updatedInput"] == {
        "query": f"select:{PREFIX}{TICKETS},{PREFIX}{INVOICE},{other}",
        "max_results": 3,
    }
    assert "mcp__elsewhere__sing" in required["hookSpecificOutput"]["updatedInput"]["query"]
    assert other not in required["hookSpecificOutput"]["updatedInput"]["query"]
    assert one["hookSpecificOutput"]["updatedInput"]["query"].startswith(f"select:{PREFIX}{TICKETS}")


async def test_a_tool_of_the_clients_own_that_its_words_name_is_kept_without_a_mod_too(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await client.names()
        await likely(client, {TICKETS: 0.8})

        both = await client.hook("ToolSearch", query="web search tickets", limit="5")
        ours = await client.hook("ToolSearch", query="tickets of the account", limit="5")

    assert both["hookSpecificOutput"]["updatedInput"]["query"] == f"select:{PREFIX}{TICKETS},WebSearch"
    assert ours["hookSpecificOutput"]["updatedInput"]["query"] == f"select:{PREFIX}{TICKETS}"


@pytest.mark.parametrize("told", ["{", "5", "[5]", "[[1, 2, 3]]", "null"])
async def test_what_a_mod_tells_wrongly_of_others_is_left_out(tmp_path: Path, told: str) -> None:
    async with desk(tmp_path) as client:
        await client.names()

        assert (await client.hook("ModStarted", tools=told))["asks"] is True


def selected(answer: Mapping[str, Any]) -> list[str]:
    query = str(answer["hookSpecificOutput"]["updatedInput"]["query"])
    return [name.removeprefix(PREFIX) for name in query.removeprefix("select:").split(",")]


async def test_a_search_that_means_what_the_model_has_brings_what_fits_next(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await client.names()
        await likely(client, {TICKETS: 0.8, INVOICE: 0.05, ECHO: 0.0005})

        first = await client.hook("ToolSearch", query="tickets of the account", limit="5")
        again = await client.hook("ToolSearch", query="tickets of the account", limit="5")
        once_more = await client.hook("ToolSearch", query="tickets of the account", limit="5")

    assert selected(first) == [TICKETS]
    assert selected(again) == [TICKETS, INVOICE]
    assert selected(once_more) == [TICKETS, INVOICE][:1]  # nothing fits that it has not seen


async def test_what_an_agent_has_found_is_its_own(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await client.names()
        await likely(client, {TICKETS: 0.8, INVOICE: 0.05})

        await client.hook("ToolSearch", query="tickets of the account", limit="5")
        agents = await client.hook("ToolSearch", query="tickets of the account", limit="5", agent="one")
        again = await client.hook("ToolSearch", query="tickets of the account", limit="5", agent="one")
        unfilled = await client.hook("ToolSearch", query="tickets of the account", limit="5", agent="${agent_id}")

    assert (selected(agents), selected(again)) == ([TICKETS], [TICKETS, INVOICE])
    assert selected(unfilled) == [TICKETS, INVOICE]  # of no agent: the conversation's second search


async def test_a_search_that_means_nothing_of_ours_brings_nothing_next(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await client.names()
        await likely(client, {TICKETS: 0.1, INVOICE: 0.05})

        for _ in range(2):
            assert await client.hook("ToolSearch", query="a notebook", limit="5") == {}
