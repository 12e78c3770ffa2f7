"""State that processes share through the state folder, and that a restarted one takes over."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from tests.faults.proxy import Place, connected
from tests.faults.scripted import entry, starts, text_in, tool, tools, until
from tests.programs import PYTHON


def stored_upstreams(place: Place) -> set[str]:
    with closing(sqlite3.connect(place.state / "dynaload.db")) as connection:
        return {name for (name,) in connection.execute("SELECT upstream FROM listings")}


async def test_two_processes_that_start_at_once_with_no_state_both_work_and_share_it(tmp_path: Path) -> None:
    place = Place(tmp_path, {name: entry(name) for name in ("a", "b")}, python=PYTHON)
    results: list[str] = []

    async def use() -> None:
        async with connected(place) as proxy:
            results.extend([await proxy.text("a__echo", x=1), await proxy.text("b__echo", x=2)])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(use)
        tasks.start_soon(use)

    assert sorted(results) == ['{"x": 1}'] * 2 + ['{"x": 2}'] * 2
    assert stored_upstreams(place) == {"a", "b"}
    assert "store_" not in place.log


@pytest.mark.proves("resume")
async def test_what_a_session_had_loaded_is_listed_when_its_process_is_started_again(tmp_path: Path) -> None:
    offers = {"tools": [tool("search_tickets", "Search the tickets of the account"), tool("pid")]}
    place = Place(tmp_path, {"desk": entry("desk", offers=offers)}, {"CLAUDE_CODE_SESSION_ID": "one"}, python=PYTHON)
    await place.fill_cache()
    async with connected(place) as proxy:
        await proxy.hook("UserPromptSubmit", prompt="search the tickets of the account", session_id="one")
        assert await proxy.names() == ["desk__search_tickets", "find_tools"]

    async with connected(place) as again:
        assert await again.names() == ["desk__search_tickets", "find_tools"]
    async with connected(Place(tmp_path, place.servers, {"CLAUDE_CODE_SESSION_ID": "other"}, python=PYTHON)) as other:
        assert await other.names() == ["find_tools"]


async def test_tools_that_changed_between_two_starts_are_told_only_if_the_client_sees_them(tmp_path: Path) -> None:
    file, count = tmp_path / "offers", tmp_path / "starts"
    seen, unseen = tool("search_tickets", "Search the tickets of the account"), tool("pid")
    file.write_text(json.dumps({"tools": [seen, unseen]}))
    desk = entry("desk", options={"pinning": "off"}, offers_file=str(file), starts_file=str(count))
    place = Place(
        tmp_path,
        {"desk": desk},
        {"CLAUDE_CODE_SESSION_ID": "one", "MCP_DYNALOAD_WARM_UPSTREAMS": "false"},
        python=PYTHON,
    )
    await place.fill_cache()
    async with connected(place) as proxy:
        await proxy.hook("UserPromptSubmit", prompt="search the tickets of the account", session_id="one")

    file.write_text(json.dumps({"tools": [seen, {**unseen, "description": "Something new"}, *tools("echo")]}))
    async with connected(place) as proxy:
        assert await proxy.names() == ["desk__search_tickets", "find_tools"]
        await proxy.text("desk__search_tickets")
        await until(lambda: "upstream_listed" in place.log.rpartition("upstream_started")[2])
        assert proxy.list_changes == 0

    file.write_text(json.dumps({"tools": [{**seen, "description": "Search better"}, unseen]}))
    async with connected(place) as proxy:
        await proxy.text("desk__search_tickets")
        await until(lambda: proxy.list_changes)
        (changed,) = [t for t in (await proxy.client.list_tools()).tools if t.name == "desk__search_tickets"]
        assert changed.description == "Search better"
    assert len(starts(count)) == 3


async def test_without_a_writable_state_folder_everything_works_and_a_warning_says_so(tmp_path: Path) -> None:
    place = Place(tmp_path, {"a": entry("a")}, python=PYTHON)
    place.state.write_text("a file where the folder should be")

    async with connected(place) as proxy:
        assert await proxy.text("a__echo", x=1) == '{"x": 1}'
    said = text_in(tmp_path / "stderr")
    assert "store_in_memory" in said
    assert "log_file_unavailable" in said
