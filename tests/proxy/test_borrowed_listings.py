"""Servers that were listed in another project alone: what a session has of them at once, and what is waited for."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from mcp import MCPError
from mcp_types import Implementation

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.server import ProxyServer
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.store.database import Database
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, starts, tool, until
from tests.proxy.catalogs import stored_catalog
from tests.proxy.clients import QUIET, client_of, following, proxy_of
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("first-prompt")

OFFERS: Json = {
    "tools": [tool("echo", "Say a word again")],
    "prompts": [{"name": "greet"}],
    "resources": [{"uri": "note://a", "name": "a"}],
    "resourceTemplates": [{"uriTemplate": "notes://{day}", "name": "notes"}],
}
LISTING = Listing(
    tools=tuple(OFFERS["tools"]),
    prompts=tuple(OFFERS["prompts"]),
    resources=tuple(OFFERS["resources"]),
    templates=tuple(OFFERS["resourceTemplates"]),
)
OTHER = Listing(resources=({"uri": "note://b", "name": "b"},), templates=({"uriTemplate": "b://{day}", "name": "b"},))


@pytest.fixture(autouse=True)
def nothing_is_listed_before_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_dynaload.proxy.upstream_bridge.LISTING_DELAY_SECONDS", HANG_SECONDS)
    monkeypatch.setattr("mcp_dynaload.proxy.session_lifetime.LISTING_DELAY_SECONDS", HANG_SECONDS)


@asynccontextmanager
async def in_a_new_folder(
    folder: Path, listed_elsewhere: UpstreamConfig, *known: UpstreamConfig, settings: Settings = QUIET
) -> AsyncGenerator[tuple[ProxyServer, CatalogState]]:
    """Open our server in a folder where the first server was never listed, though it was in another one."""
    (folder / "state").mkdir()
    with closing(CatalogCache(Database(folder / "state" / "dynaload.db"))) as records:
        there = stored_catalog({listed_elsewhere.name: listed_elsewhere}, records, folder / "elsewhere")
        await there.update(listed_elsewhere.name, LISTING)
    listings = {one.name: OTHER for one in known}
    async with proxy_of(folder, [listed_elsewhere, *known], listings, settings=settings) as (proxy, live):
        yield proxy, live


@pytest.mark.parametrize(
    ("method", "asked"),
    [
        ("resources/read", {"uri": "note://a"}),
        ("resources/read", {"uri": "notes://today"}),
        ("resources/subscribe", {"uri": "note://a"}),
        ("completion/complete", {"ref": {"type": "ref/resource", "uri": "notes://{day}"}, "argument": {}}),
    ],
)
async def test_its_resources_are_waited_for_and_asked_of_it(tmp_path: Path, method: str, asked: Json) -> None:
    began = tmp_path / "starts"
    a = config("a", offers=OFFERS, offers_all=True, starts_file=str(began))
    async with in_a_new_folder(tmp_path, a, config("b")) as (proxy, live), client_of(proxy, live) as client:
        assert live.listings.borrowed == ("a",)

        answer = await client.raw(method, **asked)

        assert (len(starts(began)), live.listings.borrowed) == (1, ())
        assert method != "resources/read" or answer["contents"] == [{"uri": asked["uri"], "text": "a"}]


async def test_its_tools_and_prompts_are_there_at_once_and_no_other_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.proxy.first_listing.PROMPT_SECONDS", HANG_SECONDS)
    a = config("a", offers=OFFERS, offers_all=True, never_answers=True)
    async with in_a_new_folder(tmp_path, a) as (proxy, live), client_of(proxy, live) as client:
        proxy.sessions[0].first_listing.wanted.set()
        with anyio.fail_after(5):
            await client.prompt("Say a word again, please")
            names = await client.names()
            prompts = [prompt["name"] for prompt in (await client.raw("prompts/list"))["prompts"]]
            for method, name in (("tools/call", "a__nothing"), ("prompts/get", "a__nothing")):
                with pytest.raises(MCPError, match="There is no"):
                    await client.raw(method, name=name)

    assert ("a__echo" in names, "a__greet" in prompts) == (True, True)


async def test_one_that_cannot_be_listed_is_not_started_for_each_name_that_does_not_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.proxy.known_listings.RETRY_SECONDS", HANG_SECONDS)
    a = config("a", exits_with="not now", starts_file=str(tmp_path / "starts"))
    async with in_a_new_folder(tmp_path, a) as (proxy, live), client_of(proxy, live) as client:
        for _ in range(3):
            with anyio.fail_after(HANG_SECONDS), pytest.raises(MCPError, match="serves 'note://a'"):
                await client.raw("resources/read", uri="note://a")
        said = await client.hook("UserPromptExpansion", command_name="mcp__dynaload__session-info", command_args="")

        assert len(starts(tmp_path / "starts")) == 1
        assert "not now" in live.listings.failures["a"]
        assert " not listed a: `mcp-dynaload doctor` says why " in " ".join(said["reason"].split())


@pytest.mark.proves("late-tools")
async def test_one_that_could_not_be_listed_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_dynaload.proxy.session_lifetime.TRYING_SECONDS", 0.01)
    monkeypatch.setattr("mcp_dynaload.proxy.known_listings.RETRY_SECONDS", 0.05)
    monkeypatch.setattr("mcp_dynaload.proxy.upstream_bridge.LISTING_DELAY_SECONDS", 0)
    monkeypatch.setattr("mcp_dynaload.proxy.session_lifetime.LISTING_DELAY_SECONDS", 0)
    (down := tmp_path / "down").touch()
    a = config("a", offers=OFFERS, offers_all=True, exits_with="not now", exits_while=str(down))
    async with in_a_new_folder(tmp_path, a) as (proxy, live), client_of(proxy, live) as client:
        await until(lambda: proxy.sessions[0].pool["a"].failure)
        down.unlink()

        await client.until_told("resources")
        assert (live.listings.borrowed, live.listings.failures) == ((), {})


async def test_one_makes_room_for_it_that_is_idle(tmp_path: Path) -> None:
    settings = QUIET.model_copy(update={"max_running_upstreams": 1})
    a, b = config("a", offers=OFFERS, offers_all=True), config("b", offers_all=True)
    async with in_a_new_folder(tmp_path, a, b, settings=settings) as (proxy, live), client_of(proxy, live) as client:
        await client.raw("resources/read", uri="note://b")

        assert (await client.raw("resources/read", uri="note://a"))["contents"][0]["text"] == "a"


@pytest.mark.parametrize(("client_name", "is_whole"), [("another", True), ("claude-code", False)])
async def test_switched_off_who_does_not_follow_changes_has_its_resources_in_the_first_list(
    tmp_path: Path, client_name: str, *, is_whole: bool
) -> None:
    a, settings = config("a", offers=OFFERS, offers_all=True), Settings(dynamic_loading_enabled=False)
    async with (
        in_a_new_folder(tmp_path, a, config("b"), settings=settings) as (proxy, live),
        following(proxy.server, live, client_info=Implementation(name=client_name, version="1")) as client,
    ):
        resources = [one["uri"] for one in (await client.raw("resources/list"))["resources"]]
        templates = [one["uriTemplate"] for one in (await client.raw("resources/templates/list"))["resourceTemplates"]]

    assert resources == (["note://a", "note://b"] if is_whole else ["note://b"])
    assert templates == (["b://{day}", "notes://{day}"] if is_whole else ["b://{day}"])


async def test_one_that_is_added_while_there_is_no_session_goes_on_to_have_its_tools(tmp_path: Path) -> None:
    a, b = config("a", offers=OFFERS), config("b")
    async with in_a_new_folder(tmp_path, a, b) as (proxy, live):
        await proxy.reconfigure({"b": b})
        await proxy.reconfigure({"a": a, "b": b})
        await live.update("b", replace(OTHER, tools=(tool("new"),)))

        assert ([one.name for one in live.catalog.tools], live.listings.unlisted) == (["a__echo", "b__new"], ("a",))


def test_after_a_try_that_failed_there_are_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("mcp_dynaload.proxy.known_listings.time.monotonic", lambda: now)
    a = config("a")
    with closing(CatalogCache(Database(tmp_path / "dynaload.db"))) as records:
        stored_catalog({"a": a}, records, tmp_path / "one").listings.keep("a", a.fingerprint(tmp_path / "one"), LISTING)
        listings = stored_catalog({"a": a}, records, tmp_path / "other").listings
        listings.failures["a"] = "down"
        tried = [listings.failing()]
        now = 6.0
        tried.append(listings.failing())

    assert (listings.borrowed, tried) == (("a",), [(), ("a",)])
