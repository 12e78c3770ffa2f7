"""Word that a list differs reaches a client that was not listening yet."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from mcp_types import Implementation

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy import announcements
from mcp_dynaload.proxy.announcements import Announcements
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, tool
from tests.http.services import CLAUDE_CODE
from tests.proxy.clients import Connected, client_of, following, proxy_of

pytestmark = pytest.mark.proves("first-prompt")

MISSED = 4
"""So often the word is lost: 1.4 s and more after the first list, longer than other clients are waited for."""

REPEATED = (0.05, 0.1, 0.2)
ALL_REPEATED = sum(REPEATED) + 0.3


@pytest.fixture
def sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have words repeated sooner, so that a test sees that there are no more."""
    monkeypatch.setattr(announcements, "REPEATED_AFTER_SECONDS", REPEATED)


@pytest.fixture
async def connected(tmp_path: Path, sooner: None) -> AsyncIterator[tuple[Connected, Announcements]]:
    """Connect a client that lists when a test has it do so, and not when it is told."""
    async with proxy_of(tmp_path, [config("a")]) as (proxy, live), client_of(proxy, live) as client:
        client.follows = False
        yield client, proxy.sessions[0].client.announcements


async def test_what_a_client_misses_while_it_takes_in_its_first_list_is_said_again_until_it_lists(
    connected: tuple[Connected, Announcements],
) -> None:
    client, told = connected
    await client.names()
    await told.tell("tools")
    await client.until_told("tools", times=2)

    await client.names()
    heard = client.told.count("tools")
    await anyio.sleep(ALL_REPEATED)

    assert client.told.count("tools") == heard


async def test_a_client_that_never_lists_again_is_not_told_for_ever(
    connected: tuple[Connected, Announcements],
) -> None:
    client, told = connected
    await client.names()
    await told.tell("tools")

    await anyio.sleep(ALL_REPEATED)

    assert client.told.count("tools") == 1 + len(REPEATED)


async def test_a_prompt_waits_for_a_client_that_a_busy_machine_has_take_in_its_first_list_for_long(
    tmp_path: Path,
) -> None:
    desk = config("desk", offers={"tools": [tool("echo", "Repeat the words of a ticket")]})
    listings = {"desk": Listing(tools=(tool("echo", "Repeat the words of a ticket"),))}
    answered: list[Json] = []
    async with (
        proxy_of(tmp_path, [desk], listings) as (proxy, live),
        following(proxy.server, live, client_info=CLAUDE_CODE) as client,
        anyio.create_task_group() as tasks,
    ):
        client.follows = False

        async def prompt() -> None:
            answered.append(await client.prompt("repeat the words of a ticket"))

        await client.names()
        tasks.start_soon(prompt)
        await client.until_told("tools", times=1 + MISSED)
        assert not answered
        assert "echo" in " ".join(await client.names())

    assert answered


@pytest.mark.parametrize("times", [0, 2], ids=["will list", "listens"])
async def test_nothing_is_repeated_to_a_client_that_has_yet_to_list_or_has_listed_again(
    connected: tuple[Connected, Announcements], times: int
) -> None:
    client, told = connected
    for _ in range(times):
        await client.names()
    await told.tell("tools")

    await anyio.sleep(ALL_REPEATED)

    assert client.told.count("tools") == 1


async def test_to_a_client_that_is_not_known_to_list_again_each_word_is_news_and_said_once(
    tmp_path: Path, sooner: None
) -> None:
    async with (
        proxy_of(tmp_path, [config("a")]) as (proxy, live),
        following(proxy.server, live, client_info=Implementation(name="another", version="1")) as client,
    ):
        client.follows = False
        await client.names()
        await proxy.sessions[0].client.announcements.tell("tools")

        await anyio.sleep(ALL_REPEATED)

        assert client.told.count("tools") == 1
