"""Word that a list differs reaches a client that was not listening yet."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from mcp_types import Implementation

from mcp_dynaload.proxy.announcements import REPEATED_AFTER_SECONDS, Announcements
from tests.faults.scripted import config
from tests.proxy.clients import Connected, client_of, following, proxy_of

pytestmark = pytest.mark.proves("first-prompt")

ALL_REPEATED = sum(REPEATED_AFTER_SECONDS) + 0.3


@pytest.fixture
async def connected(tmp_path: Path) -> AsyncIterator[tuple[Connected, Announcements]]:
    """Connect a client that lists when a test has it do so, and not when it is told."""
    async with proxy_of(tmp_path, [config("a")]) as (proxy, live), client_of(proxy, live) as client:
        client.follows = False
        yield client, proxy.sessions[0].client.announcements


async def test_what_a_client_misses_while_it_takes_in_its_first_list_is_said_again_until_it_lists(
    connected: tuple[Connected, Announcements],
) -> None:
    client, announcements = connected
    await client.names()
    await announcements.tell("tools")
    await client.until_told("tools", times=2)

    await client.names()
    heard = client.told.count("tools")
    await anyio.sleep(ALL_REPEATED)

    assert client.told.count("tools") == heard


async def test_a_client_that_never_lists_again_is_not_told_for_ever(
    connected: tuple[Connected, Announcements],
) -> None:
    client, announcements = connected
    await client.names()
    await announcements.tell("tools")

    await anyio.sleep(ALL_REPEATED)

    assert client.told.count("tools") == 1 + len(REPEATED_AFTER_SECONDS)


@pytest.mark.parametrize("times", [0, 2], ids=["will list", "listens"])
async def test_nothing_is_repeated_to_a_client_that_has_yet_to_list_or_has_listed_again(
    connected: tuple[Connected, Announcements], times: int
) -> None:
    client, announcements = connected
    for _ in range(times):
        await client.names()
    await announcements.tell("tools")

    await anyio.sleep(ALL_REPEATED)

    assert client.told.count("tools") == 1


async def test_to_a_client_that_is_not_known_to_list_again_each_word_is_news_and_said_once(tmp_path: Path) -> None:
    async with (
        proxy_of(tmp_path, [config("a")]) as (proxy, live),
        following(proxy.server, live, client_info=Implementation(name="another", version="1")) as client,
    ):
        client.follows = False
        await client.names()
        await proxy.sessions[0].client.announcements.tell("tools")

        await anyio.sleep(ALL_REPEATED)

        assert client.told.count("tools") == 1
