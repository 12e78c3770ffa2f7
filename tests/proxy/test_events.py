import json
from collections import Counter
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

import anyio
import pytest
from mcp import MCPError
from mcp.server.runner import serve_loop

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.errors import UpstreamClosedError, UpstreamError, UpstreamStartError, UpstreamTimeoutError
from mcp_dynaload.proxy.call_events import kind_of
from mcp_dynaload.telemetry.event_bus import EventBus
from mcp_dynaload.telemetry.events import (
    CommandRun,
    ConfigurationChanged,
    ErrorKind,
    Event,
    Fallback,
    FellBack,
    ListChanged,
    Outcome,
    PromptServed,
    SessionClosed,
    SessionOpened,
    ToolCalled,
    ToolsSearched,
    UpstreamFailed,
    UpstreamStarted,
)
from mcp_dynaload.transport.jsonrpc_lines import LineReader, LineWriter
from mcp_dynaload.upstream.listing import Listing
from tests.faults.scripted import config, tool
from tests.proxy.clients import QUIET, Connected, connected_to, proxy_of
from tests.waiting import HANG_SECONDS

TICKETS = tool("search_tickets", "Search the tickets of the account")
INVOICES = tool("create_invoice", "Create an invoice for a customer")
DESK = Listing(tools=(TICKETS, INVOICES, tool("echo"), tool("fail"), tool("die")))

_Kind = TypeVar("_Kind")


class Seen(list[Event]):
    def __call__(self, at: float, event: Event) -> None:
        self.append(event)

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        return [event for event in self if isinstance(event, kind)]


def watched(
    folder: Path, seen: Seen, *, settings: Settings = QUIET, tool_search: bool = True
) -> AbstractAsyncContextManager[Connected]:
    upstream = config("desk")
    event_bus = EventBus(seen)
    return connected_to(
        folder, upstream, listings={"desk": DESK}, settings=settings, tool_search=tool_search, event_bus=event_bus
    )


@pytest.mark.proves("facts")
async def test_a_prompt_is_told_with_its_tokens_times_tools_and_reason(tmp_path: Path) -> None:
    seen = Seen()
    async with watched(tmp_path, seen) as client:
        await client.live.index.ready.wait()
        await client.prompt("search the tickets of the account", session_id="s1")
        catalog, overhead = client.live.catalog, client.live.overhead_tokens

    (prompt,) = seen.of(PromptServed)
    assert (prompt.who.session, prompt.is_first, prompt.strategy) == ("s1", True, "balanced")
    assert prompt.added == ("desk__search_tickets",)
    assert (prompt.baseline_tokens, prompt.added_tokens) == (catalog.total_cost, catalog.costs["desk__search_tickets"])
    assert prompt.listed_tokens == overhead + prompt.added_tokens
    assert prompt.categories["desk"] == prompt.added_tokens
    assert (prompt.tiers, prompt.reason, prompt.text) == ("task", "needed for the prompt", None)
    assert prompt.cache_hit is False
    assert prompt.native_tokens > prompt.added_tokens
    assert 0 < prompt.detection_ms < prompt.total_ms
    assert 0 < prompt.refresh_ms < prompt.total_ms
    (change,) = [change for change in seen.of(ListChanged) if change.added]
    assert (change.added, change.why, change.cache_cost_tokens) == (prompt.added, prompt.reason, 0)


async def test_a_session_is_told_from_its_opening_to_its_end(tmp_path: Path) -> None:
    seen = Seen()
    async with watched(tmp_path, seen) as client:
        await client.prompt("search the tickets of the account", session_id="s1")

    assert [event.who.session for event in seen.of(SessionOpened)][-1] == "s1"
    assert [event.who.session for event in seen.of(SessionClosed)][-1] == "s1"
    assert isinstance(seen[-1], SessionClosed)


async def test_a_call_is_told_with_our_own_time_apart_and_sizes_but_without_content(tmp_path: Path) -> None:
    seen = Seen()
    async with watched(tmp_path, seen) as client:
        await client.say("desk__echo", secret="hunter2")

    (call,) = seen.of(ToolCalled)
    assert (call.tool, call.upstream, call.outcome, call.was_listed) == ("desk__echo", "desk", Outcome.OK, False)
    assert call.request_bytes == pytest.approx(len('{"secret":"hunter2"}'), abs=5)
    assert call.result_bytes > 20
    assert 0 < call.own_ms < call.upstream_ms, "the upstream had to be started"
    assert (call.arguments, call.result) == (None, None)
    assert [event.step for event in seen.of(FellBack)] == [Fallback.UNLISTED_CALL]
    assert [event.upstream for event in seen.of(UpstreamStarted)] == ["desk"]
    assert "hunter2" not in str(seen)


async def test_with_detailed_logging_events_hold_what_was_said_masked(tmp_path: Path) -> None:
    seen = Seen()
    settings = Settings(warm_upstreams=False, detailed_logging_enabled=True)
    async with watched(tmp_path, seen, settings=settings) as client:
        await client.prompt("search the tickets, my password is hunter2")
        await client.say("desk__echo", password="hunter2", words="hello")

    (prompt,), (call,) = seen.of(PromptServed), seen.of(ToolCalled)
    assert prompt.text is not None
    assert prompt.text.startswith("search the tickets")
    assert call.arguments is not None
    assert json.loads(call.arguments)["words"] == "hello"
    assert "hunter2" not in str(seen)


async def test_each_step_of_the_fallback_chain_is_told(tmp_path: Path) -> None:
    seen = Seen()
    async with watched(tmp_path, seen) as client:
        await client.prompt("thank you, that was kind")
        await client.say("desk__echo")
        await client.say("desk__die")
        with pytest.raises(MCPError):
            await client.say("desk__search_ticket")

    steps = [(event.step, event.tool) for event in seen.of(FellBack)]
    assert (Fallback.LOW_CONFIDENCE, "") in steps
    assert (Fallback.UNLISTED_CALL, "desk__echo") in steps
    assert (Fallback.UPSTREAM_DOWN, "desk__die") in steps
    assert (Fallback.UNKNOWN_NAME, "desk__search_ticket") in steps
    assert [(event.upstream, event.kind) for event in seen.of(UpstreamFailed)] == [("desk", ErrorKind.DIED)]
    failed = [call for call in seen.of(ToolCalled) if call.tool == "desk__die"]
    assert [(call.outcome, call.error) for call in failed] == [(Outcome.FAILED, ErrorKind.DIED)]


async def test_a_server_that_runs_and_cannot_be_listed_is_told(tmp_path: Path) -> None:
    seen = Seen()
    sick = config("sick", lists_fail="the index is being built")
    async with connected_to(tmp_path, sick, listings={}, settings=QUIET, event_bus=EventBus(seen)):
        with anyio.fail_after(HANG_SECONDS):
            while not seen.of(UpstreamFailed):  # noqa: ASYNC110 - a journal tells nobody that it was written
                await anyio.sleep(0.01)

    event = seen.of(UpstreamFailed)[0]
    assert (event.upstream, event.kind) == ("sick", ErrorKind.LISTING)
    assert event.detail == "could not be listed: the index is being built"


async def test_a_choice_that_takes_too_long_is_told(tmp_path: Path) -> None:
    seen = Seen()
    async with watched(tmp_path, seen, settings=Settings(warm_upstreams=False, detection_timeout_ms=0)) as client:
        await client.live.index.ready.wait()
        await client.prompt("search the tickets of the account")

    assert [(event.step, event.detail) for event in seen.of(FellBack)] == [
        (Fallback.DETECTION_TIMEOUT, "over 0 s: the words decide")
    ]
    (prompt,) = seen.of(PromptServed)
    assert prompt.added == ("desk__search_tickets",)
    assert prompt.reason == "needed for the prompt (by words alone: choosing took too long)"


async def test_a_prompt_that_the_index_comes_too_late_for_is_told(tmp_path: Path) -> None:
    seen = Seen()
    async with watched(tmp_path, seen, settings=Settings(warm_upstreams=False, loading_timeout_ms=0)) as client:
        client.live.index.ready = anyio.Event()
        await client.prompt("search the tickets of the account")

    assert Fallback.INDEX_NOT_READY in [event.step for event in seen.of(FellBack)]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UpstreamStartError("no"), ErrorKind.START),
        (UpstreamTimeoutError("silent"), ErrorKind.TIMEOUT),
        (UpstreamClosedError("gone"), ErrorKind.DIED),
        (UpstreamError("asks and asks"), ErrorKind.PROTOCOL),
    ],
)
def test_every_error_of_an_upstream_has_a_kind(error: UpstreamError, kind: ErrorKind) -> None:
    assert kind_of(error) is kind


async def test_what_came_of_a_call_is_told(tmp_path: Path) -> None:
    seen = Seen()
    async with watched(tmp_path, seen) as client:
        with pytest.raises(MCPError):
            await client.call("desk__fail", code=-5, message="its own words")
        await client.hook("UserPromptExpansion", command_name="dynaload:unload", command_args="desk__echo")
        await client.call("desk__echo")

    assert Counter((call.outcome, call.error) for call in seen.of(ToolCalled)) == {
        (Outcome.FAILED, ErrorKind.PROTOCOL): 1,
        (Outcome.REFUSED, None): 1,
    }


async def test_searches_commands_and_pins_are_told(tmp_path: Path) -> None:
    seen = Seen()
    async with watched(tmp_path, seen) as client:
        await client.say("find_tools", query="create an invoice")
        await client.hook("UserPromptExpansion", command_name="dynaload:pin", command_args="desk__echo")
        await client.hook("UserPromptExpansion", command_name="dynaload:pin", command_args="nothing")

    (search,) = seen.of(ToolsSearched)
    assert "desk__create_invoice" in search.added
    assert [(run.command, run.success) for run in seen.of(CommandRun)] == [("pin", True), ("pin", False)]
    assert [(event.what, event.detail) for event in seen.of(ConfigurationChanged)] == [("pins", "pinned desk__echo")]


async def test_where_the_client_rewrites_its_cache_a_change_costs_what_the_model_had_read(tmp_path: Path) -> None:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 20_000, "cache_creation_input_tokens": 500}
    transcript = tmp_path / "transcript.jsonl"
    answer = {"type": "assistant", "message": {"model": "claude-opus-5", "usage": usage}}
    transcript.write_text(json.dumps(answer) + "\n", encoding="utf-8")
    seen = Seen()
    async with watched(tmp_path, seen, tool_search=False) as client:
        await client.prompt("search the tickets of the account")
        await client.prompt("create an invoice for the customer", transcript_path=str(transcript))

    assert [change.cache_cost_tokens for change in seen.of(ListChanged)] == [0, 20_510]


async def test_a_call_is_told_after_its_answer_was_written(tmp_path: Path) -> None:
    order: list[str] = []

    def observe(at: float, event: Event) -> None:
        order.extend(["told"] if isinstance(event, ToolCalled) else [])

    asking, asked = anyio.create_memory_object_stream[bytes](8)

    async def write(data: bytes) -> None:
        if b'"echoed' in data:
            order.append("answered")
            await asking.aclose()

    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    call = {"name": "desk__echo", "arguments": {"words": "echoed"}}
    bus = EventBus(observe)
    async with proxy_of(tmp_path, [config("desk")], {"desk": DESK}, event_bus=bus) as (proxy, _):
        for number, (method, params) in enumerate([("initialize", hello), ("tools/call", call)]):
            message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            await asking.send(json.dumps(message).encode() + b"\n")
        with asked, anyio.fail_after(HANG_SECONDS):
            await serve_loop(proxy.server, LineReader(asked.receive), LineWriter(write), lifespan_state={})

    assert order == ["answered", "told"]
