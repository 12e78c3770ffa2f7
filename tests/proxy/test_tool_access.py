"""Tools that a servers file denies: in no list, in no text, called by nobody, and the model is told why."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mcp import MCPError
from mcp_types import Implementation

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.servers_watch import change_between
from mcp_dynaload.config.upstream_config import UpstreamConfig, UpstreamOptions
from mcp_dynaload.masking import Masker
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.denied_tools import denied_in_words, idle_glob_notes
from mcp_dynaload.proxy.quarantine import Quarantine
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.sqlite_definitions import SqliteDefinitions
from mcp_dynaload.telemetry.event_bus import EventBus
from mcp_dynaload.telemetry.events import CallDenied, Event
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import COMMANDS, config, tool, until
from tests.proxy.catalogs import stored_catalog
from tests.proxy.clients import QUIET, Connected, client_of, connected_to, following, proxy_of, text_of

pytestmark = pytest.mark.proves("least-privilege")

READS: Json = {**tool("read_issue", "Read an issue"), "annotations": {"readOnlyHint": True}}
WRITES: Json = {**tool("delete_issue", "Delete an issue for ever"), "annotations": {"readOnlyHint": False}}
SAYS_NOTHING = tool("list_issues", "List the issues")
OFFERED = Listing(tools=(READS, WRITES, SAYS_NOTHING), capabilities={"tools": {"listChanged": True}}, digest="first")
READ_ONLY: Json = {"annotations": {"readOnlyHint": True}}
PLAIN = QUIET.model_copy(update={"dynamic_loading_enabled": False})


def server(**options: Any) -> UpstreamConfig:
    offers = {"tools": [*[tool(name) for name in COMMANDS], READS, WRITES, SAYS_NOTHING]}
    return config("tracker", options=UpstreamOptions(**options), offers=offers)


def original_names(live: CatalogState) -> list[str]:
    return [one.original_name for one in live.catalog.tools]


def heard(event_bus: EventBus) -> list[CallDenied]:
    told: list[CallDenied] = []

    def note(at: float, event: Event) -> None:
        if isinstance(event, CallDenied):
            told.append(event)

    event_bus.observe(note)
    return told


async def refused(client: Connected, called: str, **arguments: object) -> str:
    result = await client.call(called, **arguments)
    assert result.is_error
    return text_of(result)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[CatalogCache]:
    with closing(CatalogCache(Database(tmp_path / "dynaload.db"))) as opened:
        yield opened


@pytest.mark.parametrize(
    ("options", "left", "rules"),
    [
        ({}, ["delete_issue", "list_issues", "read_issue"], {}),
        ({"deny": ("delete_*",)}, ["list_issues", "read_issue"], {"delete_issue": 'deny "delete_*"'}),
        ({"allow": ("*_issue",), "deny": ("delete_*",)}, ["read_issue"], None),
        ({"allow": ("read_*", "list_*")}, ["list_issues", "read_issue"], {"delete_issue": 'allow "read_*", "list_*"'}),
        ({"allow": ()}, [], None),
        ({"read_only": True}, ["read_issue"], {"delete_issue": "read_only", "list_issues": "read_only"}),
        ({"read_only": True, "deny": ("read_*",)}, [], None),
        ({"deny": ("delete_*",), "pinning": "off"}, ["list_issues", "read_issue"], None),
        ({"deny": ("delete_*",), "pin": ("delete_*",)}, ["list_issues", "read_issue"], None),
    ],
)
async def test_the_entry_says_which_tools_there_are_and_deny_wins(
    tmp_path: Path, records: CatalogCache, options: Json, left: list[str], rules: dict[str, str] | None
) -> None:
    live = stored_catalog({"tracker": server(**options)}, records, tmp_path)
    await live.update("tracker", OFFERED)
    again = stored_catalog({"tracker": server(**options)}, records, tmp_path)

    denied = dict(live.listings.quarantine.access.denied_of("tracker"))
    assert original_names(live) == original_names(again) == left
    assert sorted([*left, *denied]) == ["delete_issue", "list_issues", "read_issue"]
    assert rules is None or denied == rules


@pytest.mark.parametrize("hint", [None, "true", 1, False, {"x": True}])
async def test_only_the_annotation_itself_makes_a_tool_read_only_and_of_two_of_a_name_both_must_have_it(
    tmp_path: Path, records: CatalogCache, hint: object
) -> None:
    live = stored_catalog({"tracker": server(read_only=True)}, records, tmp_path)
    odd = {**tool("odd"), "annotations": {"readOnlyHint": hint}}
    twice = {**READS, "annotations": {"readOnlyHint": hint}}
    await live.update("tracker", replace(OFFERED, tools=(odd, READS, twice, {**tool("odder"), "annotations": "no"})))

    assert original_names(live) == []


@pytest.mark.parametrize("settings", [QUIET, PLAIN], ids=["loading", "loading off"])
async def test_nobody_calls_it_by_whatever_way_and_the_model_is_told_which_rule_denies_it(
    tmp_path: Path, settings: Any
) -> None:
    event_bus = EventBus()
    told = heard(event_bus)
    one, other = server(deny=("delete_*",)), config("other")
    async with connected_to(tmp_path, one, other, settings=settings, event_bus=event_bus) as client:
        await until(lambda: client.live.catalog.get("tracker__read_issue"))
        said = await refused(client, "tracker__delete_issue")
        listed = await client.names()

    assert "'delete_issue' of MCP server 'tracker' was not called" in said
    assert 'the user\'s servers file denies it by the rule deny "delete_*"' in said
    assert "tracker__delete_issue" not in listed
    assert [(one.upstream, one.tool, one.detail) for one in told] == [("tracker", "delete_issue", 'deny "delete_*"')]


@pytest.mark.parametrize("name", ["delete_issue", "Delete_Issue", " delete_issue"])
async def test_where_we_stand_in_for_one_server_a_name_that_it_does_not_list_is_not_handed_on_either(
    tmp_path: Path, name: str
) -> None:
    one = server(deny=("delete_*",), prefix="")
    async with connected_to(tmp_path, one, settings=PLAIN) as client:
        await client.names()
        said = await refused(client, name)
        works = await client.say("echo", text="hi")

    assert "was not called: the user's servers file" in said
    assert works


async def test_it_is_found_by_no_search_and_stands_in_no_text(tmp_path: Path) -> None:
    async with connected_to(tmp_path, server(deny=("delete_*",))) as client:
        await until(lambda: client.live.catalog.get("tracker__read_issue"))
        await client.live.index.ready.wait()
        texts = [
            await client.say("find_tools", query="delete an issue for ever"),
            json.dumps(await client.prompt("delete the issue 12 for ever, really")),
            json.dumps(await client.hook("PreToolUse", tool_name="ToolSearch", query="delete issue", max_results="5")),
            json.dumps(await client.hook("UserPromptExpansion", command_name="mcp__dynaload__load-category",
                                         command_args="tracker")),
            json.dumps(await client.raw("tools/list")),
            client.client.instructions or "",
        ]  # fmt: skip
        ordered = await client.prompt("/pin tracker__delete_issue")

    assert [text for text in texts if "delete_issue" in text or "Delete an issue" in text] == []
    assert "denies" in " ".join(ordered["reason"].split())


async def test_call_tool_and_a_fixed_list_go_the_same_way(tmp_path: Path) -> None:
    stranger = Implementation(name="stranger", version="1")
    async with (
        proxy_of(tmp_path, [server(read_only=True)]) as (proxy, live),
        following(proxy.server, live, client_info=stranger) as client,
    ):
        await until(lambda: client.live.catalog.get("tracker__read_issue"))
        said = await refused(client, "call_tool", name="tracker__delete_issue", arguments={})
        found = await client.say("find_tools", query="delete an issue for ever")

    assert "by the rule read_only" in said
    assert "delete_issue" not in found


async def test_an_annotation_that_is_taken_back_denies_the_next_call_over_that_connection(tmp_path: Path) -> None:
    file = tmp_path / "lists.json"

    def offer(*listed: Json) -> UpstreamConfig:
        file.write_text(json.dumps({"tools": [*[{**tool("echo"), **READ_ONLY}], *listed]}))
        return config("mail", options=UpstreamOptions(read_only=True, pinning="off"), offers_file=str(file))

    kept = offer({**tool("pid"), **READ_ONLY})
    async with connected_to(tmp_path, kept) as client:
        await until(lambda: client.live.catalog.get("mail__pid"))
        first = await client.call("mail__pid")
    offer(tool("pid"))
    async with connected_to(tmp_path, kept) as client:
        second = await refused(client, "mail__pid")

    assert not first.is_error
    assert "by the rule read_only" in second


async def test_a_rule_that_comes_or_goes_in_a_running_session_holds_at_once(tmp_path: Path) -> None:
    async with proxy_of(tmp_path, [server()]) as (proxy, live), client_of(proxy, live) as client:
        await until(lambda: client.live.catalog.get("tracker__delete_issue"))
        await client.prompt("/pin tracker__delete_issue")
        before = await client.names()
        changed = await proxy.reconfigure({"tracker": server(deny=("delete_*",))})
        during = await client.names()
        said = await refused(client, "tracker__delete_issue")
        await proxy.reconfigure({"tracker": server()})
        after = await client.names()
        again = await client.call("tracker__delete_issue")

    assert changed.adjusted == ("tracker",)
    assert ("tracker__delete_issue" in before, "tracker__delete_issue" in during) == (True, False)
    assert 'deny "delete_*"' in said
    assert "tracker__delete_issue" in after
    assert "servers file" not in text_of(again)


async def test_what_is_denied_is_never_asked_about_and_needs_no_approval_when_it_is_allowed_again(
    tmp_path: Path, records: CatalogCache
) -> None:
    with closing(SqliteDefinitions(tmp_path / "definitions.db")) as definitions:

        def start(**options: Any) -> CatalogState:
            quarantine = Quarantine(definitions, Masker(), "enforce", tmp_path)
            return stored_catalog({"tracker": server(**options)}, records, tmp_path, quarantine=quarantine)

        live = start(deny=("delete_*",))
        await live.update("tracker", OFFERED)
        added = replace(OFFERED, digest="more", tools=(*OFFERED.tools, tool("delete_all")))
        await live.update("tracker", added)
        silent = dict(live.listings.quarantine.held)
        allowed = server()
        await live.reconfigure({"tracker": allowed}, change_between(live.listings.configs, {"tracker": allowed}))
        names = original_names(live)
        held = [one.element.name for one in live.listings.quarantine.held["tracker"].elements]

    assert silent == {}
    assert names == ["delete_issue", "list_issues", "read_issue"]
    assert held == ["delete_all"]


async def test_a_denied_tool_leaves_its_name_to_another_servers_tool(tmp_path: Path, records: CatalogCache) -> None:
    both = {
        "tracker": server(prefix="", deny=("read_issue",)),
        "other": config("other", options=UpstreamOptions(prefix="")),
    }
    live = stored_catalog(both, records, tmp_path)
    for name in both:
        await live.update(name, OFFERED)

    found = live.catalog.get("read_issue")
    assert found is not None
    assert found.upstream == "other"
    assert original_names(live).count("read_issue") == 1


async def test_a_glob_that_fits_nothing_is_told_with_what_may_be_meant(tmp_path: Path, records: CatalogCache) -> None:
    one = server(deny=("delet_issue", "tracker__delete_*"), allow=("*",), pin=("read_*",), include=("*",))
    live = stored_catalog({"tracker": one}, records, tmp_path)
    await live.update("tracker", OFFERED)

    assert list(idle_glob_notes(live.listings)) == [
        (
            'server tracker: deny "delet_issue" fits none of its 3 tools',
            "globs go by the server's own names: delete_issue, list_issues, read_issue; correct it in the servers file,"
            " or take it out",
        ),
        (
            'server tracker: deny "tracker__delete_*" fits none of its 3 tools',
            'globs go by the server\'s own names: write "delete_*", without the prefix',
        ),
    ]
    assert denied_in_words("tracker", {"a": "read_only", "b": "read_only"}).endswith("read_only: a, b")


async def test_a_prompt_of_the_server_passes_as_before(tmp_path: Path) -> None:
    async with connected_to(tmp_path, server(read_only=True)) as client:
        with pytest.raises(MCPError, match="There is no prompt"):
            await client.raw("prompts/get", name="tracker__none")
