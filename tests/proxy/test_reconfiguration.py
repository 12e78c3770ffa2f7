"""Servers that come, go and change while a client is connected."""

import threading
from collections.abc import Iterable
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from mcp import MCPError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.servers_watch import change_between
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.config.upstream_config import UpstreamConfig, UpstreamOptions
from mcp_dynaload.proxy.known_listings import KnownListings
from mcp_dynaload.proxy.server import ProxyServer
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.store.database import Database
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import COMMANDS, config, starts, tool, tools, until, until_exists
from tests.proxy.catalogs import stored_catalog
from tests.proxy.clients import QUIET, Connected, client_of, proxy_of, text_of
from tests.waiting import HANG_SECONDS

TOOLS = Listing(tools=tuple(tools(*COMMANDS)))


def named(*configs: UpstreamConfig) -> dict[str, UpstreamConfig]:
    return {one.name: one for one in configs}


async def until_known(client: Connected, name: str) -> None:
    with anyio.fail_after(HANG_SECONDS):
        while client.live.catalog.get(name) is None:  # noqa: ASYNC110 - listed in the background
            await anyio.sleep(0.02)


async def in_front_of(
    stack: AsyncExitStack, folder: Path, *configs: UpstreamConfig, known: Iterable[str] = (), settings: Settings = QUIET
) -> tuple[ProxyServer, Connected]:
    listings = dict.fromkeys(known, TOOLS)
    proxy, live = await stack.enter_async_context(proxy_of(folder, configs, listings, settings=settings))
    return proxy, await stack.enter_async_context(client_of(proxy, live))


@pytest.mark.proves("live-servers")
async def test_a_new_server_is_listed_and_found_in_a_running_session(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        starts_file = tmp_path / "starts"
        known = config("a", starts_file=str(starts_file))
        proxy, client = await in_front_of(stack, tmp_path, known, known=["a"])

        change = await proxy.reconfigure(named(known, config("b")))
        await until_known(client, "b__echo")

        assert str(change) == "added b"
        assert await client.say("b__echo", x=1) == '{"x": 1}'
        assert starts(starts_file) == []


@pytest.mark.proves("live-servers")
async def test_a_removed_servers_tools_leave_the_catalog_but_not_the_clients_list_and_a_call_says_why(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        proxy, client = await in_front_of(stack, tmp_path, config("a"), config("b"), known=["a", "b"])
        await client.say("b__echo")
        await client.say("a__echo")

        await proxy.reconfigure(named(config("a")))

        assert await client.names() == ["a__echo", "b__echo", "find_tools"]
        assert "b__" not in await client.say("find_tools", query="echo", limit=10)
        called = await client.call("b__echo")
        unlisted = await client.call("b__pid")
        assert (called.is_error, unlisted.is_error) == (True, True)
        assert text_of(called).startswith("MCP server 'b' was removed from the servers file")
        assert await client.say("a__echo") == "{}"
        await client.hook("SessionStart", source="clear")
        assert "b__echo" not in await client.names()


async def test_a_server_that_comes_back_serves_the_tools_that_the_client_still_lists(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        proxy, client = await in_front_of(stack, tmp_path, config("a"), config("b"), known=["a", "b"])
        await client.say("b__echo")

        await proxy.reconfigure(named(config("a")))
        await proxy.reconfigure(named(config("a"), config("b")))

        assert await client.say("b__echo") == "{}"
        assert (await client.names()).count("b__echo") == 1


@pytest.mark.parametrize(
    ("method", "asked"),
    [
        ("tools/call", {"name": "b__echo"}),
        ("prompts/get", {"name": "b__greet"}),
        ("resources/read", {"uri": "note://b"}),
        ("completion/complete", {"ref": {"type": "ref/resource", "uri": "notes://{day}"}, "argument": {}}),
    ],
)
async def test_a_call_waits_for_a_server_that_is_just_coming_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, asked: Json
) -> None:
    offers: Json = {
        "tools": [tool("echo")],
        "prompts": [{"name": "greet"}],
        "resources": [{"uri": "note://b", "name": "b"}],
        "resourceTemplates": [{"uriTemplate": "notes://{day}", "name": "notes"}],
    }
    templates = tuple(offers["resourceTemplates"])
    listing = Listing(tuple(offers["tools"]), tuple(offers["prompts"]), tuple(offers["resources"]), templates)
    returning = config("b", offers=offers, offers_all=True, starts_file=str(starts_file := tmp_path / "starts"))
    begun, goes_on, read = threading.Event(), threading.Event(), KnownListings.read
    answers: list[Json] = []
    early: list[Json] = []

    def slow(known: KnownListings, names: Iterable[str] | None = None) -> frozenset[str]:
        begun.set()
        assert goes_on.wait(HANG_SECONDS)
        return read(known, names)

    async def call() -> None:
        answers.append(await client.raw(method, **asked))

    other: Json = {"uri": "note://a", "name": "a"}
    listings = {"a": replace(TOOLS, resources=(other,)), "b": listing}
    async with (
        proxy_of(tmp_path, [config("a"), returning], listings) as (proxy, live),
        client_of(proxy, live) as client,
    ):
        await proxy.reconfigure(named(config("a")))
        monkeypatch.setattr(KnownListings, "read", slow)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(proxy.reconfigure, named(config("a"), returning))
            await until(begun.is_set)
            tasks.start_soon(call)
            await client.say("a__echo")
            early.extend(answers)
            goes_on.set()

    assert (early, len(answers), "isError" in answers[0], len(starts(starts_file))) == ([], 1, False, 1)


@pytest.mark.proves("live-servers")
async def test_a_call_in_flight_is_answered_by_a_server_that_is_removed_or_changed_meanwhile(tmp_path: Path) -> None:
    release = tmp_path / "release"
    async with AsyncExitStack() as stack:
        proxy, client = await in_front_of(stack, tmp_path, config("a"), config("b"), known=["a", "b"])
        answers: dict[str, str] = {}

        async def call(name: str) -> None:
            arrived = str(tmp_path / name)
            answers[name] = await client.say(f"{name}__wait", arrived=arrived, until=str(release))

        async with anyio.create_task_group() as tasks:
            for name in ("a", "b"):
                tasks.start_soon(call, name)
                await until_exists(tmp_path / name)
            other = config("b", offers={"tools": [*tools(*COMMANDS), tool("new")]})
            assert str(await proxy.reconfigure(named(other))) == "removed a; changed b"
            await until_known(client, "b__new")
            release.touch()

        assert answers == {"a": "done waiting", "b": "done waiting"}
        assert await client.say("b__echo") == "{}"


@pytest.mark.proves("live-servers")
async def test_only_the_server_whose_entry_says_how_it_is_started_otherwise_is_restarted(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        proxy, client = await in_front_of(stack, tmp_path, config("a"), config("b"), known=["a", "b"])
        pids = {name: await client.say(f"{name}__pid") for name in ("a", "b")}

        pinned = replace(config("a"), options=UpstreamOptions(pin=("fail",)))
        changed = replace(config("b"), env={**config("b").env, "X": "1"})
        await proxy.reconfigure(named(pinned, changed))

        assert await client.say("a__pid") == pids["a"]
        assert await client.say("b__pid") != pids["b"]
        assert "a__fail" in await client.names()


async def test_all_sessions_have_the_new_server_and_one_lists_it(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        proxy, first = await in_front_of(stack, tmp_path, config("a"), known=["a"])
        second = await stack.enter_async_context(client_of(proxy, first.live))

        for session in proxy.sessions:
            await session.first_listing.ended.wait()

        starts_file = tmp_path / "starts"
        await proxy.reconfigure(named(config("a"), config("b", starts_file=str(starts_file))))
        await until_known(second, "b__echo")

        assert len(starts(starts_file)) == 1
        assert [await client.say("b__echo") for client in (first, second)] == ["{}", "{}"]


async def test_without_a_session_the_next_one_lists_what_is_new_or_changed(tmp_path: Path) -> None:
    async with proxy_of(tmp_path, [config("a")], {"a": TOOLS}) as (proxy, live):
        changed = config("a", offers={"tools": [tool("new")]})
        await proxy.reconfigure(named(changed, config("b")))
        async with client_of(proxy, live) as client:
            await until_known(client, "b__echo")
            await until_known(client, "a__new")


async def test_a_new_server_that_fails_is_told_of_and_harms_no_other(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        proxy, client = await in_front_of(stack, tmp_path, config("a"), known=["a"])

        await proxy.reconfigure(named(config("a"), config("bad", exits_with="broken")))
        with anyio.fail_after(HANG_SECONDS):
            while not client.live.listings.failures:  # noqa: ASYNC110 - listed in the background
                await anyio.sleep(0.02)

        assert "broken" in client.live.listings.failures["bad"]
        assert await client.say("a__echo") == "{}"
        with pytest.raises(MCPError):
            await client.call("bad__echo")


async def test_with_loading_switched_off_new_tools_are_listed_at_once(tmp_path: Path) -> None:
    plain = Settings(dynamic_loading_enabled=False)
    async with AsyncExitStack() as stack:
        proxy, client = await in_front_of(stack, tmp_path, config("a"), known=["a"], settings=plain)

        await proxy.reconfigure(named(config("a"), config("b")))
        await until_known(client, "b__echo")

        names = await client.names()
        assert {"a__echo", "b__echo"} <= set(names)


def test_a_listing_that_comes_after_its_entry_was_changed_does_not_count_as_the_new_ones(tmp_path: Path) -> None:
    with closing(CatalogCache(Database(tmp_path / "dynaload.db"))) as records:
        known = stored_catalog(named(config("b")), records, tmp_path).listings
        fingerprint = known.fingerprint("b")
        assert fingerprint is not None
        known.configure(named(config("b", offers={"tools": tools("new")})))
        known.keep("b", fingerprint, TOOLS)
        known.read()
        as_changed = known.by_name.copy()
        known.configure(named(config("b")))
        known.read()

    assert as_changed == {}
    assert len(known.by_name["b"].tools) == len(COMMANDS)


def test_a_listing_that_comes_while_its_server_is_taken_out_is_there_when_the_server_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprint_of = UpstreamConfig.fingerprint

    def meanwhile(config: UpstreamConfig, folder: Path) -> str:
        known.keep("b", fingerprint, TOOLS)  # in a thread
        return fingerprint_of(config, folder)

    with closing(CatalogCache(Database(tmp_path / "dynaload.db"))) as records:
        known = stored_catalog(named(config("b")), records, tmp_path).listings
        fingerprint = config("b").fingerprint(tmp_path)
        monkeypatch.setattr(UpstreamConfig, "fingerprint", meanwhile)
        known.configure(named(config("c")))
        monkeypatch.undo()
        known.configure(named(config("b")))

        assert known.read() == {"b"}


@pytest.mark.proves("live-servers")
async def test_a_listing_that_is_looked_through_while_its_entry_changes_is_dropped_and_the_server_listed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on, accept = threading.Event(), threading.Event(), KnownListings.accept
    unlisted: list[str] = []

    def slow(known: KnownListings, upstream: str, listing: Listing) -> tuple[Listing, bool]:
        begun.set()
        assert goes_on.wait(HANG_SECONDS)
        return accept(known, upstream, listing)

    before, after = named(config("b")), named(config("b", offers={"tools": tools("new")}))

    async def change() -> None:
        unlisted.extend(await live.reconfigure(after, change_between(before, after)))

    with closing(CatalogCache(Database(tmp_path / "dynaload.db"))) as records:
        live = stored_catalog(before, records, tmp_path)
        monkeypatch.setattr(KnownListings, "accept", slow)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(live.update, "b", TOOLS)
            await until(begun.is_set)
            tasks.start_soon(change)
            await anyio.wait_all_tasks_blocked()
            goes_on.set()

    assert unlisted == ["b"]
    assert live.catalog.tools == ()
