import json
import os
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from mcp_dynaload.catalog.names import Registration
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.proxy.catalog_index import CatalogIndex
from mcp_dynaload.proxy.hook_fields import HookFields
from mcp_dynaload.proxy.transcript import read_last_answer
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.peers import Peers
from mcp_dynaload.store.sqlite_usage import SqliteUsage
from mcp_dynaload.upstream.listing import Listing
from tests.builders import FixedRanker, ReleasingRanker, StuckRanker
from tests.faults.scripted import config, tool
from tests.proxy.clients import QUIET, Connected, connected_to
from tests.servers_files import json_values

TICKETS = tool("search_tickets", "Search the tickets of the account")
INVOICES = tool("create_invoice", "Create an invoice for a customer")
DESK = Listing(tools=(TICKETS, INVOICES, tool("pid"), tool("echo")), instructions="Ask before you write.")


def desk(
    folder: Path,
    *,
    settings: Settings = QUIET,
    tool_search: bool = True,
    peers: Peers | None = None,
    registration: Registration | None = None,
) -> AbstractAsyncContextManager[Connected]:
    return connected_to(
        folder,
        config("desk"),
        listings={"desk": DESK},
        settings=settings,
        tool_search=tool_search,
        peers=peers,
        registration=registration,
    )


async def test_the_first_prompts_tools_are_listed_and_nothing_but_the_instructions_is_said(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        assert await client.names() == ["find_tools"]

        answer = await client.prompt("search the tickets of the account")

        assert answer == {
            "hookSpecificOutput": {
                "hookEventName": "UserPromptSubmit",
                "additionalContext": "Instructions of the MCP server 'desk', quoted: \"Ask before you write.\"",
            }
        }
        assert client.told == ["tools"]
        assert await client.names() == ["desk__search_tickets", "find_tools"]


async def test_what_the_next_prompt_needs_to_know_of_the_ones_before_is_worked_out_behind_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def anticipate(self: CatalogIndex, earlier: tuple[str, ...]) -> None:
        behind.append(earlier)

    behind: list[tuple[str, ...]] = []
    monkeypatch.setattr(CatalogIndex, "anticipate", anticipate)

    async with desk(tmp_path) as client:
        for prompt in ("search the tickets of the account", "thanks", "create an invoice for the customer"):
            await client.prompt(prompt)

    first, second = "search the tickets of the account", "create an invoice for the customer"
    assert behind == [(first,), (second, first)]


async def test_a_later_prompts_tools_are_described_beside_it_the_servers_instructions_only_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await client.prompt("search the tickets of the account")

        answer = await client.prompt("create an invoice for the customer")

        text = answer["hookSpecificOutput"]["additionalContext"]
        assert '"name":"mcp__dynaload__desk__create_invoice"' in text
        assert "select:mcp__dynaload__desk__create_invoice" in text
        assert "Instructions of" not in text
        assert await client.names() == ["desk__create_invoice", "desk__search_tickets", "find_tools"]


async def test_without_tool_search_the_request_itself_has_later_tools_too(tmp_path: Path) -> None:
    async with desk(tmp_path, tool_search=False) as client:
        await client.prompt("search the tickets of the account")

        assert await client.prompt("create an invoice for the customer") == {}


async def test_the_user_can_be_told_what_was_loaded(tmp_path: Path) -> None:
    async with desk(tmp_path, settings=QUIET.model_copy(update={"notify": True})) as client:
        answer = await client.prompt("search the tickets of the account")
        assert answer["systemMessage"] == "dynaload: loaded desk__search_tickets"


async def test_a_prompt_that_needs_no_tool_changes_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        assert await client.prompt("thank you, that was kind") == {}
        assert client.told == []


async def test_switched_off_nothing_is_chosen(tmp_path: Path) -> None:
    settings = Settings(dynamic_loading_enabled=False, warm_upstreams=False)
    async with desk(tmp_path, settings=settings) as client:
        before = await client.names()

        assert await client.prompt("search the tickets of the account") == {}

        assert await client.names() == before
        assert "desk__pid" in before


async def test_an_agents_prompt_brings_its_tools_before_the_agent_starts_and_says_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        async with anyio.create_task_group() as tasks:
            for text in ("search the tickets of the account", "create an invoice for the customer"):
                tasks.start_soon(lambda text=text: client.hook("PreToolUse", prompt=text))

        assert await client.names() == ["desk__create_invoice", "desk__search_tickets", "find_tools"]
        assert client.told == ["tools"]


async def test_clearing_makes_the_list_small_again_and_instructions_are_given_anew(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        first = await client.prompt("search the tickets of the account")

        assert await client.hook("SessionStart", source="clear") == {}

        assert await client.names() == ["find_tools"]
        assert await client.prompt("search the tickets of the account") == first


async def test_what_usually_follows_is_loaded_when_a_turn_ends(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        for _ in range(3):
            await client.hook("SessionStart", source="clear")
            await client.say("desk__pid")
            await client.say("desk__echo")
            await client.hook("Stop")
        await client.hook("SessionStart", source="clear")
        await client.say("desk__pid")
        await client.hook("Stop")

        assert await client.names() == ["desk__echo", "desk__pid", "find_tools"]


async def test_plan_mode_and_the_model_are_taken_from_the_hook(tmp_path: Path) -> None:
    transcript = tmp_path / "transcript"
    transcript.write_text(json.dumps({"type": "assistant", "message": {"model": "claude-sonnet-5"}}))
    async with desk(tmp_path) as client:
        await client.prompt("search the tickets of the account", permission_mode="plan")
        await client.prompt("create an invoice", transcript_path=str(transcript), session_id="later")

    with closing(SqliteUsage(Database(tmp_path / "state" / "dynaload.db"))) as memory:
        kept = memory.kept("later")
        assert kept is not None
        assert kept.loaded == {"desk__create_invoice", "desk__search_tickets"}


@pytest.mark.parametrize("event", ["PostToolUse", "", "SessionStart", 5, None, ["UserPromptSubmit"]])
async def test_other_events_are_answered_with_nothing(tmp_path: Path, event: object) -> None:
    async with desk(tmp_path) as client:
        assert await client.hook(event, prompt="search the tickets of the account") == {}
        assert client.told == []


NONSENSE: list[dict[str, object]] = [
    {"prompt": 5},
    {"prompt": None, "session_id": {"a": 1}},
    {"prompt": ["search"], "transcript_path": 3},
    {"prompt": "${prompt}", "session_id": "${session_id}"},
    {"prompt": "hello", "transcript_path": "/nowhere/\0at all"},
    {"prompt": "hello", "transcript_path": "/", "permission_mode": True},
    {"prompt": "\ud800", "session_id": "\udfff"},
    {"prompt": "x" * 300_000},
]


async def test_nonsense_in_a_hooks_fields_is_answered_with_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await client.prompt("search the tickets of the account")
        for fields in NONSENSE:
            assert await raw_hook(client, {"event": "UserPromptSubmit", **fields}) == {}
        for text in ("null", "[]", '"text"', "{}"):
            assert await raw_hook(client, json.loads(text)) == {}


async def raw_hook(client: Connected, arguments: object) -> object:
    result = await client.raw("tools/call", name="dynaload_hook", arguments=arguments)
    return json.loads(result["content"][0]["text"])


async def test_a_failure_inside_is_logged_and_answered_with_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("mcp_dynaload.proxy.timed_choice.step", fail)
    async with desk(tmp_path) as client:
        await client.live.index.ready.wait()
        with capture_logs() as logs:
            assert await client.prompt("search the tickets of the account") == {}
    assert [(entry["event"], entry["hook"]) for entry in logs] == [("hook_failed", "UserPromptSubmit")]


IN_A_HURRY = QUIET.model_copy(update={"detection_timeout_ms": 20})


@asynccontextmanager
async def busy_desk(folder: Path) -> AsyncGenerator[tuple[Connected, StuckRanker]]:
    """Open a desk with an encoder that is not done in time."""
    stuck = StuckRanker()
    async with desk(folder, settings=IN_A_HURRY) as client:
        await client.knows_meanings()
        client.live.index.ranker = stuck
        try:
            yield client, stuck
        finally:
            stuck.released.set()


@pytest.mark.proves("busy")
async def test_the_words_decide_when_the_encoder_takes_too_long(tmp_path: Path) -> None:
    async with busy_desk(tmp_path) as (client, _):
        for prompt, tool in (
            ("search the tickets of the account", "desk__search_tickets"),
            ("create an invoice for the customer", "desk__create_invoice"),
        ):
            await client.prompt(prompt)
            assert tool in await client.names()


@pytest.mark.proves("busy")
async def test_the_words_decide_for_subagents_and_named_tasks_too(tmp_path: Path) -> None:
    async with busy_desk(tmp_path) as (client, _):
        await client.hook("PreToolUse", prompt="search the tickets of the account")
        assert "desk__search_tickets" in await client.names()

        await client.hook("UserPromptExpansion", command_name="dynaload:optimize-for", command_args="create an invoice")
        assert "desk__create_invoice" in await client.names()


@pytest.mark.proves("busy")
async def test_an_encoder_that_is_late_is_waited_for_when_the_words_find_nothing(tmp_path: Path) -> None:
    stuck = StuckRanker(ranker=FixedRanker({"desk__create_invoice": 0.9}))
    async with desk(tmp_path, settings=IN_A_HURRY) as client:
        await client.live.index.ready.wait()
        client.live.index.ranker, client.live.index.by_words = stuck, ReleasingRanker(stuck)

        await client.prompt("bill them")

        assert "desk__create_invoice" in await client.names()


@pytest.mark.proves("busy")
async def test_the_same_prompt_again_gets_the_whole_choice_when_the_encoder_has_time(tmp_path: Path) -> None:
    async with busy_desk(tmp_path) as (client, _):
        await client.prompt("search the tickets of the account")
        client.live.index.ranker = FixedRanker({"desk__create_invoice": 0.9})

        await client.prompt("search the tickets of the account")

        assert await client.names() == ["desk__create_invoice", "desk__search_tickets", "find_tools"]


@pytest.mark.proves("busy")
async def test_a_prompt_before_the_encoder_is_read_is_chosen_for_by_words(tmp_path: Path) -> None:
    settings = QUIET.model_copy(update={"loading_timeout_ms": 0})
    async with desk(tmp_path, settings=settings) as client:
        client.live.index.ready = anyio.Event()

        await client.prompt("search the tickets of the account")

        assert "desk__search_tickets" in await client.names()


@given(st.dictionaries(st.sampled_from(list(HookFields.__slots__)) | st.text(), json_values))
def test_fields_are_texts_whatever_was_sent(arguments: dict[str, object]) -> None:
    fields = HookFields.read(arguments)

    assert all(isinstance(getattr(fields, name), str) for name in HookFields.__slots__)


def test_a_template_that_the_client_did_not_fill_in_is_empty_and_a_prompt_like_one_is_not() -> None:
    fields = HookFields.read({"prompt": "${tool_input.prompt}", "session_id": "${session_id}", "source": "clear"})
    assert (fields.prompt, fields.session_id, fields.source) == ("", "", "clear")

    script = "${HOME} is not set and then ${PATH}"
    assert HookFields.read({"prompt": script}).prompt == script


def test_the_model_is_the_last_answers(tmp_path: Path) -> None:
    lines = [
        {"type": "assistant", "message": {"model": "claude-opus-5"}},
        {"type": "assistant", "message": {"model": "claude-haiku-5", "content": "x" * 70_000}},
        {"type": "user", "message": {"content": 'I said "assistant"'}},
        {"type": "assistant", "message": {"model": "<synthetic>"}},
        {"type": "assistant", "message": None},
    ]
    file = tmp_path / "transcript"
    file.write_text("\n".join(json.dumps(line) for line in lines[:1] + lines[2:]))
    assert read_last_answer(str(file)).model == "claude-opus-5"

    file.write_text("\n".join(json.dumps(line) for line in lines))
    assert read_last_answer(str(file)).model is None, "the line that names it is longer than what is read"


@pytest.mark.proves("bounded")
def test_a_transcript_that_never_ends_or_never_begins_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    deep = tmp_path / "deep"
    deep.write_text('{"type": "assistant", "x": ' + "[" * 30_000)

    assert read_last_answer(str(pipe)).model is None
    assert read_last_answer("/dev/zero").model is None
    assert read_last_answer(str(deep)).model is None


@pytest.mark.parametrize("path", ["", "/nowhere", "/", "\0"])
def test_without_a_readable_transcript_the_model_is_unknown(path: str) -> None:
    assert read_last_answer(path).model is None
