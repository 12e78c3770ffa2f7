"""The user is told once of tools that are dangerous together, or asked before the last of them is loaded."""

import json
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Literal

import pytest
from mcp_types import ElicitRequestParams, ElicitResult

from mcp_dynaload.config.settings import ToxicFlow
from mcp_dynaload.telemetry.event_bus import EventBus
from mcp_dynaload.telemetry.events import Event, FlowNoticed
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, tool
from tests.proxy.clients import QUIET, Connected, connected_to, following, proxy_of, text_of

pytestmark = pytest.mark.proves("toxic-flow")

LISTINGS = {
    "notes": Listing(tools=(tool("search_notes", "Search the notes by words"),)),
    "web": Listing(tools=(tool("read_page", "Read a page of a web site"),)),
    "chat": Listing(tools=(tool("post_message", "Post a message to a channel"),)),
}
READING = "search the notes by words, then read the page of the web site"
POSTING = "post a message to the channel"
PARTS = (
    "read private data (notes__search_notes), take in what outsiders wrote (web__read_page) and "
    "send out (chat__post_message)"
)


def session(
    folder: Path, mode: ToxicFlow = "notice", event_bus: EventBus | None = None
) -> AbstractAsyncContextManager[Connected]:
    settings = QUIET.model_copy(update={"toxic_flow": mode})
    configs = [config(name, offers={"tools": list(listing.tools)}) for name, listing in LISTINGS.items()]
    return connected_to(folder, *configs, listings=LISTINGS, settings=settings, event_bus=event_bus)


def told(event_bus: EventBus) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = []

    def note(at: float, event: Event) -> None:
        if isinstance(event, FlowNoticed):
            found.append((event.detail, event.held))

    event_bus.observe(note)
    return found


async def test_a_combination_is_told_when_it_is_whole_and_once_in_a_project(tmp_path: Path) -> None:
    event_bus = EventBus()
    events = told(event_bus)
    async with session(tmp_path, event_bus=event_bus) as client:
        incomplete = await client.prompt(READING)
        whole = await client.prompt(POSTING)
        again = await client.prompt("post another message to the channel")
        info = await client.prompt("/session-info")
    async with session(tmp_path, event_bus=event_bus) as client:
        later = await client.prompt(f"{READING}, and {POSTING}")

    assert "systemMessage" not in incomplete
    assert f"together this session's tools can {PARTS}:" in whole["systemMessage"]
    assert "systemMessage" not in again
    assert "systemMessage" not in later
    assert PARTS in " ".join(info["reason"].split())
    assert events == [(PARTS, ())]
    assert PARTS not in json.dumps(whole["hookSpecificOutput"])


async def test_switched_off_nothing_is_told_anywhere(tmp_path: Path) -> None:
    async with session(tmp_path, "off") as client:
        whole = await client.prompt(f"{READING}, and {POSTING}")
        info = await client.prompt("/session-info")

    assert "systemMessage" not in whole
    assert "outsiders" not in info["reason"]


async def test_asked_for_the_tool_that_completes_it_is_not_loaded_and_not_called_until_the_user_allows_it(
    tmp_path: Path,
) -> None:
    event_bus = EventBus()
    events = told(event_bus)
    async with session(tmp_path, "ask", event_bus) as client:
        await client.prompt(READING)
        asked = await client.prompt(POSTING)
        searched = await client.say("find_tools", query="post a message to the channel")
        waiting = await client.names()
        called = await client.call("chat__post_message")
        why = await client.prompt("/why chat__post_message")
        allowed = await client.prompt("/allow-flow")
        names = await client.names()
        answered = await client.call("chat__post_message")

    assert asked["systemMessage"].startswith(
        f"dynaload: not loaded, until you say /dynaload:allow-flow: chat__post_message. With that together this "
        f"session's tools could {PARTS}:"
    )
    assert "post_message" not in json.dumps({**asked, "systemMessage": ""}) + searched + json.dumps(waiting)
    assert called.is_error
    assert "ask the user to type /dynaload:allow-flow" in text_of(called)
    assert "waits for your word" in why["reason"]
    assert "Allowed: loaded 1 tool." in allowed["reason"]
    assert "chat__post_message" in names
    assert "was not called" not in text_of(answered)
    assert events[0] == (PARTS, ("chat__post_message",))


@pytest.mark.parametrize("action", ["accept", "decline"])
async def test_a_client_with_a_screen_that_calls_such_a_tool_is_asked_once(
    tmp_path: Path, action: Literal["accept", "decline"]
) -> None:
    questions: list[str] = []

    async def answer(context: object, params: ElicitRequestParams) -> ElicitResult:
        questions.append(params.message)
        return ElicitResult(action=action)

    settings = QUIET.model_copy(update={"toxic_flow": "ask"})
    configs = [config(name, offers={"tools": list(listing.tools)}) for name, listing in LISTINGS.items()]
    opened = proxy_of(tmp_path, configs, LISTINGS, settings=settings, is_interactive=True)
    async with opened as (proxy, live), following(proxy.server, live, elicitation_callback=answer) as client:
        await client.prompt(READING)
        first = await client.call("chat__post_message")
        second = await client.call("chat__post_message")
        names = await client.names()

    (question,) = questions
    assert f"May 'chat__post_message' be called? With it this session's tools could {PARTS}:" in question
    refused = [bool(result.is_error and "was not called" in text_of(result)) for result in (first, second)]
    assert refused == ([False, False] if action == "accept" else [True, True])
    assert ("chat__post_message" in names) == (action == "accept")
