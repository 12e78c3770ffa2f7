"""The hook tool runs a command only for the user: a model that gets at it can have tools chosen, and nothing else."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mcp_types import Implementation

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.caller import HOOK_MARK, TOOL_USE_ID, Caller, caller_of
from mcp_dynaload.proxy.hook_commands import NOT_THE_USERS
from mcp_dynaload.telemetry.event_bus import EventBus
from mcp_dynaload.telemetry.events import CommandRun, Event
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, tool
from tests.proxy.clients import Connected, following, proxy_of, text_of

pytestmark = pytest.mark.proves("users-hooks")

DESK = Listing(tools=(tool("search_tickets", "Search the tickets of the account"), tool("echo")))
ECHO = "desk__echo"
FOUND = "desk__search_tickets"
BY_THE_MODEL: Json = {TOOL_USE_ID: "toolu_1", "progressToken": 7}
ANYBODY: list[tuple[str, Json | None]] = [
    ("claude-code", BY_THE_MODEL),
    ("claude-code", {TOOL_USE_ID: "toolu_1", HOOK_MARK: True}),
    ("some-editor", {TOOL_USE_ID: "toolu_plugin_1"}),
    ("some-editor", None),
    ("some-editor", {"progressToken": 7}),
    ("some-editor", {HOOK_MARK: "yes"}),
    ("mcp-dynaload", None),
    ("claude-codex", None),
    ("", None),
]
USERS: list[tuple[str, Json | None]] = [
    ("claude-code", None),
    ("claude-code", {"progressToken": 7}),
    ("claude-code", {TOOL_USE_ID: "toolu_plugin_1", "progressToken": 7}),
    ("claude-code (via mcp-remote 0.1.29)", None),
    ("some-editor", {HOOK_MARK: True}),
]


@asynccontextmanager
async def desk(
    folder: Path, name: str, session_id: str | None = None, event_bus: EventBus | None = None
) -> AsyncGenerator[Connected]:
    async with (
        proxy_of(folder, [config("desk")], {"desk": DESK}, session_id=session_id, event_bus=event_bus) as (proxy, live),
        following(proxy.server, live, client_info=Implementation(name=name, version="1")) as client,
    ):
        yield client


async def said(client: Connected, meta: Json | None, event: str, **fields: str) -> Json:
    arguments = {"event": event, **fields}
    return json.loads(text_of(await client.client.call_tool("dynaload_hook", arguments, meta=meta)))  # pyright: ignore[reportArgumentType]


async def is_refused(client: Connected) -> bool:
    return bool((await client.call(ECHO)).is_error)


@pytest.mark.parametrize(("name", "meta"), ANYBODY)
async def test_what_the_user_unloaded_stays_so_whoever_else_calls_the_hook_tool(
    tmp_path: Path, name: str, meta: Json | None
) -> None:
    heard: list[Event] = []
    event_bus = EventBus()
    event_bus.observe(lambda at, event: heard.append(event))
    async with desk(tmp_path, name, event_bus=event_bus) as client:
        await said(client, {HOOK_MARK: True}, "UserPromptExpansion", command_name="dynaload:unload", command_args=ECHO)
        heard.clear()
        for command in ("reset", "load-category", "pin", "load-tier"):
            arguments = {"command_name": f"mcp__dynaload__{command}", "command_args": "desk 3 all"}
            answer = await said(client, meta, "UserPromptExpansion", **arguments)
            assert answer == {"decision": "block", "reason": answer["reason"]}
            assert " ".join(answer["reason"].split()) == NOT_THE_USERS
            await said(client, meta, "UserPromptSubmit", prompt=f"/{command} desk")
            await said(client, meta, "UserPromptSubmit", prompt=f"/{command} desk\nsearch the tickets of the account")
        await said(client, meta, "SessionStart", source="clear")

        assert await is_refused(client)
        assert FOUND in await client.names()

    assert not any(event.success for event in heard if isinstance(event, CommandRun))


@pytest.mark.parametrize(("name", "meta"), USERS)
async def test_a_hook_of_the_users_runs_commands(tmp_path: Path, name: str, meta: Json | None) -> None:
    async with desk(tmp_path, name) as client:
        await said(client, meta, "UserPromptExpansion", command_name="dynaload:unload", command_args=ECHO)
        assert await is_refused(client)

        await said(client, meta, "UserPromptExpansion", command_name="dynaload:reset", command_args="")

        assert not await is_refused(client)


async def test_a_first_line_command_of_a_program_that_calls_for_its_user_is_run(tmp_path: Path) -> None:
    async with desk(tmp_path, "some-editor") as client:
        answer = await said(client, {HOOK_MARK: True}, "UserPromptSubmit", prompt="/load-category desk")

        assert "Loaded 2 tools" in answer["reason"]


async def test_nobody_else_moves_the_session_to_another_conversation(tmp_path: Path) -> None:
    async with desk(tmp_path, "some-editor", "other") as client:
        await said(client, {HOOK_MARK: True}, "UserPromptSubmit", prompt="search the tickets", session_id="other")

    async with desk(tmp_path, "some-editor", "mine") as client:
        await said(client, {HOOK_MARK: True}, "UserPromptExpansion", command_name="dynaload:unload", command_args=ECHO)
        for event in ("UserPromptSubmit", "Stop", "SessionStart", "PreToolUse"):
            await said(client, None, event, session_id="other", prompt="hello")

        assert await is_refused(client)
        assert FOUND not in await client.names()


async def test_words_of_a_subagent_choose_tools_whoever_says_them(tmp_path: Path) -> None:
    async with desk(tmp_path, "some-editor") as client:
        await said(client, None, "PreToolUse", prompt="search the tickets of the account")

        assert FOUND in await client.names()


@pytest.mark.parametrize("meta", [None, [], "x", {TOOL_USE_ID: None}, {HOOK_MARK: 1}])
def test_odd_marks_of_an_unknown_program_are_none(meta: object) -> None:
    assert caller_of("some-editor", {"_meta": meta}) is Caller.ANYBODY
