import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from mcp import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS

from mcp_dynaload.catalog.names import CommandName
from mcp_dynaload.config.problems import ConfigProblem
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.config.upstream_config import UpstreamOptions
from mcp_dynaload.proxy.passthrough import RESOURCE_NOT_FOUND
from mcp_dynaload.upstream.listing import Listing
from tests.builders import FixedRanker
from tests.faults.scripted import COMMANDS, config, starts, tool, tools, until, until_exists
from tests.proxy.clients import QUIET, client_of, connected_to, proxy_of, text_of

COMMAND_TOOLS = Listing(tools=tuple(tools(*COMMANDS)))


async def test_a_direct_call_of_an_unlisted_tool_is_answered_and_lists_it(tmp_path: Path) -> None:
    async with connected_to(tmp_path, config("a"), listings={"a": COMMAND_TOOLS}) as client:
        assert await client.names() == ["find_tools"]

        assert await client.say("a__echo", x=1) == '{"x": 1}'

        assert await client.names() == ["a__echo", "find_tools"]


async def test_every_listed_tool_is_marked_for_the_client_to_load_in_full(tmp_path: Path) -> None:
    echo = {**tool("echo", "Say it"), "_meta": {"x": 1}, "vendor": 2}
    upstream = config("a", offers={"tools": [echo]})
    async with connected_to(tmp_path, upstream, listings={"a": Listing(tools=(echo,))}) as client:
        await client.say("a__echo")
        listed = (await client.raw("tools/list"))["tools"]

    assert all(item["_meta"]["anthropic/alwaysLoad"] is True for item in listed)
    assert listed[0] == {
        "name": "a__echo",
        "description": "Say it",
        "inputSchema": {"type": "object"},
        "_meta": {"x": 1, "anthropic/alwaysLoad": True},
        "vendor": 2,
    }


async def test_pinned_tools_are_listed_from_the_start(tmp_path: Path) -> None:
    pinning = config("a", options=UpstreamOptions(pin=("echo",)))
    async with connected_to(tmp_path, pinning, listings={"a": COMMAND_TOOLS}) as client:
        assert await client.names() == ["a__echo", "find_tools"]


async def test_who_searches_for_what_it_has_finds_what_fits_next_as_well(tmp_path: Path) -> None:
    listing = Listing(tools=(tool("echo"), tool("pid")))
    async with connected_to(tmp_path, config("a"), listings={"a": listing}) as client:
        await client.knows_meanings()
        client.live.index.ranker = FixedRanker({"a__echo": 0.8, "a__pid": 0.1})

        first = await client.say("find_tools", query="repeat words", limit=1)
        again = await client.say("find_tools", query="repeat words", limit=1)

    assert ("a__echo" in first, "a__pid" in first) == (True, False)
    assert ("a__echo" in again, "a__pid" in again) == (True, True)


async def test_what_find_tools_finds_is_listed_and_can_be_called(tmp_path: Path) -> None:
    listing = Listing(tools=(tool("echo", "Repeat the words"), tool("pid", "Number of the process")))
    async with connected_to(tmp_path, config("a"), listings={"a": listing}) as client:
        text = await client.say("find_tools", query="repeat words", limit=1)

        assert "select:mcp__dynaload__a__echo" in text
        assert await client.names() == ["a__echo", "find_tools"]


async def test_a_search_says_so_when_nothing_is_found(tmp_path: Path) -> None:
    async with connected_to(tmp_path, config("a"), listings={"a": Listing()}) as client:
        assert "No tool of the connected MCP servers" in await client.say("find_tools", query="zebra")


@pytest.mark.parametrize(
    "arguments", [{}, {"query": " "}, {"query": 5}, *({"query": "x", "limit": limit} for limit in (0, 11, "5", True))]
)
async def test_a_search_that_makes_no_sense_is_an_error(tmp_path: Path, arguments: dict[str, object]) -> None:
    async with connected_to(tmp_path, config("a"), listings={"a": COMMAND_TOOLS}) as client:
        with pytest.raises(MCPError) as caught:
            await client.call("find_tools", **arguments)
        assert caught.value.error.code == INVALID_PARAMS


async def test_an_unknown_tool_is_an_error_that_names_the_nearest_and_what_is_not_listed_yet(tmp_path: Path) -> None:
    unset = ConfigProblem(
        tmp_path / "servers.json", "mcpServers.bad.env.KEY", "uses ${KEY}, which is not set", "set it"
    )
    upstreams = (config("a"), replace(config("bad", exits_with="broken"), warnings=(unset,)))
    async with connected_to(tmp_path, *upstreams, listings={"a": Listing(tools=(tool("echo"),))}) as client:
        with pytest.raises(MCPError) as caught:
            await client.call("a__eco")
        assert caught.value.error.message == (
            "There is no tool 'a__eco'. Did you mean 'a__echo'? 'find_tools' searches all of them; "
            "DYNAMIC_LOADING_ENABLED=false lists every tool. Not listed yet: bad."
        )
        for params in ({}, {"name": 5}):
            with pytest.raises(MCPError):
                await client.raw("tools/call", **params)
        await until(lambda: "bad" in client.live.listings.failures)
        with pytest.raises(
            MCPError, match=r"There is no tool 'bad__echo'. MCP server 'bad' did not start: .*\n.*\n\"broken"
        ) as failed:
            await client.call("bad__echo")
        assert failed.value.error.message.endswith(f" Its entry: {unset}.")


@pytest.mark.proves("faults")
async def test_a_failing_server_is_a_result_that_the_model_can_read_and_others_go_on(tmp_path: Path) -> None:
    arrived = tmp_path / "arrived"
    upstreams = (config("bad"), config("good"))
    async with connected_to(tmp_path, *upstreams, listings=dict.fromkeys(("bad", "good"), COMMAND_TOOLS)) as client:
        results: list[bool | None] = []

        async def hang() -> None:
            results.append((await client.call("bad__hang", arrived=str(arrived))).is_error)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hang)
            pid = int(await until_exists(arrived))
            assert await client.say("good__echo") == "{}"
            os.kill(pid, signal.SIGKILL)

        assert results == [True]
        assert await client.say("bad__echo") == "{}"


@pytest.mark.proves("client-settings")
async def test_a_call_ends_at_the_limit_of_the_servers_entry_and_the_next_one_is_answered(tmp_path: Path) -> None:
    slow = replace(config("slow"), call_limit_seconds=0.3)
    async with connected_to(tmp_path, slow, listings={"slow": Listing(tools=tuple(tools("hang", "echo")))}) as client:
        with anyio.fail_after(20):
            ended = await client.call("slow__hang", arrived=str(tmp_path / "arrived"))
            answered = await client.call("slow__echo", text="again")

    assert ended.is_error
    assert text_of(ended) == (
        "MCP server 'slow' did not answer 'hang' within 0.3 s; the limit is 'timeout' (milliseconds) in its entry"
    )
    assert not answered.is_error


async def test_a_prompt_of_a_failing_server_is_an_error(tmp_path: Path) -> None:
    listing = Listing(prompts=({"name": "sum"},), resources=({"uri": "file:///a", "name": "a"},))
    async with connected_to(tmp_path, config("bad", exits_with="broken"), listings={"bad": listing}) as client:
        with pytest.raises(MCPError) as caught:
            await client.raw("prompts/get", name="bad__sum")
        assert caught.value.error.code == INTERNAL_ERROR
        assert "MCP server 'bad' did not start" in caught.value.error.message


async def test_progress_is_told_while_a_server_starts(tmp_path: Path) -> None:
    go = tmp_path / "go"
    told: list[str | None] = []
    slow = config("slow", starts_after=str(go))

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)
        go.touch()

    async with connected_to(tmp_path, slow, listings={"slow": COMMAND_TOOLS}) as client:
        await client.client.call_tool("slow__echo", {}, progress_callback=on_progress)

        assert told == ["starting MCP server 'slow'"]


@pytest.mark.proves("faults")
async def test_while_one_server_hangs_at_its_first_listing_the_others_can_be_called(tmp_path: Path) -> None:
    offers = {"tools": tools("echo"), "prompts": [{"name": "sum"}]}
    hangs, good = config("hangs", never_answers=True), config("good", offers=offers, offers_all=True)
    async with connected_to(tmp_path, hangs, good) as client:
        with anyio.fail_after(5):
            assert await client.say("good__echo") == "{}"
            assert (await client.raw("prompts/get", name="good__sum"))["messages"]


async def test_switched_off_everything_is_listed_unchanged_once_it_is_known(tmp_path: Path) -> None:
    offers = {"tools": [tool("echo", "Say it")]}
    settings = Settings(dynamic_loading_enabled=False)
    plain = config("a", options=UpstreamOptions(prefix=""), offers=offers, instructions="Be kind.")
    async with connected_to(tmp_path, plain, settings=settings) as client:
        assert (await client.raw("tools/list"))["tools"] == offers["tools"]
        with pytest.raises(MCPError):
            await client.call("fail", code=-5, message="its own words")


async def test_what_changed_at_a_servers_start_is_told_only_if_the_client_sees_it(tmp_path: Path) -> None:
    count = tmp_path / "starts"
    offers = {
        "tools": tools("echo", "add_tool", "new"),
        "prompts": [{"name": "p"}],
        "resources": [{"uri": "r:1", "name": "r"}],
    }
    changed = config("a", offers=offers, offers_all=True, starts_file=str(count))
    cached = Listing(tools=tuple(tools("echo", "add_tool")))
    async with connected_to(tmp_path, changed, listings={"a": cached}) as client:
        await client.say("a__echo")
        await client.until_told("prompts")
        await client.until_told("resources")
        assert client.told.count("tools") == 1, "for the tool that was called, not for the new one"

        await client.say("a__new")
        await client.say("a__add_tool", added="later", description="Another one")
        await until(lambda: client.live.catalog.get("a__later"))
        assert client.told.count("tools") == 3
        assert len(starts(count)) == 1


async def test_each_session_has_connections_and_a_list_of_its_own(tmp_path: Path) -> None:
    async with (
        proxy_of(tmp_path, [config("a")], {"a": COMMAND_TOOLS}) as (proxy, live),
        client_of(proxy, live) as one,
        client_of(proxy, live) as other,
    ):
        assert await one.say("a__pid") != await other.say("a__pid")
        await one.say("a__echo")

        assert await one.names() == ["a__echo", "a__pid", "find_tools"]
        assert await other.names() == ["a__pid", "find_tools"]


async def test_a_session_takes_up_what_it_had_loaded(tmp_path: Path) -> None:
    for expected in (["find_tools"], ["a__echo", "find_tools"]):
        async with connected_to(tmp_path, config("a"), listings={"a": COMMAND_TOOLS}, session_id="s") as client:
            assert await client.names() == expected
            await client.say("a__echo")


async def test_resources_are_read_and_followed_where_they_come_from(tmp_path: Path) -> None:
    resource, template = {"uri": "file:///x", "name": "x"}, {"uriTemplate": "log://{day}", "name": "log"}
    listing = Listing(resources=(resource,), templates=(template,))
    offers = {"resources": [resource], "resourceTemplates": [template]}
    upstreams = (config(name, offers=offers, offers_all=True) for name in "ab")
    async with connected_to(tmp_path, *upstreams, listings={"a": listing, "b": listing}) as client:
        alias = "dynaload-b+file:///x"

        assert (await client.raw("resources/read", uri="file:///x"))["contents"] == [{"uri": "file:///x", "text": "a"}]
        assert (await client.raw("resources/read", uri=alias))["contents"] == [{"uri": alias, "text": "b"}]
        await client.raw("resources/subscribe", uri=alias)
        await client.raw("resources/unsubscribe", uri=alias)
        await client.raw("completion/complete", ref={"type": "ref/resource", "uri": "log://{day}"}, argument={})
        assert [item["uri"] for item in (await client.raw("resources/list"))["resources"]] == [alias, "file:///x"]
        assert len((await client.raw("resources/templates/list"))["resourceTemplates"]) == 2
        prompts = (await client.raw("prompts/list"))["prompts"]
        assert [prompt["name"] for prompt in prompts] == sorted(CommandName)
        with pytest.raises(MCPError) as caught:
            await client.raw("resources/read", uri="nobody://x")
        assert caught.value.error.code == RESOURCE_NOT_FOUND


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("prompts/get", {"name": "nothing"}),
        ("prompts/get", {}),
        ("resources/read", {"uri": 5}),
        ("completion/complete", {"ref": "x"}),
        ("completion/complete", {"ref": {"type": "ref/prompt", "name": "nothing"}}),
        ("logging/setLevel", {"level": "loud"}),
        ("logging/setLevel", {}),
    ],
)
async def test_requests_that_make_no_sense_are_errors(tmp_path: Path, method: str, params: dict[str, object]) -> None:
    async with connected_to(tmp_path, config("a"), listings={"a": COMMAND_TOOLS}) as client:
        with pytest.raises(MCPError) as caught:
            await client.raw(method, **params)
        assert caught.value.error.code == INVALID_PARAMS


async def test_the_log_level_reaches_servers_that_run_and_those_that_start_later(tmp_path: Path) -> None:
    upstreams = (config("a"), config("b"))
    async with connected_to(tmp_path, *upstreams, listings=dict.fromkeys("ab", COMMAND_TOOLS)) as client:
        await client.say("a__echo")
        await client.raw("logging/setLevel", level="warning")

        for name in "ab":
            assert json.loads(await client.say(f"{name}__levels"))["levels"] == ["warning"]


async def test_servers_that_a_prompt_surely_needs_are_started_meanwhile(tmp_path: Path) -> None:
    count = tmp_path / "starts"
    listing = Listing(tools=(tool("search_tickets", "Search the tickets of the account"), tool("pid")))
    desk = config("desk", starts_file=str(count))
    settings = QUIET.model_copy(update={"warm_upstreams": True})
    async with connected_to(tmp_path, desk, listings={"desk": listing}, settings=settings) as client:
        await client.prompt("search the tickets of the account")
        await until_exists(count)

        await client.say("desk__pid")

    assert len(starts(count)) == 1


async def test_eager_servers_are_started_with_the_session(tmp_path: Path) -> None:
    count = tmp_path / "starts"
    eager = config("a", options=UpstreamOptions(eager=True), starts_file=str(count))
    async with connected_to(tmp_path, eager, listings={"a": COMMAND_TOOLS}):
        await until_exists(count)


async def test_a_broken_cached_listing_is_listed_anew(tmp_path: Path) -> None:
    async with proxy_of(tmp_path, [config("a")]) as (_, live):
        live.listings.records.keep_listing(live.listings.configs["a"].fingerprint(tmp_path), "a", {"tools": 5})

    async with connected_to(tmp_path, config("a")) as client:
        assert await client.say("a__echo") == "{}"


async def test_names_of_our_own_tools_are_kept_from_upstreams(tmp_path: Path) -> None:
    listing = Listing(tools=tuple(tools("find_tools", "dynaload_hook")))
    bare = config("a", options=UpstreamOptions(prefix=""), offers={"tools": list(listing.tools)})
    async with connected_to(tmp_path, bare, config("b"), listings={"a": listing, "b": Listing()}) as client:
        assert await client.hook("Stop") == {}
        assert len(client.live.catalog.tools) == 2
        assert {"find_tools", "dynaload_hook"}.isdisjoint(t.name for t in client.live.catalog.tools)


@pytest.mark.proves("in-words")
async def test_a_result_that_the_client_would_refuse_is_mended_on_its_way(tmp_path: Path) -> None:
    line = '{"jsonrpc":"2.0","id":{id},"result":{"content":"done","isError":null,"_meta":null}}'
    async with connected_to(tmp_path, config("a"), config("b"), listings={"a": COMMAND_TOOLS}) as client:
        result = await client.raw("tools/call", name="a__raw", arguments={"line": line})

    assert result == {"content": [{"type": "text", "text": "done"}]}


@pytest.mark.proves("in-words")
async def test_an_answer_in_which_nothing_can_be_read_is_told_by_its_servers_name(tmp_path: Path) -> None:
    listing = Listing(prompts=({"name": "p"},), resources=({"uri": "x://r", "name": "r"},))
    odd = config("a", offers_all=True, says=None)
    async with connected_to(tmp_path, odd, config("b"), listings={"a": listing}) as client:
        prompt = await client.raw("prompts/get", name="a__p")
        with pytest.raises(MCPError, match=r"MCP server 'a' failed at 'resources/read': .* no readable 'contents'"):
            await client.raw("resources/read", uri="x://r")

    assert prompt["messages"] == [
        {"role": "user", "content": {"type": "text", "text": '{"type": "text", "text": null}'}}
    ]
