"""Profiles in a session: what they show, and what stays as it was."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mcp_dynaload.config.profiles import ChosenProfile, Profile
from mcp_dynaload.config.upstream_config import UpstreamOptions
from mcp_dynaload.store.database import Database
from mcp_dynaload.store.sqlite_usage import SqliteUsage
from mcp_dynaload.upstream.listing import Listing
from tests.builders import FixedRanker
from tests.faults.scripted import config
from tests.proxy.clients import Connected, connected_to
from tests.proxy.test_commands import CREATE, DESK, ECHO, LEDGER, LIST, PATIENT, PID, loaded, run

pytestmark = pytest.mark.proves("profiles")

WORK = Profile(servers=("des*",), pins=("*__pid", "ledger__*"))
PROFILES = {"work": WORK, "books": Profile(servers=("ledger",))}


@asynccontextmanager
async def office(
    folder: Path, chosen: str = "none", pin: tuple[str, ...] = (), session_id: str = "s"
) -> AsyncGenerator[Connected]:
    """Open a session in front of two servers whose tools are known."""
    desk = config("desk", offers={"tools": list(DESK)}, options=UpstreamOptions(prefix="desk__"))
    ledger = config("ledger", offers={"tools": list(LEDGER)}, options=UpstreamOptions(prefix="ledger__", pin=pin))
    listings = {"desk": Listing(tools=DESK), "ledger": Listing(tools=LEDGER)}
    profile = ChosenProfile(chosen, PROFILES[chosen]) if chosen in PROFILES else None
    async with connected_to(
        folder,
        desk,
        ledger,
        listings=listings,
        settings=PATIENT,
        session_id=session_id,
        profile=profile,
        profiles=PROFILES,
    ) as client:
        yield client


async def test_a_profile_lists_its_pins_and_shows_only_tools_of_its_servers(tmp_path: Path) -> None:
    async with office(tmp_path, "work", pin=("*",)) as client:
        await client.knows_meanings()
        client.live.index.ranker = FixedRanker({CREATE: 0.9, LIST: 0.5})
        first = await loaded(client)
        await client.prompt("create an invoice for a customer")
        found = await client.say("find_tools", query="create an invoice for a customer")
        searched = await run(client, "find create an invoice")
        categories = await run(client, "list-categories")

        assert first == [PID]
        assert await loaded(client) == [PID]
        assert "invoice" not in found.replace("create an invoice for a customer", "")
        assert "ledger" not in searched
        assert "ledger" not in categories
        assert "pinned by profile 'work'" in await run(client, f"why {PID}")
        assert "is of server 'ledger', which is not in profile 'work'" in await run(client, f"pin {CREATE}")


async def test_a_prompt_that_asks_for_a_tool_outside_loads_nothing_in_its_place(tmp_path: Path) -> None:
    async with office(tmp_path, "books") as client:
        await client.prompt("repeat the words of a ticket")
        assert await loaded(client) == []
        await client.prompt("create an invoice for a customer")
        assert CREATE in await loaded(client)


async def test_it_is_switched_at_once_and_what_was_listed_stays_and_answers(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        await run(client, "load-category ledger")
        text = " ".join((await run(client, "profile work")).split())

        assert text.startswith("Profile 'work' is in use, in this session: 1 of 2 servers, 2 tools, 1 of them pinned.")
        assert "Fits nothing here: pins 'ledger__*'." in text
        assert await loaded(client) == [PID, CREATE, LIST]
        assert not (await client.call(CREATE)).is_error
        assert not (await client.call(ECHO)).is_error

        await client.hook("SessionStart", source="clear")
        assert await loaded(client) == [PID]

        assert (await run(client, "profile none")).startswith("No profile is in use, in this session: 2 of 2 servers")
        assert await loaded(client) == [PID]
        await client.prompt("create an invoice for a customer")
        assert CREATE in await loaded(client)


async def test_pins_of_a_server_outside_come_back_with_it(tmp_path: Path) -> None:
    async with office(tmp_path, "work") as client:
        await run(client, "profile none")
        await run(client, f"pin {LIST}")
        await run(client, "profile work")
        await client.hook("SessionStart", source="clear")
        assert await loaded(client) == [PID]
        await run(client, "profile books")
        assert await loaded(client) == [PID, LIST]


async def test_reset_goes_back_to_the_profile_of_the_settings(tmp_path: Path) -> None:
    async with office(tmp_path, "work") as client:
        await run(client, "profile books")
        assert "books" in await run(client, "session-info")
        assert "cache and profile as" in await run(client, "reset")
        overview = await run(client, "profile")

        (row,) = (line for line in overview.splitlines() if line.startswith("work"))
        assert overview.startswith("Profile 'work' is in use.")
        assert row.split()[:3] == ["work", "1", "2"]
        assert row.endswith("in use")


async def test_a_wrong_name_is_explained_and_completed_by_the_menu(tmp_path: Path) -> None:
    async with office(tmp_path) as client:
        assert "There is no profile 'wrok'; did you mean 'work'?" in await run(client, "profile wrok")
        ref = {"type": "ref/prompt", "name": "profile"}
        done = await client.raw("completion/complete", ref=ref, argument={"name": "profile", "value": "o"})
        assert done["completion"]["values"] == ["work", "books", "none"]


async def test_what_the_model_is_told_of_the_servers_leaves_out_those_outside(tmp_path: Path) -> None:
    async with office(tmp_path, "work") as client:
        told = client.client.instructions or ""
    assert "desk" in told
    assert "ledger" not in told


async def test_a_resumed_conversation_has_its_profile_again(tmp_path: Path) -> None:
    async with office(tmp_path, session_id="") as client:
        await client.prompt("hello", session_id="one")
        await run(client, "profile work")
        await client.prompt("hello", session_id="other")
        assert "profile          work" not in await run(client, "session-info")

    async with office(tmp_path, session_id="one") as client:
        assert await loaded(client) == [PID]
        assert "profile          work" in await run(client, "session-info")
        assert "ledger" not in await client.say("find_tools", query="create an invoice for a customer")

    async with office(tmp_path, "books", session_id="two") as client:
        assert "profile          books" in await run(client, "session-info")
        await client.prompt("hello", session_id="one")  # as after /resume in a running client
        assert "profile          work" in await run(client, "session-info")
        await run(client, "profile none")

    async with office(tmp_path, "books", session_id="one") as client:
        assert "profile          none" in await run(client, "session-info")


async def test_a_profile_that_is_gone_is_not_resumed(tmp_path: Path) -> None:
    async with office(tmp_path, session_id="one") as client:
        await run(client, "profile work")
    file = tmp_path / "state" / "dynaload.db"
    with closing(SqliteUsage(Database(file))) as memory:
        kept = memory.kept("one")
        assert kept is not None
        memory.keep_session("one", replace(kept, profile="away"))

    with capture_logs() as logged:
        async with office(tmp_path, "books", session_id="one") as client:
            assert "profile          books" in await run(client, "session-info")
    assert [entry["profile"] for entry in logged if entry["event"] == "profile_not_resumed"] == ["away"]


async def test_prompts_and_resources_outside_are_not_listed_and_can_still_be_asked_for(tmp_path: Path) -> None:
    def offers(name: str) -> dict[str, list[dict[str, str]]]:
        return {
            "prompts": [{"name": f"{name}_brief"}],
            "resources": [{"uri": f"note://{name}", "name": name}],
            "resourceTemplates": [{"uriTemplate": f"{name}://{{id}}", "name": name}],
        }

    async def lists(client: Connected) -> list[list[str]]:
        prompts = [one["name"] for one in (await client.raw("prompts/list"))["prompts"] if "brief" in one["name"]]
        resources = [one["uri"] for one in (await client.raw("resources/list"))["resources"]]
        templates = (await client.raw("resources/templates/list"))["resourceTemplates"]
        return [prompts, resources, [one["uriTemplate"] for one in templates]]

    servers = [config(name, offers=offers(name), offers_all=True) for name in ("desk", "ledger")]
    listings = {
        name: Listing(
            prompts=tuple(offers(name)["prompts"]),
            resources=tuple(offers(name)["resources"]),
            templates=tuple(offers(name)["resourceTemplates"]),
        )
        for name in ("desk", "ledger")
    }
    async with connected_to(tmp_path, *servers, listings=listings, settings=PATIENT, profiles=PROFILES) as client:
        whole = await lists(client)
        await run(client, "profile work")
        narrowed = await lists(client)
        await client.until_told("prompts")
        await client.until_told("resources")
        answered = await client.raw("prompts/get", name="ledger__ledger_brief")
        await run(client, "profile none")
        assert await lists(client) == whole

    assert [len(one) for one in whole] == [2, 2, 2]
    assert narrowed == [["desk__desk_brief"], ["note://desk"], ["desk://{id}"]]
    assert isinstance(answered, dict)  # by its server: for an unknown name it would have been an error of ours
