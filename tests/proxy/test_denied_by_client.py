"""Tools that Claude Code's permission rules deny: it shows them to no model, and we offer them to none."""

import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
import pytest
from mcp_types import Implementation

from mcp_dynaload.app import open_proxy
from mcp_dynaload.catalog.deny_rules import DenyRule
from mcp_dynaload.config.paths import variables_for
from mcp_dynaload.config.upstream_config import UpstreamOptions
from mcp_dynaload.configuration import read_configuration
from mcp_dynaload.upstream.listing import Listing
from tests.builders import FixedRanker
from tests.faults.scripted import config, entry
from tests.http.services import CLAUDE_CODE, service_of
from tests.proxy.clients import Connected, following, proxy_of
from tests.proxy.test_commands import CREATE, DESK, ECHO, LEDGER, LIST, PATIENT, PID, loaded, run
from tests.waiting import HANG_SECONDS
from tests.waiting import PATIENT as PATIENT_VARIABLES

pytestmark = pytest.mark.proves("permissions")

INVOICE = "create an invoice for a customer"


@asynccontextmanager
async def office(folder: Path, *rules: str, client: Implementation = CLAUDE_CODE) -> AsyncGenerator[Connected]:
    """Open a session of this client in front of two servers whose tools are known, one of them pinned."""
    desk = config("desk", offers={"tools": list(DESK)}, options=UpstreamOptions(prefix="desk__", pin=("pid",)))
    ledger = config("ledger", offers={"tools": list(LEDGER)}, options=UpstreamOptions(prefix="ledger__"))
    listings = {"desk": Listing(tools=DESK), "ledger": Listing(tools=LEDGER)}
    async with (
        proxy_of(folder, (desk, ledger), listings, settings=PATIENT, session_id="s") as (proxy, live),
        following(proxy.server, live, client_info=client) as connected,
    ):
        live.client_rules = tuple(DenyRule(rule, "settings.json") for rule in rules)
        await connected.knows_meanings()
        live.index.ranker = FixedRanker({CREATE: 0.9, LIST: 0.8, ECHO: 0.7})
        yield connected


async def test_a_denied_tool_is_neither_chosen_nor_found_nor_described(tmp_path: Path) -> None:
    async with office(tmp_path, "mcp__dynaload__ledger__create_*") as client:
        context = str(await client.prompt(INVOICE))
        later = str(await client.prompt("list the invoices, and create one more"))
        found = await client.say("find_tools", query=INVOICE)
        searched = await client.hook("ToolSearch", query="create invoice", limit="5")

        assert CREATE not in context + later + found + str(searched)
        assert CREATE not in await client.names()
        assert LIST in await client.names()


@pytest.mark.parametrize("rule", ["mcp__dynaload", "mcp__dynaload__*", "mcp__*"])
async def test_where_all_are_denied_nothing_is_chosen_pinned_or_not(tmp_path: Path, rule: str) -> None:
    async with office(tmp_path, rule) as client:
        assert CREATE not in str(await client.prompt(INVOICE))
        assert await loaded(client) == []


async def test_the_commands_say_which_tools_are_denied_and_by_what(tmp_path: Path) -> None:
    async with office(tmp_path, "mcp__dynaload__ledger__*", "mcp__dynaload__desk__echo") as client:
        info = " ".join((await run(client, "session-info")).split())
        pinned = " ".join((await run(client, f"pin {CREATE}")).split())
        categories = await run(client, "list-categories")

    rules = ("deny 'mcp__dynaload__desk__echo' in settings.json", "deny 'mcp__dynaload__ledger__*' in settings.json")
    assert f"{len(LEDGER) + 1} tools, by Claude Code's rules: {'; '.join(rules)}" in info
    assert f"Claude Code shows no model '{CREATE}', by its rule {rules[1]}" in pinned
    assert "ledger" not in categories


async def test_the_rules_of_claude_code_are_nothing_to_another_client(tmp_path: Path) -> None:
    other = Implementation(name="mcp-dynaload-tests", version="1")
    async with office(tmp_path, "mcp__*", client=other) as client:
        await client.prompt(INVOICE)

        assert CREATE in await client.names()
        assert PID in await client.names()
        assert "by Claude Code's rules" not in await run(client, "session-info")


async def test_a_rule_that_comes_or_goes_while_a_session_runs_holds_from_the_next_prompt(tmp_path: Path) -> None:
    settings, rule = tmp_path / "claude" / "settings.json", {"permissions": {"deny": ["mcp__dynaload__a__*"]}}
    servers = tmp_path / "config" / "servers.json"
    servers.parent.mkdir()
    servers.write_text(json.dumps({"mcpServers": {"a": entry("a")}}))
    environ = {**variables_for(tmp_path), **PATIENT_VARIABLES}
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps(rule))

    async def until(many: int) -> None:
        with anyio.fail_after(HANG_SECONDS):
            while len(proxy.live.client_rules) != many:  # noqa: ASYNC110 - the file is looked at
                await anyio.sleep(0.02)

    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(open_proxy(read_configuration(environ)))
        client = await stack.enter_async_context(following(proxy.server, proxy.live, client_info=CLAUDE_CODE))
        with anyio.fail_after(HANG_SECONDS):
            while proxy.live.catalog.get("a__echo") is None:  # noqa: ASYNC110 - it is listed in the background
                await anyio.sleep(0.02)
        denied = await run(client, "load-tier 3 all")
        settings.write_text('{"permissions": {"deny": [' + "9" * 5_000 + "]}}")
        await until(0)
        allowed = await run(client, "pin a__echo")
        settings.write_text(json.dumps(rule))
        await until(1)
        again = await loaded(client)

    assert "a__" not in denied
    assert allowed.startswith("Pinned 1 tool")
    assert again == []


async def test_a_service_goes_by_no_rules_of_the_machine_that_it_runs_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "claude" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"permissions": {"deny": ["mcp__*"]}}))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(settings.parent))
    async with service_of(tmp_path, {"a": entry("a")}) as running, running.client() as client:
        with anyio.fail_after(HANG_SECONDS):
            while client.live.catalog.get("a__echo") is None:  # noqa: ASYNC110 - it is listed in the background
                await anyio.sleep(0.02)

        assert (await run(client, "pin a__echo")).startswith("Pinned 1 tool")
