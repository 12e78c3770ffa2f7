"""Of two servers of ours that one client has started, one that is registered and the plugin's, the first serves."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_dynaload.catalog.names import PLUGIN_SERVER_NAME
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.store.peers import Origin, Peers
from tests.programs import PYTHON
from tests.proxy.clients import Connected
from tests.proxy.test_prompt_hook import desk
from tests.waiting import HANG_SECONDS

pytestmark = [pytest.mark.proves("own-server"), pytest.mark.proves("every-prompt")]

SEARCH = "search the tickets of the account"
TICKETS = "desk__search_tickets"


@asynccontextmanager
async def server(folder: Path, origin: Origin, *, is_expected: bool = False) -> AsyncGenerator[Connected]:
    """Open one of the client's servers of ours, with a state folder of its own but for what tells it of the other."""
    peers = Peers(folder / "running", "the-client", origin, is_expected=is_expected)
    own = folder / origin
    own.mkdir(exist_ok=True)
    with peers.joined():
        async with desk(own, peers=peers) as client:
            yield client


async def test_the_plugins_server_lists_nothing_beside_one_that_is_registered(tmp_path: Path) -> None:
    async with server(tmp_path, Origin.REGISTERED) as registered, server(tmp_path, Origin.PLUGIN) as plugins:
        assert await plugins.names() == []
        assert (await plugins.raw("prompts/list"))["prompts"] == []
        assert "find_tools" in await registered.names()


async def test_what_the_plugins_hooks_tell_it_reaches_the_one_that_serves(tmp_path: Path) -> None:
    async with server(tmp_path, Origin.REGISTERED) as registered, server(tmp_path, Origin.PLUGIN) as plugins:
        answer = await plugins.prompt(SEARCH, plugin="true")
        ran = await plugins.hook("UserPromptExpansion", command_name="mcp__dynaload__session-info", plugin="true")

        assert "Ask before you write." in answer["hookSpecificOutput"]["additionalContext"]
        assert TICKETS in await registered.names()
        assert await plugins.names() == []
    assert "the plugin brings another, which stands by" in ran["reason"]


async def test_where_the_client_has_a_registered_one_it_lists_nothing_from_the_start_and_waits_for_it(
    tmp_path: Path,
) -> None:
    answers: list[Json] = []
    async with server(tmp_path, Origin.PLUGIN, is_expected=True) as plugins, anyio.create_task_group() as tasks:

        async def ask() -> None:
            answers.append(await plugins.prompt(SEARCH, plugin="true"))

        assert await plugins.names() == []
        tasks.start_soon(ask)
        async with server(tmp_path, Origin.REGISTERED):
            with anyio.fail_after(HANG_SECONDS):
                while not answers:  # noqa: ASYNC110 - the answer comes over a socket of another session
                    await anyio.sleep(0.01)

    assert "Ask before you write." in answers[0]["hookSpecificOutput"]["additionalContext"]


async def test_a_registered_one_that_does_not_come_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.store.peers.EXPECTED_SECONDS", 0.5)
    async with server(tmp_path, Origin.PLUGIN, is_expected=True) as plugins:
        answer = await plugins.prompt(SEARCH, plugin="true")

        assert "Ask before you write." in answer["hookSpecificOutput"]["additionalContext"]
        assert "find_tools" in await plugins.names()


async def test_it_serves_until_the_registered_one_comes_and_again_when_that_has_gone(tmp_path: Path) -> None:
    async with server(tmp_path, Origin.PLUGIN) as plugins:
        assert "find_tools" in await plugins.names()
        async with server(tmp_path, Origin.REGISTERED):
            await listed(plugins, False)
        await listed(plugins, True)


async def listed(client: Connected, expected: bool) -> None:
    """Wait until the server has told the client of a list with our tools, or of one without any."""
    with anyio.fail_after(HANG_SECONDS):
        while bool(await client.names()) != expected:
            await client.news.wait()


async def test_a_call_that_nobody_is_known_to_make_for_the_user_is_not_handed_on(tmp_path: Path) -> None:
    async with server(tmp_path, Origin.REGISTERED) as registered, server(tmp_path, Origin.PLUGIN) as plugins:
        said = await plugins.say("dynaload_hook", event="UserPromptSubmit", prompt=SEARCH)

        assert json.loads(said) == {}
        assert TICKETS not in await registered.names()


async def test_of_two_copies_of_the_plugin_one_mod_asks(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        first = await client.hook("ModStarted")
        second = await client.hook("ModStarted", plugin=PLUGIN_SERVER_NAME)
        asked = await client.hook("ModPrompt", prompt=SEARCH, plugin=PLUGIN_SERVER_NAME)
        again = await client.hook("ModPrompt", prompt=SEARCH)

    assert first["asks"] is True
    assert second == asked == {}
    assert again["select"] == [f"mcp__dynaload__{TICKETS}"]


async def test_a_server_that_was_killed_keeps_nobody_from_serving(tmp_path: Path) -> None:
    folder = tmp_path / "running"
    code = (
        "import os, sys; from pathlib import Path; from mcp_dynaload.store.peers import Peers\n"
        f"with Peers(Path({str(folder)!r}), 'the-client').joined(): print('there', flush=True); sys.stdin.read()"
    )
    own = Peers(folder, "the-client", Origin.PLUGIN)
    async with await anyio.open_process([PYTHON, "-c", code]) as process:
        assert process.stdout is not None
        await process.stdout.receive()
        before = own.others()
        process.kill()
        await process.wait()

    assert len(before) == 1
    assert own.others() == ()
    assert [file.name.rpartition(".")[0] for file in folder.iterdir()] == ["the-client.registered"]


def test_a_client_without_a_session_and_one_with_another_are_no_peers(tmp_path: Path) -> None:
    folder = tmp_path / "running"
    with Peers(folder, "the-client").joined():
        others: list[Any] = [Peers(folder, name, Origin.PLUGIN).others() for name in (None, "another", "the-client/..")]

    assert others == [(), (), ()]
    assert list(folder.iterdir()) == []


async def test_where_no_socket_can_be_made_the_registered_one_serves_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("a" * 120)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))

    async with server(tmp_path, Origin.REGISTERED) as registered, server(tmp_path, Origin.PLUGIN) as plugins:
        assert await plugins.prompt(SEARCH, plugin="true") == {}
        await registered.prompt(SEARCH)

        assert TICKETS in await registered.names()
        assert await plugins.names() == []
