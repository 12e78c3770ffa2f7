"""The user's last word about a tool goes, whichever commands said it, and every answer agrees with that."""

import json
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.config.upstream_config import UpstreamOptions
from mcp_dynaload.store.sqlite_usage import SqliteUsage
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, tool
from tests.hunting import examples
from tests.proxy.clients import Connected, connected_to

pytestmark = pytest.mark.proves("last-word")

PATIENT = Settings(warm_upstreams=False, detection_timeout_ms=30_000, loading_timeout_ms=30_000)
DESK = (tool("echo", "Repeat the words of a ticket"), tool("pid", "Number of the process"))
ECHO = "desk__echo"

LOADING = (
    "load-category desk",
    "load-tier 3 all",
    "optimize-for repeat the words of a ticket",
    f"pin {ECHO}",
    "pin desk",
)
UNLOADING = (f"unload {ECHO}", "unload-category desk")
OTHER = (f"unpin {ECHO}", "reset", "clear")
COMMANDS = (*LOADING, *UNLOADING, *OTHER)


@asynccontextmanager
async def office(folder: Path, session_id: str | None = None) -> AsyncGenerator[Connected]:
    desk = config("desk", offers={"tools": list(DESK)}, options=UpstreamOptions(prefix="desk__"))
    listings = {"desk": Listing(tools=DESK)}
    async with connected_to(folder, desk, listings=listings, settings=PATIENT, session_id=session_id) as client:
        yield client


async def say(client: Connected, line: str) -> str:
    if line == "clear":
        await client.hook("SessionStart", source="clear")
        return ""
    name, _, words = line.partition(" ")
    answer = await client.hook("UserPromptExpansion", command_name=f"mcp__dynaload__{name}", command_args=words)
    return str(answer["reason"])


async def state(client: Connected) -> tuple[bool, bool]:
    """Return whether the tool is listed, and whether it is loaded, as the client and as the user can see it."""
    is_loaded = (await say(client, f"why {ECHO}")).startswith(f"{ECHO} is loaded")
    return ECHO in await client.names(), is_loaded


def says_still_listed(answer: str) -> bool:
    found = re.search(r"Still listed.*?refused(?::(.*?))?\.\n", answer, re.DOTALL)
    return found is not None and (found[1] is None or ECHO in found[1])


async def start_over(client: Connected) -> None:
    for line in ("unpin desk", "reset", "clear"):
        await say(client, line)
    assert await state(client) == (False, False)


async def check(client: Connected, lines: Sequence[str]) -> None:
    """Run the lines from a fresh start; the last one's answer and effect must be what it says."""
    await start_over(client)
    for line in lines[:-1]:
        await say(client, line)
    was_listed, was_loaded = await state(client)
    last = lines[-1]

    answer = await say(client, last)

    is_listed, is_loaded = await state(client)
    if last in LOADING:
        assert (is_listed, is_loaded) == (True, True), (lines, answer)
        if not last.startswith("pin"):
            says_loaded = answer.startswith("Loaded ") and ECHO in answer
            assert says_loaded is not was_loaded, (lines, answer)
    if last in UNLOADING:
        assert answer.startswith("Unloaded "), (lines, answer)
        assert (is_listed, is_loaded) == (was_listed, False), (lines, answer)
        assert says_still_listed(answer) is is_listed, (lines, answer)
        assert (await client.call(ECHO)).is_error
    if last == "unpin desk":
        assert ("Listed until /clear" in answer) is is_listed, (lines, answer)
    if last == "reset":
        assert is_loaded is is_listed, (lines, answer)


async def test_after_any_two_commands_the_last_one_about_a_tool_decides_and_its_answer_is_true(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        for lines in product(COMMANDS, repeat=2):
            await check(client, lines)


@settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from(COMMANDS), min_size=3, max_size=5), min_size=5, max_size=5))
def test_after_any_more_commands_too(tmp_path: Path, several: list[list[str]]) -> None:
    async def run() -> None:
        async with office(tmp_path) as client:
            for lines in several:
                await check(client, lines)

    anyio.run(run)


async def test_of_a_category_it_is_said_which_tools_stay_listed(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        await check(client, ["pin desk", f"unload {ECHO}", "clear", "unload-category desk"])


async def test_an_unloaded_tool_that_is_asked_for_again_can_be_called(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        for line in LOADING:
            await say(client, f"unload {ECHO}")
            assert (await client.call(ECHO, text="hello")).is_error
            await say(client, line)
            assert not (await client.call(ECHO, text="hello")).is_error, line


async def test_a_resumed_session_has_the_mode_that_was_chosen_in_it_and_another_one_has_not(tmp_path: Path) -> None:
    async with office(tmp_path, "today") as client:
        await say(client, "performance-mode aggressive")
    async with office(tmp_path, "next week") as client:
        assert "Now: balanced." in await say(client, "performance-mode")
        await client.hook("Stop", session_id="today")  # as after /resume in a running client
        assert "Now: aggressive." in await say(client, "performance-mode")
        await client.hook("Stop", session_id="next week")
    async with office(tmp_path, "today") as client:
        assert "Now: aggressive." in await say(client, "performance-mode")
        await say(client, "reset")
    async with office(tmp_path, "today") as client:
        assert "Now: balanced." in await say(client, "performance-mode")


async def test_what_could_not_be_read_when_a_session_was_resumed_is_there_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with office(tmp_path, "today") as client:
        await say(client, "performance-mode conservative")
        await say(client, f"unload {ECHO}")
    with monkeypatch.context() as away:
        away.setattr(SqliteUsage, "kept", cannot_be_read)
        async with office(tmp_path, "today") as client:
            assert "Now: balanced." in await say(client, "performance-mode")
            await say(client, "load-category desk")
            await client.hook("Stop", session_id="new")
            await say(client, "performance-mode aggressive")
            await say(client, f"unload {ECHO}")
    async with office(tmp_path, "today") as client:
        assert "Now: conservative." in await say(client, "performance-mode")
        await client.hook("Stop", session_id="new")
        assert "Now: aggressive." in await say(client, "performance-mode")


def cannot_be_read(memory: SqliteUsage, session_id: str) -> None:
    """Be a store that does not answer."""


async def test_what_was_chosen_in_one_conversation_does_not_hold_in_another_one_in_which_nothing_was(
    tmp_path: Path,
) -> None:
    transcript = tmp_path / "branch.jsonl"
    transcript.write_text(json.dumps({"type": "user", "forkedFrom": {"sessionId": "cleared", "messageUuid": "1"}}))
    async with office(tmp_path, "today") as client:
        await say(client, "performance-mode aggressive")
        await say(client, f"unload {ECHO}")
        await client.hook("Stop", session_id="yesterday")  # as after /resume in a running client
        assert "Now: balanced." in await say(client, "performance-mode")
        assert not (await client.call(ECHO, text="hello")).is_error

        await client.hook("Stop", session_id="today")
        assert "Now: aggressive." in await say(client, "performance-mode")
        assert (await client.call(ECHO, text="hello")).is_error

        await client.hook("SessionStart", source="clear", session_id="cleared")
        assert "Now: aggressive." in await say(client, "performance-mode")
        assert (await client.call(ECHO, text="hello")).is_error

        await client.hook("Stop", session_id="branch", transcript_path=str(transcript))  # any hook may be the first
        assert "Now: aggressive." in await say(client, "performance-mode")


async def test_a_pinned_tool_that_was_unloaded_in_a_conversation_stays_so_when_that_is_resumed(tmp_path: Path) -> None:
    async with office(tmp_path, "today") as client:
        await say(client, f"pin {ECHO}")
        await say(client, f"unload {ECHO}")
    async with office(tmp_path, "today") as client:
        assert (await client.call(ECHO)).is_error
    async with office(tmp_path, "next week") as client:
        assert await state(client) == (True, True)


async def test_a_resumed_session_knows_what_was_unloaded_and_another_one_does_not(tmp_path: Path) -> None:
    async with office(tmp_path, "today") as client:
        await say(client, "load-category desk")
        await say(client, f"unload {ECHO}")
    async with office(tmp_path, "today") as client:
        assert await state(client) == (True, False)
        assert (await client.call(ECHO)).is_error
        assert (await say(client, "load-category desk")).startswith("Loaded 1 tool of category 'desk'")
    async with office(tmp_path, "today") as client:
        assert await state(client) == (True, True)
        await say(client, f"unload {ECHO}")
        await client.hook("Stop", session_id="tomorrow")
        await client.hook("Stop", session_id="today")
        assert await state(client) == (True, False)
    async with office(tmp_path, "next week") as client:
        assert not (await client.call(ECHO)).is_error
