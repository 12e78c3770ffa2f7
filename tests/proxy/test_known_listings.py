"""Which listings are known at the next start, and which are listed again in the background."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.servers_watch import ServersChange
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.known_listings import MAX_RETRY_SECONDS
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.store.database import Database
from mcp_dynaload.upstream.list_rules import MAX_LEVELS
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, tool, tools, until
from tests.proxy.catalogs import stored_catalog
from tests.proxy.clients import client_of, proxy_of
from tests.waiting import HANG_SECONDS

A = config("a", offers={"tools": tools("echo", "new")})
TOOLS = Listing(tools=(tool("echo"),), capabilities={"tools": {"listChanged": True}})
PROMPTS = Listing(prompts=({"name": "p"},), capabilities={"tools": {}, "prompts": {}})


@pytest.fixture
def records(tmp_path: Path) -> Iterator[CatalogCache]:
    with closing(CatalogCache(Database(tmp_path / "dynaload.db"))) as records:
        yield records


def a_catalog(records: CatalogCache, folder: Path) -> CatalogState:
    return stored_catalog({"a": A}, records, folder)


@pytest.mark.proves("late-tools")
@pytest.mark.parametrize(
    ("listing", "unseen", "due"),
    [
        (TOOLS, (), ()),
        (PROMPTS, (), ("a",)),
        (Listing(tools=TOOLS.tools, gaps=("tools: broken",)), (), ("a",)),
        (Listing(capabilities={"tools": {}}), ("a",), ()),
    ],
    ids=["whole", "no tools yet", "in part", "empty"],
)
async def test_what_is_known_at_the_next_start(
    records: CatalogCache, tmp_path: Path, listing: Listing, unseen: tuple[str, ...], due: tuple[str, ...]
) -> None:
    await a_catalog(records, tmp_path).update("a", listing)

    next_one = a_catalog(records, tmp_path)

    assert (next_one.listings.unseen, next_one.listings.due(), next_one.listings.due()) == (unseen, due, ())


async def test_an_empty_list_makes_the_next_start_ask_again_whatever_was_known(
    records: CatalogCache, tmp_path: Path
) -> None:
    live = a_catalog(records, tmp_path)
    await live.update("a", TOOLS)
    await live.update("a", Listing(capabilities={"tools": {}}))

    assert a_catalog(records, tmp_path).listings.unseen == ("a",)


@pytest.mark.proves("first-prompt")
async def test_another_project_begins_with_what_the_server_listed_in_the_first_and_lists_it_anew(
    records: CatalogCache, tmp_path: Path
) -> None:
    plan = {"uri": "file:///first/plan.md", "name": "plan"}
    kinds = replace(TOOLS, prompts=({"name": "greet"},), resources=(plan,), instructions="Reads /first.")
    listing = replace(kinds, digest="the same in both")
    await a_catalog(records, tmp_path / "first").update("a", listing)

    other = a_catalog(records, tmp_path / "other")

    assert [tool.name for tool in other.catalog.tools] == ["a__echo"]
    begun = other.listings.by_name["a"]
    assert (begun.prompts, begun.resources, begun.instructions) == (({"name": "greet"},), (), "")
    assert (other.listings.unlisted, other.listings.unseen, other.listings.due()) == (("a",), (), ())
    await other.update("a", listing)
    assert (other.listings.by_name["a"].resources, other.listings.unlisted) == ((plan,), ())
    changed = config("a", env={"OTHER": "1"}, offers={"tools": tools("echo", "new")})
    assert stored_catalog({"a": changed}, records, tmp_path / "other").listings.unseen == ("a",)


async def test_a_server_that_is_added_is_listed_though_another_project_has_listed_it(
    records: CatalogCache, tmp_path: Path
) -> None:
    await a_catalog(records, tmp_path / "first").update("a", TOOLS)
    live = stored_catalog({}, records, tmp_path / "other")

    unlisted = await live.reconfigure({"a": A}, ServersChange(added=("a",)))

    assert ([tool.name for tool in live.catalog.tools], unlisted) == (["a__echo"], ("a",))


async def test_a_listing_is_due_after_a_day(
    records: CatalogCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000_000_000.0
    monkeypatch.setattr("mcp_dynaload.store.catalog_cache.time.time", lambda: now)
    await a_catalog(records, tmp_path).update("a", TOOLS)
    now += 86_000
    assert a_catalog(records, tmp_path).listings.due() == ()
    now += 86_400

    assert a_catalog(records, tmp_path).listings.due() == ("a",)


@pytest.mark.proves("late-tools")
async def test_a_server_that_was_down_when_the_session_began_is_listed_when_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.proxy.session_lifetime.TRYING_SECONDS", 0.01)
    monkeypatch.setattr("mcp_dynaload.proxy.known_listings.RETRY_SECONDS", 0.05)
    (down := tmp_path / "down").touch()
    server = config("a", exits_with="not now", exits_while=str(down))
    async with proxy_of(tmp_path, [server]) as (proxy, live), client_of(proxy, live) as client:
        await until(lambda: "not now" in live.listings.failures.get("a", ""), seconds=10)
        said = await client.hook("UserPromptExpansion", command_name="mcp__dynaload__session-info", command_args="")
        assert said["reason"].startswith("No tool is known: `mcp-dynaload doctor` says why.")
        assert " not listed a: `mcp-dynaload doctor` says why " in " ".join(said["reason"].split())
        down.unlink()

        await until(lambda: live.catalog.get("a__echo"), seconds=10)
        assert live.listings.failures == {}


def test_what_cannot_be_listed_is_tried_ever_more_seldom(
    records: CatalogCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("mcp_dynaload.proxy.known_listings.time.monotonic", lambda: now)
    listings = a_catalog(records, tmp_path).listings
    assert listings.failing() == ()
    listings.failures["a"] = "down"
    tried: list[float] = []
    for second in range(4_000):
        now = float(second)
        tried += [now] * len(listings.failing())

    assert tried[:4] == [5, 15, 35, 75]
    assert tried[-1] - tried[-2] == MAX_RETRY_SECONDS


@pytest.mark.proves("late-tools")
async def test_an_old_listing_is_renewed_in_the_background(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_dynaload.proxy.upstream_bridge.LISTING_DELAY_SECONDS", 0)
    monkeypatch.setattr("mcp_dynaload.store.catalog_cache.OLD_SECONDS", 0)
    async with proxy_of(tmp_path, [A], {"a": TOOLS}) as (proxy, live), client_of(proxy, live):
        assert live.catalog.get("a__new") is None

        await until(lambda: live.catalog.get("a__new"), seconds=10)


async def test_tools_of_other_servers_are_the_same_objects_after_a_change(
    records: CatalogCache, tmp_path: Path
) -> None:
    live = stored_catalog({"a": A, "b": config("b")}, records, tmp_path)
    await live.update("a", TOOLS)
    before = live.catalog.get("a__echo")

    await live.update("b", TOOLS)

    assert live.catalog.get("a__echo") is before
    assert live.catalog.get("b__echo") is not None


@pytest.mark.proves("late-tools")
async def test_tools_that_a_server_registers_after_its_start_are_there_meanwhile_at_each_restart(
    tmp_path: Path,
) -> None:
    late = config("late", offers={"tools": []}, tools_come_with=str(tmp_path / "go"))
    async with proxy_of(tmp_path, [late], {"late": TOOLS}) as (proxy, live), client_of(proxy, live) as client:
        await client.say("late__echo", x=1)
        lifecycle = proxy.sessions[0].pool["late"]._lifecycle  # pyright: ignore[reportPrivateUsage] - nothing tells it
        assert lifecycle is not None
        await lifecycle.listed.wait()

        assert await client.say("late__echo", x=2) == '{"x": 2}'
        assert "late__echo" in await client.names()
        (tmp_path / "go").touch()
        await until(lambda: live.catalog.get("late__late"))


@pytest.mark.proves("late-tools")
async def test_a_server_that_says_later_that_it_has_no_tools_any_more_has_none(
    records: CatalogCache, tmp_path: Path
) -> None:
    live, none = a_catalog(records, tmp_path), Listing(capabilities={"tools": {"listChanged": True}})
    await live.update("a", TOOLS)
    await live.update("a", replace(none, is_first=True))
    assert [tool.name for tool in live.catalog.tools] == ["a__echo"]
    assert a_catalog(records, tmp_path).listings.unseen == ("a",)

    await live.update("a", none)

    assert live.catalog.tools == ()


@dataclass
class SlowCount:
    """A count of tokens that waits until it may go on: what is made of a listing takes as long as the test wants."""

    begun: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)

    def __call__(self, text: str) -> int:
        self.begun.set()
        assert self.goes_on.wait(HANG_SECONDS)
        return len(text)


@pytest.mark.proves("late-tools")
async def test_a_server_is_not_known_before_the_catalog_has_its_tools_and_a_listing_cut_off_is_none(
    records: CatalogCache, tmp_path: Path
) -> None:
    live = a_catalog(records, tmp_path)
    live.count = count = SlowCount()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(live.update, "a", TOOLS)
        await until(count.begun.is_set)
        assert (live.listings.unseen, live.catalog.tools) == (("a",), ())
        tasks.cancel_scope.cancel()
        count.goes_on.set()

    await live.update("a", TOOLS)

    assert (live.listings.unseen, [tool.name for tool in live.catalog.tools]) == ((), ["a__echo"])


@pytest.mark.proves("late-tools")
async def test_a_call_waits_for_the_tool_of_a_server_that_another_session_is_just_listing(tmp_path: Path) -> None:
    answers: list[str] = []
    async with proxy_of(tmp_path, [A]) as (proxy, live), anyio.create_task_group() as tasks:
        live.count = count = SlowCount()
        tasks.start_soon(live.update, "a", TOOLS)
        await until(count.begun.is_set)
        async with client_of(proxy, live) as client, anyio.create_task_group() as calls:

            async def call() -> None:
                answers.append(await client.say("a__echo", x=1))

            calls.start_soon(call)
            await client.raw("ping")
            count.goes_on.set()

    assert answers == ['{"x": 1}']


def deep(levels: int) -> Json:
    inner: object = "x"
    for _ in range(levels - 2):
        inner = [inner]
    return {**tool(f"of {levels}"), "_meta": {"x": inner}}


def test_a_listing_stored_by_older_rules_is_read_by_todays(records: CatalogCache, tmp_path: Path) -> None:
    tools = (tool("echo"), *map(deep, (MAX_LEVELS, MAX_LEVELS + 1, 479)))
    older = Listing(tools=tools, digest="as it was").as_json()
    del older["rules"]
    records.keep_listing(A.fingerprint(tmp_path), "a", older)

    listings = a_catalog(records, tmp_path).listings

    assert [tool["name"] for tool in listings.by_name["a"].tools] == ["echo", f"of {MAX_LEVELS}"]
    assert {odd.name for odd in listings.repaired["a"].elements} == {f"'of {MAX_LEVELS + 1}'", "'of 479'"}


def test_a_stored_listing_that_is_nested_too_deeply_to_be_read_costs_only_itself(
    records: CatalogCache, tmp_path: Path
) -> None:
    records.keep_listing(A.fingerprint(tmp_path), "a", {})
    with closing(Database(tmp_path / "dynaload.db")) as other:
        other.write("UPDATE listings SET listing = ?", [("[" * 100_000 + "]" * 100_000,)])

    assert a_catalog(records, tmp_path).listings.unseen == ("a",)
