"""The slash commands and their answers, through the client's own ways: its hook, its menu, a line of text."""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mcp import MCPError

from mcp_dynaload.catalog.names import CommandName
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.config.upstream_config import UpstreamOptions
from mcp_dynaload.proxy.commands.layout import WIDTH
from mcp_dynaload.proxy.commands.table import COMMANDS, own_command
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, tool
from tests.proxy.clients import Connected, connected_to, proxy_of

pytestmark = pytest.mark.proves("steering")

PATIENT = Settings(warm_upstreams=False, detection_timeout_ms=5_000, loading_timeout_ms=5_000)
DESK = (tool("echo", "Repeat the words of a ticket"), tool("pid", "Number of the process"))
LEDGER = (tool("create_invoice", "Create an invoice for a customer"), tool("list_invoices", "List the invoices"))
ECHO, PID, CREATE, LIST = "desk__echo", "desk__pid", "ledger__create_invoice", "ledger__list_invoices"


@asynccontextmanager
async def office(
    folder: Path,
    settings: Settings = PATIENT,
    prompts: str = "",
    session_id: str | None = None,
    servers: Sequence[str] = ("desk", "ledger"),
) -> AsyncGenerator[Connected]:
    desk = config("desk", offers={"tools": list(DESK)}, options=UpstreamOptions(prefix="desk__"))
    ledger = config("ledger", offers={"tools": list(LEDGER)}, options=UpstreamOptions(prefix="ledger__"))
    listings = {
        "desk": Listing(tools=DESK, prompts=tuple({"name": name} for name in prompts.split())),
        "ledger": Listing(tools=LEDGER),
    }
    there = [one for one in (desk, ledger) if one.name in servers]
    known = {one.name: listings[one.name] for one in there}
    async with connected_to(folder, *there, listings=known, settings=settings, session_id=session_id) as client:
        yield client


async def hooked(client: Connected, line: str) -> Json:
    name, _, words = line.partition(" ")
    return await client.hook("UserPromptExpansion", command_name=f"mcp__dynaload__{name}", command_args=words)


async def run(client: Connected, line: str) -> str:
    answer = await hooked(client, line)
    assert answer["decision"] == "block"
    text = str(answer["reason"])
    assert all(len(row) <= WIDTH for row in text.splitlines()), text
    return text


async def loaded(client: Connected) -> list[str]:
    return [name for name in await client.names() if name != "find_tools"]


async def test_a_category_is_loaded_at_once_with_its_price(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        text = await run(client, "load-category ledger")

        assert text.startswith("Loaded 2 tools of category 'ledger', ")
        assert text.splitlines()[1].split() == [CREATE, str(client.live.catalog.costs[CREATE]), "tokens"]
        assert await loaded(client) == [CREATE, LIST]
        assert (await run(client, "load-category ledger")).startswith("Nothing new to load of category 'ledger'")


async def test_an_unloaded_tool_is_refused_with_the_reason_until_reset(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        await run(client, "load-category desk")
        text = await run(client, f"unload {ECHO}")
        refused = await client.call(ECHO)
        searched = await client.say("find_tools", query="repeat the words of a ticket")

        assert "until /dynaload:reset" in text
        assert "Still listed until /clear" in text
        assert refused.is_error
        assert f"The user unloaded '{ECHO}'" in str(refused.content)
        assert f"__{ECHO}" not in searched
        assert await loaded(client) == [ECHO, PID]

        await client.hook("SessionStart", source="clear")
        await client.prompt("repeat the words of a ticket")
        assert ECHO not in await loaded(client)

        assert "1 unloaded tool allowed again" in await run(client, "reset")
        assert not (await client.call(ECHO)).is_error


@pytest.mark.proves("steering")
@pytest.mark.parametrize(
    "name", [ECHO.upper(), f"`{ECHO}`", f'"{ECHO}"', f"\u201c{ECHO}\u201d", f"'mcp__dynaload__{ECHO}'", "ECHO", "Echo"]
)
async def test_a_tools_name_may_be_quoted_and_in_other_cases(tmp_path: Path, name: str) -> None:
    async with office(tmp_path) as client:
        assert (await run(client, f"unload {name}")).startswith(f"Unloaded tool '{ECHO}'")


async def test_a_whole_category_can_be_unloaded(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        text = await run(client, "unload-category ledger")
        await client.prompt("create an invoice for a customer")

        assert "Still listed" not in text
        assert await loaded(client) == []


async def test_a_pin_outlives_the_session_until_it_is_taken_back(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        assert (await run(client, f"pin {ECHO}")).startswith("Pinned 1 tool in this project")
    async with office(tmp_path, session_id="next") as client:
        assert await loaded(client) == [ECHO]
        assert "pinned by you" in await run(client, f"why {ECHO}")
        assert (await run(client, "unpin echo")).startswith("Unpinned 1 tool")
    async with office(tmp_path, session_id="last") as client:
        assert await loaded(client) == []
        assert (await run(client, "unpin echo")).startswith("There is no pinned tool 'echo'.")


async def test_the_pins_of_a_server_that_is_gone_since_an_earlier_session_can_be_taken_back_together(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as client:
        await run(client, "pin desk")
    async with office(tmp_path, servers=("ledger",), session_id="next") as client:
        assert (await run(client, "unpin")).startswith("Name a pinned tool.")
        assert (await run(client, "unpin")).startswith("Name a pinned tool.")
        assert (await run(client, "unpin desk")).startswith("Unpinned 2 tools")
        assert (await run(client, "unpin desk")).startswith("There is no pinned tool 'desk'")


async def test_a_category_can_be_pinned(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        await run(client, "pin desk")

        assert await loaded(client) == [ECHO, PID]


async def test_the_reserve_tells_its_price_and_is_loaded_only_when_all_is_asked_for(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        tokens = client.live.catalog.total_cost

        text = await run(client, "load-tier 3")
        assert text.startswith(f"Tier 3 (reserve): 4 tools, {tokens:,} tokens. Nothing loaded.")
        assert "4 of them fit (100%)" in text
        assert await loaded(client) == []
        assert "Valid: all" in await run(client, "load-tier 3 some")

        await run(client, "load-tier reserve all")
        assert await loaded(client) == [ECHO, PID, CREATE, LIST]


async def test_the_first_two_tiers_hold_what_is_usual_and_what_the_task_may_need(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        assert (await run(client, "load-tier 1")).startswith("Nothing new to load of tier 1 (core)")
        assert (await run(client, "load-tier task")).startswith("There is no task yet")
        await run(client, "optimize-for create an invoice for a customer")
        assert CREATE in await loaded(client)
        assert "tier 2 (task)" in (await run(client, "load-tier 2")).lower()


async def test_what_a_task_needs_is_loaded_before_it_is_asked_for(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        assert (await run(client, "optimize-for")).startswith("Say what the task is")
        assert "tool" in await run(client, "optimize-for create an invoice for a customer")
        assert CREATE in await loaded(client)
        assert (await run(client, "optimize-for go on")).startswith("Nothing to load")


@pytest.mark.proves("steering")
async def test_a_vague_task_loads_the_nearest_and_says_how_sure_it_is_and_one_that_is_none_says_so(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as client:
        await client.knows_meanings()
        text = await run(client, "optimize-for bookkeeping")
        again = await run(client, "optimize-for bookkeeping")
        nonsense = await run(client, "optimize-for florble the wug")

        assert re.match(
            r"(Nothing clearly fits: loaded the nearest|Loaded) 4 tools.*\. Sure of the likeliest: \d+%\.", text
        )
        assert again.startswith("Nothing new to load for that task: the tools that could serve are listed.")
        assert nonsense.startswith("Nothing to load: no tool fits the task.")


async def test_the_mode_is_changed_and_shown(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        assert (await run(client, "performance-mode aggressive")).startswith("Mode aggressive: saves at least 70%")
        assert "aggressive" in await run(client, "session-info")
        assert "Now: aggressive." in await run(client, "performance-mode")
        assert "mode balanced" in await run(client, "reset")


async def test_the_cache_is_switched_and_emptied(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        assert "off" in await run(client, "cache-disable")
        assert (await run(client, "cache-enable")).startswith("The cache stays off: CACHE_TTL_SECONDS")
        assert await run(client, "cache-clear") == "0 rankings forgotten."


async def test_information_shows_categories_tiers_use_and_the_session(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        assert "No tool was loaded or called" in await run(client, "function-stats")
        await client.prompt("create an invoice for a customer")
        await client.say(ECHO)
        await client.hook("Stop")

        categories = await run(client, "list-categories")
        tiers = (await run(client, "tier-status")).splitlines()
        stats = await run(client, "function-stats")
        session = await run(client, "session-info")
        found = await run(client, "find list the invoices")

    assert [row.split()[:3] for row in categories.splitlines() if row.startswith("desk")] == [["desk", "2", "1"]]
    assert [row.split()[:2] for row in tiers if row[:1].isdigit()][1:] == [
        ["1", "core"],
        ["2", "task"],
        ["3", "reserve"],
    ]
    assert any(ECHO in row and "called" in row for row in tiers)
    assert stats.startswith("1 call of ")
    assert "2 configured; running: desk" in session
    assert found.splitlines()[2].startswith(LIST)


async def test_the_reason_of_a_tool_is_told_in_full(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        before = await run(client, f"why mcp__dynaload__{CREATE}")
        await client.prompt("create an invoice for a customer")
        after = await run(client, f"why {CREATE}")
        other = await run(client, f"why {PID}")
        await run(client, f"unload {CREATE}")
        unloaded = await run(client, f"why {CREATE}")

    assert before.startswith(f"{CREATE} is not loaded: nothing has asked for it.")
    assert after.startswith(f"{CREATE} is loaded: needed for the prompt.")
    assert "rank" in after
    assert other.startswith(f"{PID} is not loaded")
    assert f"{CREATE} is not loaded: unloaded by you." in unloaded


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("load-category leger", "There is no category 'leger'. Did you mean 'ledger'?"),
        ("load-category", "Name a category."),
        ("unload-category leger", "There is no category 'leger'. Did you mean 'ledger'?"),
        ("load-tier 4", "There is no tier '4'."),
        ("performance-mode agressive", "There is no mode 'agressive'. Did you mean 'aggressive'?"),
        ("why desk__eco", "There is no tool 'desk__eco'. Did you mean 'desk__echo'"),
        ("unload", "Name a tool."),
        ("unload Ledger", "'ledger' is a category; /mcp__dynaload__unload-category ledger refuses its"),
        ("pin leger", "There is no tool 'leger'. There is no category 'leger'. Did you mean 'ledger'?"),
        ("pin", "Name a tool or a category."),
        ("find", "Say what the tool should do"),
    ],
)
async def test_a_wrong_argument_is_told_with_the_nearest_and_changes_nothing(
    tmp_path: Path, line: str, answer: str
) -> None:
    async with office(tmp_path) as client:
        assert (await run(client, line)).startswith(answer)
        assert await loaded(client) == []


async def test_help_names_every_command(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        rows = (await run(client, "help")).splitlines()[1:]

    assert [row.split()[0] for row in rows] == list(CommandName) == list(COMMANDS)


async def test_every_command_is_a_prompt_and_no_upstream_can_take_its_name(tmp_path: Path) -> None:
    async with office(tmp_path, prompts="why sum") as client:
        prompts = (await client.raw("prompts/list"))["prompts"]

    names = [prompt["name"] for prompt in prompts]
    assert names == sorted([*CommandName, "desk__sum", "desk__why"])
    assert all("title" not in prompt for prompt in prompts)
    assert not any(argument["required"] for prompt in prompts for argument in prompt.get("arguments", ()))


async def test_switched_off_no_command_is_there(tmp_path: Path) -> None:
    off = Settings(dynamic_loading_enabled=False, warm_upstreams=False)
    async with office(tmp_path, off, prompts="why") as client:
        prompts = (await client.raw("prompts/list"))["prompts"]
        answer = await hooked(client, "load-category ledger")
        with pytest.raises(MCPError, match="There is no prompt 'help'"):
            await client.raw("prompts/get", name="help")

    assert [prompt["name"] for prompt in prompts] == ["desk__why"]
    assert answer == {}


async def test_got_as_a_prompt_a_command_acts_and_tells_the_model_in_one_line(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        got = await client.raw("prompts/get", name="optimize-for", arguments={"words": "create", "word2": "invoice"})

        (message,) = got["messages"]
        assert message["role"] == "user"
        assert message["content"]["text"].startswith("The user ran /dynaload:optimize-for. Result: Loaded ")
        assert len(message["content"]["text"].splitlines()) == 1
        assert CREATE in await loaded(client)

        odd = await client.raw("prompts/get", name="profile", arguments={"profile": "\x1b[31mred"})
        assert "[profiles.\\x1b[31mred]" in odd["messages"][0]["content"]["text"]
        assert odd["messages"][0]["content"]["text"].isprintable()


@pytest.mark.parametrize(
    ("command", "argument", "start", "values"),
    [
        ("load-category", "category", "le", ["ledger"]),
        ("load-tier", "tier", "", ["1", "2", "3", "core", "task", "reserve"]),
        ("load-tier", "all", "", ["all"]),
        ("performance-mode", "mode", "b", ["balanced"]),
        ("why", "tool", "invoice", [CREATE, LIST]),
        ("pin", "tool_or_category", "desk", ["desk", ECHO, PID]),
        ("unpin", "tool", "", []),
        ("help", "x", "", []),
        ("find", "words", "x", []),
    ],
)
async def test_arguments_are_completed(
    tmp_path: Path, command: str, argument: str, start: str, values: list[str]
) -> None:
    async with office(tmp_path) as client:
        answer = await client.raw(
            "completion/complete",
            ref={"type": "ref/prompt", "name": command},
            argument={"name": argument, "value": start},
        )

    assert answer == {"completion": {"values": values, "total": len(values), "hasMore": False}}


async def test_the_raw_line_of_a_command_neither_acts_nor_counts_as_a_prompt(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        assert await client.prompt("/mcp__dynaload__load-category ledger") == {}
        assert await client.prompt("/dynaload:load-category ledger") == {}
        assert await loaded(client) == []

        answer = await client.prompt("create an invoice for a customer")

    assert "hookSpecificOutput" not in answer  # the tools are in the first request itself


async def test_what_a_command_loads_later_is_described_beside_the_next_prompt(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        await client.prompt("repeat the words of a ticket")
        await run(client, "load-category ledger")
        answer = await client.prompt("write a poem about the autumn")
        again = await client.prompt("write a poem about the spring")

    assert LIST in answer["hookSpecificOutput"]["additionalContext"]
    assert again == {}


async def test_other_commands_are_none_of_our_business(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        for name in ("help", "mcp__other__help", "mcp__dynaload__desk__sum", "dynaload:nothing"):
            assert await client.hook("UserPromptExpansion", command_name=name, command_args="x") == {}


@pytest.mark.parametrize(
    "name", ["mcp__dynaload__pin", "dynaload:pin", "/dynaload:pin (MCP)", "plugin:dynaload:dynaload:pin"]
)
def test_a_command_is_known_by_all_the_clients_names_for_it(name: str) -> None:
    assert own_command(name) == "pin"


async def test_a_client_without_a_menu_sends_commands_as_lines_of_a_prompt(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        alone = await client.prompt("/load-category ledger")
        both = await client.prompt("/unload desk__pid\nrepeat the words of a ticket")
        quoted = await client.prompt("what does this do?\n```\n/load-category desk\n```")
        amid = await client.prompt("write a poem about a line like\n/load-category desk")

        assert alone["decision"] == "block"
        assert alone["reason"].startswith("Loaded 2 tools of category 'ledger'")
        assert both["systemMessage"].startswith("Unloaded tool 'desk__pid'")
        assert set(await loaded(client)) == {CREATE, LIST, ECHO}
        assert "decision" not in quoted
        assert "decision" not in amid
        assert not {"systemMessage"} & (quoted.keys() | amid.keys())


async def test_categories_are_found_once_for_a_catalog(tmp_path: Path) -> None:
    listing = Listing(tools=(tool("search_tickets"),))
    async with proxy_of(tmp_path, [config("desk")], {"desk": listing}) as (_, live):
        before = live.categories()
        assert live.categories() is before
        await live.update("desk", Listing(tools=(tool("search_tickets"), tool("echo"))))
        after = live.categories()

    assert (before["desk"], after["desk"]) == (("desk__search_tickets",), ("desk__echo", "desk__search_tickets"))
