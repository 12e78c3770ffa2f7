"""How many tools are loaded and what that saves, where the user looks; and why, on demand."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.proxy.commands.layout import WIDTH
from mcp_dynaload.proxy.saving import Saving
from mcp_dynaload.store.status_lines import StatusLines
from tests.faults.scripted import config, tool
from tests.proxy.clients import QUIET, Connected, connected_to
from tests.proxy.test_mod import BILL, INVOICE, NO_CELL, SEARCH, TICKETS
from tests.proxy.test_prompt_hook import DESK

pytestmark = pytest.mark.proves("status")

LONG = tool("archive", f"Put papers into the archive. {'Each paper has its place. ' * 40}")
SESSION, NEXT = "0b5e1c1a-5f0e-4a36-9d55-6d1f3b0a7c11", "next-session"


@asynccontextmanager
async def office(
    folder: Path, settings: Settings = QUIET, session_id: str | None = SESSION
) -> AsyncGenerator[Connected]:
    listing = DESK.__class__(tools=(*DESK.tools, LONG))
    async with connected_to(
        folder, config("desk"), listings={"desk": listing}, settings=settings, session_id=session_id
    ) as client:
        await client.names()
        await client.knows_meanings()  # what is said of a prompt is judged anew with all that is known by then
        yield client


def line_of(folder: Path, session_id: str = SESSION) -> str | None:
    try:
        return StatusLines(folder / "state" / "status").read(session_id)
    except FileNotFoundError:
        return None


async def run(client: Connected, line: str) -> str:
    name, _, words = line.partition(" ")
    answer = await client.hook("UserPromptExpansion", command_name=f"dynaload:{name}", command_args=words)
    assert all(len(row) <= WIDTH for row in answer["reason"].splitlines())
    return str(answer["reason"])


@pytest.mark.parametrize(
    ("saving", "summary"),
    [
        (Saving(7, 412, 6_000, 100_000), "7 of 412 · \N{MINUS SIGN}94%"),
        (Saving(7, 1_412, 400, 100_000), "7 of 1,412 · \N{MINUS SIGN}99%"),
        (Saving(4, 4, 1_100, 1_000), "4 of 4 · +10%"),
        (Saving(0, 412, 300, 100_000), ""),
        (Saving(0, 0, 300, 0), ""),
    ],
)
def test_the_summary_is_short_and_promises_no_more_than_is_saved(saving: Saving, summary: str) -> None:
    assert saving.summary == summary


def test_the_words_say_the_same_percent_as_the_cell() -> None:
    assert Saving(7, 60, 1_368, 6_439).in_words == "78% less"
    assert Saving(4, 4, 1_100, 1_000).in_words == "10% more"


async def test_the_line_follows_the_list_and_goes_with_the_session(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        before = line_of(tmp_path)
        await client.prompt(SEARCH)
        one = line_of(tmp_path)
        await client.prompt(BILL)
        two = line_of(tmp_path)
        info = await run(client, "session-info")

        await client.prompt("hello there", session_id=NEXT)
        assert (line_of(tmp_path), line_of(tmp_path, NEXT)) == (None, two)

    assert before == ""
    assert [line and line.split(" · ")[0] for line in (one, two)] == ["dynaload 1 of 5", "dynaload 2 of 5"]
    assert info.startswith("2 of 5 tools loaded: ")
    assert line_of(tmp_path, NEXT) is None


async def test_where_no_line_can_be_kept_prompts_are_served_and_the_log_says_so(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        await client.live.index.ready.wait()
        with capture_logs() as logs:
            (tmp_path / "state" / "status" / SESSION).unlink()
            (tmp_path / "state" / "status" / SESSION).mkdir()
            await client.prompt(SEARCH)

        assert TICKETS in await client.names()
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["status_line_not_kept"]


async def test_the_mods_calls_bring_the_line_along(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        answers = [
            await client.hook("ModStarted"),
            await client.hook("ModPrompt", prompt=SEARCH),
            await client.hook("ModPrompt", prompt=BILL),
        ]
        await client.hook("ToolSearch", query="select:mcp__dynaload__desk__archive")
        answers.append(await client.hook("ModStatus"))

        assert [str(answer["status"]).partition(" · ")[0] for answer in answers] == [
            "",
            "1 of 5",
            "2 of 5",
            "3 of 5",
        ]
        assert f"dynaload {answers[-1]['status']}" == line_of(tmp_path)


async def test_without_the_cell_the_mod_is_told_no_line_and_the_status_line_has_its_own(tmp_path: Path) -> None:
    async with office(tmp_path, NO_CELL) as client:
        answers = [await client.hook("ModStarted"), await client.hook("ModPrompt", prompt=SEARCH)]
        assert await client.hook("ModStatus") == {}
        assert [answer for answer in answers if "status" in answer] == []
        assert str(line_of(tmp_path)).startswith("dynaload 1 of 5")


async def test_where_everything_is_listed_there_is_nothing_to_tell(tmp_path: Path) -> None:
    async with office(tmp_path, QUIET.model_copy(update={"dynamic_loading_enabled": False})) as client:
        assert await client.hook("ModStatus") == {"status": ""}


async def test_why_alone_shows_what_the_last_prompt_loaded_and_how_to_overrule_that(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        before = await run(client, "why")
        await client.prompt(SEARCH)
        first = await run(client, "why")
        await client.prompt(BILL)
        await run(client, f"unload {INVOICE}")
        second = (await run(client, "why")).splitlines()

    overrule = "unload <tool> takes one back; /mcp__dynaload__pin <tool> keeps"
    assert before.startswith("No prompt yet")
    assert overrule in before
    assert first.startswith("Your last request needs 1 tool. 1 of 5 tools loaded: ")
    assert [row.split()[0] for row in first.splitlines() if row.startswith("desk__")] == [TICKETS]
    assert "ticket" in first
    assert overrule in first
    assert next(row for row in second if row.startswith(INVOICE)).find("unloaded by you; ") > 0
    assert "1 other listed; /mcp__dynaload__tier-status tells why." in second


async def test_why_alone_says_so_when_the_last_prompt_needs_nothing(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        await client.prompt(SEARCH)
        await client.prompt("rename the variable in this loop")
        assert (await run(client, "why")).startswith("Your last request needs no tool. 1 of 5 tools loaded: ")


async def test_what_only_carries_on_or_is_said_again_leaves_the_last_request_and_a_task_is_one(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        await client.prompt(SEARCH)
        expected = await run(client, "why")
        for prompt in (SEARCH, "thanks!"):
            await client.prompt(prompt)
            assert await run(client, "why") == expected

        await run(client, f"optimize-for {BILL}")
        assert [row.split()[0] for row in (await run(client, "why")).splitlines() if row.startswith("desk__")] == [
            INVOICE
        ]

        await client.hook("SessionStart", source="clear")
        assert (await run(client, "why")).startswith("No prompt yet")
