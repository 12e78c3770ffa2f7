"""Servers files that are changed while a session runs: the files themselves, read as `serve` reads them."""

import json
from contextlib import AsyncExitStack, closing
from pathlib import Path

import anyio
import pytest
from mcp import MCPError

from mcp_dynaload.api.dynaload import open_on
from mcp_dynaload.api.options import Options
from mcp_dynaload.app import POLL_SECONDS, SETTLED_SECONDS, open_proxy
from mcp_dynaload.config.paths import find_locations, variables_for
from mcp_dynaload.config.secret_store import SecretStore
from mcp_dynaload.configuration import read_configuration
from mcp_dynaload.store.journal import SqliteJournal, Wanted
from mcp_dynaload.telemetry.event_bus import EventBus
from mcp_dynaload.telemetry.events import ConfigurationChanged, Event
from tests.faults.scripted import COMMANDS, entry
from tests.http.services import service_of
from tests.proxy.clients import Connected, client_of
from tests.waiting import HANG_SECONDS, PATIENT

TAKEN_OVER_SECONDS = 2.0
"""In which a change of the file is in use, as promised."""


def write(file: Path, *names: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"mcpServers": {name: entry(name) for name in names}}), encoding="utf-8")


def heard(event_bus: EventBus) -> list[str]:
    told: list[str] = []

    def note(at: float, event: Event) -> None:
        if isinstance(event, ConfigurationChanged) and event.what.startswith("server"):
            told.append(event.detail)

    event_bus.observe(note)
    return told


async def until_servers(client: Connected, *names: str) -> None:
    with anyio.fail_after(HANG_SECONDS):
        while sorted(client.live.listings.configs) != sorted(names):  # noqa: ASYNC110 - the file is looked at
            await anyio.sleep(0.02)


async def until_known(client: Connected, name: str) -> None:
    with anyio.fail_after(HANG_SECONDS):
        while client.live.catalog.get(name) is None:  # noqa: ASYNC110 - it is listed in the background
            await anyio.sleep(0.02)


async def until_started(client: Connected, name: str) -> None:
    """Wait for the end of a session's start, which reads the encoder and lists what was never listed."""
    await until_known(client, name)
    with anyio.fail_after(HANG_SECONDS):
        await client.live.index.ready.wait()
    await client.knows_meanings()


async def until_told(told: list[str], many: int) -> None:
    with anyio.fail_after(HANG_SECONDS):
        while len(told) < many:  # noqa: ASYNC110 - the file is looked at
            await anyio.sleep(0.02)


@pytest.mark.proves("live-servers")
async def test_a_session_follows_the_file_and_keeps_what_it_has_while_the_file_is_broken(tmp_path: Path) -> None:
    file = tmp_path / "config" / "servers.json"
    write(file, "a")
    configuration = read_configuration({**variables_for(tmp_path), **PATIENT})
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(open_proxy(configuration))
        client = await stack.enter_async_context(client_of(proxy, proxy.live))
        told = heard(proxy.shared.event_bus)
        await until_started(client, "a__echo")

        write(file, "a", "b")
        await until_servers(client, "a", "b")
        file.write_text('{"mcpServers": {', encoding="utf-8")
        await until_told(told, 2)
        info = await client.prompt("/session-info")
        with pytest.raises(MCPError, match=r"no tool 'c__x'.* A servers file is not used: .*servers.json:1: is not"):
            await client.call("c__x")
        file.write_text('{"mcpServers": { ', encoding="utf-8")
        write(file, "b")
        await until_servers(client, "b")
        await until_told(told, 3)
        await until_known(client, "b__echo")
        mended = await client.prompt("/session-info")

        assert await client.say("b__echo") == "{}"
        file.unlink()
        await until_servers(client)  # and not those of the demo
        write(file, "a")
        await until_servers(client, "a")
        assert await client.say("a__echo") == "{}"
        assert "What cannot be used is as it was" in " ".join(info["reason"].split())
        assert "What cannot be used" not in mended["reason"]
        assert [told[0], *told[2:]] == ["added b", "removed a", "removed b", "added a"]
        assert "servers.json:1: is not valid JSON" in told[1]


@pytest.mark.proves("least-privilege", "live-servers")
async def test_a_rule_in_the_file_holds_in_a_running_session_and_the_api_and_is_journalled(tmp_path: Path) -> None:
    file = tmp_path / "config" / "servers.json"
    write(file, "a")
    configuration = read_configuration({**variables_for(tmp_path), **PATIENT})
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(open_on(configuration, Options()))
        client = await stack.enter_async_context(client_of(api.proxy, api.proxy.live))
        await until_known(client, "a__echo")

        servers = {"a": entry("a", options={"deny": ["e*"]})}
        file.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
        with anyio.fail_after(HANG_SECONDS):
            while client.live.catalog.get("a__echo") is not None:  # noqa: ASYNC110 - the file is looked at
                await anyio.sleep(0.02)
        by_client, by_api = await client.say("a__echo"), str((await api.call_tool("a__echo")).content[0])
        known = (await api.get_system_status()).catalog_tools

    assert all('denies it by the rule deny "e*"' in said for said in (by_client, by_api))
    assert known == len(COMMANDS) - 1
    with closing(SqliteJournal(configuration.locations.journal_file, 1, 1_000)) as journal:
        denied = journal.read(Wanted(kinds=("call_denied",)))
    assert [(one.row.upstream, one.row.tool) for one in denied] == [("a", "echo"), ("a", "echo")]


@pytest.mark.proves("kept-secrets", "live-servers")
async def test_a_secret_that_is_set_while_a_session_runs_reaches_its_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    environ = {**variables_for(tmp_path), **PATIENT}
    store = SecretStore(find_locations(environ).secrets_file)
    servers = {"a": entry("a", env={"PASS": "${keyring:a}"}), "b": entry("b")}
    file = tmp_path / "config" / "servers.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    configuration = read_configuration(environ)
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(open_proxy(configuration))
        client = await stack.enter_async_context(client_of(proxy, proxy.live))
        await until_known(client, "b__echo")
        problems = proxy.live.problems
        store.set("a", "first-value")
        await until_known(client, "a__echo")
        first = await client.say("a__surroundings")
        store.set("a", "other-value")
        with anyio.fail_after(HANG_SECONDS):
            while proxy.live.listings.configs["a"].secrets != ("other-value",):  # noqa: ASYNC110 - it is looked at
                await anyio.sleep(0.02)
        second = await client.say("a__surroundings")

    assert ["needs the secret 'a', which is not set" in problem for problem in problems] == [True]
    assert ("first-value" in first, "other-value" in second) == (True, True)
    assert configuration.masker.text("other-value") == "•••"


@pytest.mark.proves("live-servers")
def test_what_is_waited_for_before_a_change_is_taken_over_leaves_most_of_the_promised_time() -> None:
    assert POLL_SECONDS + SETTLED_SECONDS <= TAKEN_OVER_SECONDS / 3


async def test_all_sessions_of_a_service_follow_the_file(tmp_path: Path) -> None:
    async with (
        service_of(tmp_path, {"a": entry("a")}) as running,
        running.client() as first,
        running.client("sse") as second,
    ):
        await until_started(first, "a__echo")

        write(tmp_path / "servers.json", "a", "b")
        await until_servers(first, "a", "b")
        await until_known(first, "b__echo")

        assert [await client.say("b__echo") for client in (first, second)] == ["{}", "{}"]


async def test_a_settings_file_of_a_later_version_leaves_the_servers_there_and_is_told_once(tmp_path: Path) -> None:
    environ = {**variables_for(tmp_path), **PATIENT}
    write(tmp_path / "config" / "servers.json", "a")
    settings = tmp_path / "config" / "dynaload.toml"
    settings.write_text('later = 1\ndefault_loading_strategy = "turbo"\n')
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(open_proxy(read_configuration(environ, goes_on=True)))
        client = await stack.enter_async_context(client_of(proxy, proxy.live))
        told = [(await client.prompt("hello")).get("systemMessage", "") for _ in range(2)]
        info = str(await client.prompt("/session-info"))

        assert await client.say("a__echo") == "{}"
    assert f"{settings} has what cannot be used (later, default_loading_strategy)" in told[0]
    assert told[1] == ""
    assert "default_loading_strategy is 'turbo', so 'balanced' holds" in " ".join(info.replace("\\n", " ").split())
