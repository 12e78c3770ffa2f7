"""Whatever fails on the way to an answer, the client is told in words, and it is told as an event."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from mcp import MCPError
from mcp_types import INTERNAL_ERROR

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.upstream_config import UpstreamConfig, UpstreamOptions
from mcp_dynaload.errors import UpstreamStartError
from mcp_dynaload.masking import Masker
from mcp_dynaload.proxy.failures import accompanied, error_of
from mcp_dynaload.telemetry.event_bus import EventBus
from mcp_dynaload.telemetry.events import ErrorKind, Fallback, FellBack, Outcome, ToolCalled
from mcp_dynaload.upstream.listing import Listing
from tests.faults.odd_http_server import Odd, OddServer, usual_result
from tests.faults.scripted import config, tools
from tests.proxy.clients import Connected, connected_to
from tests.proxy.test_events import Seen
from tests.transparency.serving import served

OFFERED = Listing(
    tools=tuple(tools("echo", "die", "fail", "hang")),
    prompts=tuple(usual_result("prompts/list")["prompts"]),
    resources=tuple(usual_result("resources/list")["resources"]),
)

REQUESTS: dict[str, Json] = {
    "prompts/get": {"name": "bad__greet"},
    "resources/read": {"uri": "odd://one"},
    "resources/subscribe": {"uri": "odd://one"},
    "completion/complete": {
        "ref": {"type": "ref/prompt", "name": "bad__greet"},
        "argument": {"name": "x", "value": ""},
    },
}

QUICK = UpstreamOptions(connect_timeout_seconds=0.5)
HASTY = UpstreamOptions(call_timeout_seconds=0.5)


def missing() -> UpstreamConfig:
    bad = config("bad")
    object.__setattr__(bad, "command", "no-such-program")
    return bad


async def called(client: Connected, tool: str, *, with_token: bool) -> Json:
    meta: Json = {"progressToken": 7} if with_token else {}
    return await client.raw("tools/call", name=f"bad__{tool}", arguments={}, _meta=meta)


@pytest.mark.parametrize("with_token", [True, False], ids=["with-token", "without"])
@pytest.mark.parametrize(
    ("bad", "tool", "words", "kind"),
    [
        (missing(), "echo", "did not start: the program 'no-such-program' was not found", ErrorKind.START),
        (config("bad", exits_with="no key"), "echo", "did not start: it ended before", ErrorKind.START),
        (config("bad", options=QUICK, never_answers=True), "echo", "no answer to the handshake in", ErrorKind.START),
        (config("bad"), "die", "ended during 'tools/call'", ErrorKind.DIED),
        (config("bad", options=HASTY), "hang", "was silent for 0.5 s", ErrorKind.TIMEOUT),
    ],
    ids=["missing", "exits", "silent", "dies", "hangs"],
)
@pytest.mark.proves("in-words", "facts")
async def test_a_server_that_is_not_running_and_fails_is_named_with_its_cause(
    tmp_path: Path, bad: UpstreamConfig, tool: str, words: str, kind: ErrorKind, *, with_token: bool
) -> None:
    seen = Seen()
    async with connected_to(tmp_path, bad, listings={"bad": OFFERED}, event_bus=EventBus(seen)) as client:
        with anyio.fail_after(10):
            result = await called(client, tool, with_token=with_token)

    assert result["isError"] is True
    assert result["content"][0]["text"].startswith("MCP server 'bad' ")
    assert words in result["content"][0]["text"]
    assert [(call.outcome, call.error) for call in seen.of(ToolCalled)] == [(Outcome.FAILED, kind)]
    assert [event.upstream for event in seen.of(FellBack) if event.step is Fallback.UPSTREAM_DOWN] == ["bad"]


@pytest.mark.parametrize("with_token", [True, False], ids=["with-token", "without"])
async def test_a_servers_own_error_passes_unchanged_while_it_is_being_started(
    tmp_path: Path, *, with_token: bool
) -> None:
    seen = Seen()
    async with connected_to(tmp_path, config("bad"), listings={"bad": OFFERED}, event_bus=EventBus(seen)) as client:
        meta: Json = {"progressToken": 7} if with_token else {}
        arguments = {"code": -32042, "message": "first log in"}
        with pytest.raises(MCPError) as caught:
            await client.raw("tools/call", name="bad__fail", arguments=arguments, _meta=meta)

    assert (caught.value.error.code, caught.value.error.message) == (-32042, "first log in")
    assert [(call.outcome, call.error) for call in seen.of(ToolCalled)] == [(Outcome.FAILED, ErrorKind.PROTOCOL)]


@pytest.mark.parametrize("method", REQUESTS)
@pytest.mark.parametrize("with_token", [True, False], ids=["with-token", "without"])
async def test_every_other_request_of_a_server_that_does_not_start_fails_in_words_and_is_told(
    tmp_path: Path, method: str, *, with_token: bool
) -> None:
    seen = Seen()
    meta: Json = {"_meta": {"progressToken": 7}} if with_token else {}
    async with connected_to(tmp_path, missing(), listings={"bad": OFFERED}, event_bus=EventBus(seen)) as client:
        with anyio.fail_after(10), pytest.raises(MCPError) as caught:
            await client.raw(method, **REQUESTS[method], **meta)

    assert caught.value.error.code == INTERNAL_ERROR
    assert "MCP server 'bad' did not start: the program 'no-such-program'" in caught.value.error.message
    assert [(event.upstream, event.detail) for event in seen.of(FellBack)] == [("bad", "start")]


@pytest.mark.proves("in-words", "facts")
async def test_an_http_status_reaches_the_model_and_the_journal(tmp_path: Path) -> None:
    seen = Seen()
    odd = Odd(status=429, body="slow down", headers={"retry-after": "30"})
    async with served(OddServer(odd)) as url:
        far = UpstreamConfig(name="bad", transport="http", url=url)
        async with connected_to(tmp_path, far, listings={"bad": OFFERED}, event_bus=EventBus(seen)) as client:
            result = await called(client, "echo", with_token=True)
            with pytest.raises(MCPError) as caught:
                await client.raw("prompts/get", name="bad__greet")

    assert "HTTP 429 (Too Many Requests): it got too many requests: wait 30 s" in result["content"][0]["text"]
    assert "MCP server 'bad' failed at 'prompts/get': it answered with HTTP 429" in caught.value.error.message
    down = [event.detail for event in seen.of(FellBack) if event.step is Fallback.UPSTREAM_DOWN]
    assert down == ["protocol: HTTP 429 (Too Many Requests)"] * 2
    assert "slow down" not in str(seen)


async def given() -> str:
    await anyio.lowlevel.checkpoint()
    return "done"


async def fail(error: Exception) -> None:
    raise error


async def in_a_group(error: Exception) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(fail, error)


@pytest.mark.parametrize("raised", [fail, in_a_group], ids=["bare", "in a group"])
@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (UpstreamStartError("MCP server 'x' did not start."), INTERNAL_ERROR, "MCP server 'x' did not start."),
        (MCPError(code=-7, message="own"), -7, "own"),
        (ZeroDivisionError("a fault"), INTERNAL_ERROR, "mcp-dynaload could not answer 'tools/call': a fault."),
    ],
)
async def test_no_exception_group_is_what_a_client_is_told(
    raised: Callable[[Exception], Awaitable[None]], error: Exception, code: int, words: str
) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - bare or in a group
        await raised(error)

    told = error_of("tools/call", caught.value, Masker())

    assert isinstance(told, MCPError)
    assert told.error.code == code
    assert told.error.message.startswith(words)


def test_what_is_nested_too_deeply_to_be_passed_on_is_told_as_that() -> None:
    told = error_of("tools/call", RecursionError("maximum recursion depth exceeded"), Masker())

    assert isinstance(told, MCPError)
    assert told.error.message == (
        "mcp-dynaload cannot pass on 'tools/call': what was asked, or the answer, is nested too deeply."
    )


async def test_what_accompanies_a_call_ends_with_it_and_puts_no_group_around_its_error() -> None:
    with anyio.fail_after(5):
        assert await accompanied(anyio.sleep_forever, given) == "done"
        with pytest.raises(ZeroDivisionError):
            await accompanied(anyio.sleep_forever, lambda: fail(ZeroDivisionError()))
