"""Lessons that sessions of a project learn from one another."""

import sqlite3
import threading
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.config.upstream_config import UpstreamOptions
from mcp_dynaload.proxy.learning import Learning
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.sqlite_usage import SqliteUsage
from mcp_dynaload.store.usage import Calls, project_of
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, tool
from tests.proxy.clients import Connected, client_of, connected_to, proxy_of
from tests.proxy.test_last_word import say
from tests.waiting import HANG_SECONDS

PATIENT = Settings(warm_upstreams=False, detection_timeout_ms=5_000, loading_timeout_ms=5_000)
"""So that a busy machine chooses the same tools."""


DESK = Listing(
    tools=(
        tool("search_tickets", "Search the tickets of the account"),
        tool("create_invoice", "Create an invoice for a customer"),
        tool("pid"),
        tool("echo"),
    )
)


# Started, the server lists what it was known to have: else its tools would be gone between two calls.
DESK_SERVER = config("desk", offers={"tools": list(DESK.tools)})


@asynccontextmanager
async def desk(folder: Path, session_id: str | None = None, settings: Settings = PATIENT) -> AsyncGenerator[Connected]:
    async with connected_to(
        folder, DESK_SERVER, listings={"desk": DESK}, settings=settings, session_id=session_id
    ) as client:
        yield client


async def sessions_that_call(folder: Path, *called: str, count: int = 4) -> None:
    for number in range(count):
        async with desk(folder, f"earlier {number}") as client:
            for name in called:
                await client.say(name)


def noted(folder: Path) -> list[dict[str, Calls]]:
    with closing(SqliteUsage(Database(folder / "state" / "dynaload.db"))) as usage:
        return [dict(session.tools) for session in usage.sessions(project_of(folder))]


async def test_what_was_loaded_and_called_or_not_and_what_had_to_be_searched_is_noted(tmp_path: Path) -> None:
    async with desk(tmp_path, "s") as client:
        await client.prompt("search the tickets of the account")
        await client.prompt("create an invoice for the customer")
        await client.say("desk__search_tickets")
        await client.say("desk__search_tickets")
        await client.say("desk__pid")
        await client.hook("Stop")

    assert noted(tmp_path) == [
        {
            "desk__search_tickets": Calls(2),
            "desk__create_invoice": Calls(),
            "desk__pid": Calls(1, was_missed=True),
        }
    ]


async def test_a_tool_that_only_its_pin_had_listed_is_not_loaded_in_vain_after_its_server_went_and_came_back(
    tmp_path: Path,
) -> None:
    pinning = replace(DESK_SERVER, options=UpstreamOptions(pin=("create_invoice",)))
    async with (
        proxy_of(tmp_path, [pinning], {"desk": DESK}, settings=PATIENT, session_id="s") as (proxy, live),
        client_of(proxy, live) as client,
    ):
        await client.say("desk__pid")
        await proxy.reconfigure({})
        await proxy.reconfigure({"desk": DESK_SERVER})
        await client.live.update("desk", DESK)
        listed = await client.names()
        why = await say(client, "why desk__create_invoice")
        await client.hook("Stop")

    assert "desk__create_invoice" in listed
    assert "listed before the servers, the pins or the profile changed, so until /clear" in " ".join(why.split())
    assert noted(tmp_path) == [{"desk__pid": Calls(1, was_missed=True)}]


async def test_a_tool_found_by_a_search_is_missed_when_it_is_called_and_else_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path, "s") as client:
        await client.say("find_tools", query="tickets invoice")
        await client.say("desk__search_tickets")

    assert noted(tmp_path) == [{"desk__search_tickets": Calls(1, was_missed=True)}]


async def test_a_session_without_a_call_or_a_turn_leaves_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path, "s") as client:
        await client.prompt("search the tickets of the account")

    assert noted(tmp_path) == []


async def test_each_conversation_of_a_client_is_a_session_of_its_own(tmp_path: Path) -> None:
    async with desk(tmp_path, "first") as client:
        await client.say("desk__pid")
        await client.hook("SessionStart", source="clear", session_id="second")
        await client.say("desk__echo")

    assert noted(tmp_path) == [
        {"desk__echo": Calls(1, was_missed=True)},
        {"desk__pid": Calls(1, was_missed=True)},
    ]


@pytest.mark.proves("learned-core")
async def test_what_most_sessions_called_is_in_the_first_list_and_there_again_after_clearing(tmp_path: Path) -> None:
    await sessions_that_call(tmp_path, "desk__pid")

    async with desk(tmp_path, "new") as client:
        assert await client.names() == ["desk__pid", "find_tools"]

        await client.prompt("search the tickets of the account")
        await client.hook("SessionStart", source="clear", session_id="newer")

        assert await client.names() == ["desk__pid", "find_tools"]


async def test_clearing_takes_into_account_what_was_learned_meanwhile(tmp_path: Path) -> None:
    async with desk(tmp_path, "first") as client:
        for number in range(4):
            await client.say("desk__pid")
            await client.hook("SessionStart", source="clear", session_id=f"later {number}")

        assert await client.names() == ["desk__pid", "find_tools"]


async def test_a_resumed_session_has_what_it_had_and_no_more(tmp_path: Path) -> None:
    async with desk(tmp_path, "resumed") as client:
        await client.say("desk__echo")
    await sessions_that_call(tmp_path, "desk__pid")

    async with desk(tmp_path, "resumed") as client:
        assert await client.names() == ["desk__echo", "find_tools"]


async def test_another_project_learns_nothing_from_this_one(tmp_path: Path) -> None:
    await sessions_that_call(tmp_path / "one", "desk__pid")
    (tmp_path / "one" / "state").rename(tmp_path / "state")
    (tmp_path / "other").mkdir()
    (tmp_path / "state").rename(tmp_path / "other" / "state")

    async with desk(tmp_path / "other", "new") as client:
        assert await client.names() == ["find_tools"]


async def test_a_usual_tool_is_chosen_before_one_that_fits_as_well(tmp_path: Path) -> None:
    twins = Listing(tools=(tool("read_report", "Read a report"), tool("show_report", "Show a report")))

    async def first_found(session_id: str) -> str:
        async with connected_to(tmp_path, config("desk"), listings={"desk": twins}, session_id=session_id) as client:
            text = await client.say("find_tools", query="report", limit=1)
            await client.raw("tools/call", name="desk__show_report")
            return "show" if "desk__show_report" in text else "read"

    assert [await first_found(f"session {number}") for number in range(2)] == ["read", "show"]


@pytest.mark.parametrize("name", ["metrics_collection_enabled", "dynamic_loading_enabled"])
@pytest.mark.proves("learned-private")
async def test_switched_off_nothing_is_noted_and_nothing_used(tmp_path: Path, name: str) -> None:
    off = Settings(warm_upstreams=False, **{name: False})  # pyright: ignore[reportArgumentType]
    async with desk(tmp_path, "cold", off) as client:
        cold = await client.names()
        await client.say("desk__pid")
        await client.hook("Stop")
    assert noted(tmp_path) == []

    await sessions_that_call(tmp_path, "desk__pid", "desk__echo")
    async with desk(tmp_path, "learned", off) as client:
        assert await client.names() == cold


@pytest.mark.proves("learned-private")
async def test_no_prompt_query_or_argument_is_kept(tmp_path: Path) -> None:
    async with desk(tmp_path, "s") as client:
        await client.prompt("search the tickets of the zanzibar account")
        await client.say("find_tools", query="zanzibar tickets")
        await client.say("desk__echo", text="zanzibar")
        await client.hook("Stop")

    with closing(sqlite3.connect(tmp_path / "state" / "dynaload.db")) as connection:
        assert "desk__echo" in "".join(connection.iterdump())
        assert "zanzibar" not in "".join(connection.iterdump())


async def test_what_is_being_stored_when_the_client_leaves_is_stored(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()
    is_stored = False

    class SlowMemory(SqliteUsage):
        def note(self, project: str, session: str, tools: Mapping[str, Calls], at: float | None = None) -> None:
            nonlocal is_stored
            begun.set()
            go_on.wait(HANG_SECONDS)
            super().note(project, session, tools, at)
            is_stored = True

    with closing(SlowMemory(Database(tmp_path / "dynaload.db"))) as memory:
        learning = Learning(memory, "project", is_on=True)
        learning.note_call("git__log")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(learning.end_turn, frozenset[str]())
            await anyio.to_thread.run_sync(begun.wait, HANG_SECONDS)
            tasks.cancel_scope.cancel()
            threading.Timer(0.1, go_on.set).start()
        assert is_stored
        assert [list(row.tools) for row in memory.sessions("project")] == [["git__log"]]
