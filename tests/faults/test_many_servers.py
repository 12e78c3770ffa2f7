"""Many configured servers, none started before one is needed."""

from pathlib import Path

import pytest

from mcp_dynaload.proxy.commands.table import COMMANDS
from tests.faults.proxy import Place, connected
from tests.faults.scripted import entry, missing_program, starts, tool, until, until_gone

SUBJECTS = (
    *("invoices", "tickets", "calendars", "weather", "photos", "recipes", "flights", "hotels", "payments"),
    *("contacts", "documents", "spreadsheets", "databases", "deployments", "containers", "branches"),
    *("translations", "dictionaries", "podcasts", "playlists", "maps", "routes", "parcels", "auctions", "surveys"),
)
"""The subject of each of 25 working servers."""


def offers(subject: str) -> dict[str, object]:
    return {
        "tools": [
            tool(f"search_{subject}", f"Search the {subject} of the account"),
            tool(f"delete_{subject}", f"Remove {subject} for good"),
            tool("pid"),
        ],
        "prompts": [{"name": f"sum_up_{subject}"}],
        "resources": [{"uri": f"{subject}://all", "name": subject}],
    }


@pytest.mark.proves("lazy")
async def test_thirty_servers_answer_everything_with_none_started_and_the_first_call_starts_one(
    tmp_path: Path,
) -> None:
    count = tmp_path / "starts"
    working = {
        subject: entry(subject, offers=offers(subject), offers_all=True, starts_file=str(count)) for subject in SUBJECTS
    }
    missing = {f"missing{number}": missing_program(str(number)) for number in range(3)}
    unreachable = {
        f"far{number}": {"type": kind, "url": "http://127.0.0.1:9/mcp"} for number, kind in enumerate(("http", "sse"))
    }
    place = Place(tmp_path, {**working, **missing, **unreachable}, {"MCP_DYNALOAD_WARM_UPSTREAMS": "false"})
    assert len(place.servers) == 30
    await place.fill_cache()
    assert len(starts(count)) == 25
    await until_gone(starts(count))

    async with connected(place) as proxy:
        prompts = await proxy.client.list_prompts()
        resources = await proxy.client.list_resources()
        assert await proxy.names() == ["find_tools"]
        await proxy.hook("UserPromptSubmit", prompt="search the tickets of the account", session_id="s")
        listed = await proxy.names()

        assert len(prompts.prompts) - len(COMMANDS) == len(resources.resources) == 25
        assert "tickets__search_tickets" in listed
        assert len(listed) <= 12
        assert proxy.list_changes == 1
        assert (proxy.upstreams(), len(starts(count))) == ([], 25)

        pid = int(await proxy.text("tickets__pid"))

        assert [child.pid for child in proxy.upstreams()] == [pid]
        assert starts(count)[25:] == [pid]
    await until_gone([proxy.process.pid, pid])


async def test_a_selected_server_is_warmed_in_the_background_and_an_eager_one_from_the_start(tmp_path: Path) -> None:
    servers = {
        name: entry(name, offers=offers(name), options=options, starts_file=str(tmp_path / f"{name}.starts"))
        for name, options in {"tickets": {}, "invoices": {}, "maps": {"eager": True}}.items()
    }
    place = Place(tmp_path, servers)
    await place.fill_cache()

    async with connected(place) as proxy:
        await proxy.hook("UserPromptSubmit", prompt="search the tickets of the account", session_id="s")
        await until(lambda: len(starts(tmp_path / "tickets.starts")) == 2)

        assert int(await proxy.text("tickets__pid")) in {child.pid for child in proxy.upstreams()}
    counts = {name: len(starts(tmp_path / f"{name}.starts")) for name in servers}
    assert counts == {"tickets": 2, "invoices": 1, "maps": 2}
