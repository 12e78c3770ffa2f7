"""A client of the handshake era in front of an upstream of revision 2026-07-28 only."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import pytest

from mcp_dynaload.catalog.tool import Json
from tests.transparency.modern import ModernServer
from tests.transparency.peer import Peer, connected
from tests.transparency.serving import joined, proxied, python_entry, served


@pytest.fixture(params=["stdio", "http"])
async def peer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Peer]:
    async with AsyncExitStack() as stack:
        entry = python_entry("tests.transparency.modern")
        if request.param == "http":
            origin = await stack.enter_async_context(served(ModernServer().http_app()))
            entry = {"type": "http", "url": f"{origin}/mcp", "dynaload": {"prefix": ""}}
        proxy = await stack.enter_async_context(proxied(tmp_path, {"modern": entry}))
        yield await stack.enter_async_context(connected(joined(proxy)))


def text_of(result: Json) -> str:
    return result["content"][0]["text"]


async def test_lists_and_results_come_without_the_modern_envelope(peer: Peer) -> None:
    tools = await peer.request("tools/list")
    result = await peer.call("region", {"region": "südwest"})

    names = ("greet", "grow", "hang_up", "introduce", "log", "progress", "region", "touch", "wait")
    plain = [{"name": name, "inputSchema": {"type": "object"}} for name in names if name != "region"]
    content = [{"type": "text", "text": "region südwest"}]
    assert [tool for tool in tools["tools"] if tool["name"] != "region"] == plain
    assert set(tools) == {"tools"}
    assert result == {"content": content, "_meta": {"com.acme/said": True}, "isError": False}


@pytest.mark.proves("eras")
async def test_a_question_that_comes_as_a_result_is_put_to_the_client(peer: Peer) -> None:
    result = await peer.call("greet", {"n": 1})

    assert text_of(result) == "asked: accept {'name': 'Ada'} for {'n': 1}"
    assert [asked["message"] for asked in peer.heard.take("elicitation/create")] == ["Who?"]


async def test_several_questions_at_once_are_all_answered(peer: Peer) -> None:
    result = await peer.call("introduce")

    assert text_of(result) == "CreateMessageResult ElicitResult ListRootsResult"


async def test_a_prompt_may_ask_too(peer: Peer) -> None:
    result = await peer.request("prompts/get", {"name": "letter"})

    assert "Ada" in result["messages"][0]["content"]["text"]


async def test_a_changed_list_is_announced_and_listed(peer: Peer) -> None:
    before = await peer.list_all("tools/list", "tools")
    await peer.call("touch")
    peer.heard.take("notifications/tools/list_changed")

    await peer.call("grow")
    await peer.heard.wait_for("notifications/tools/list_changed")

    after = await peer.list_all("tools/list", "tools")
    assert len(after) == len(before) + 1


async def test_a_change_that_nobody_could_hear_of_is_found_when_the_stream_is_open_again(peer: Peer) -> None:
    await peer.call("touch")
    peer.heard.take("notifications/tools/list_changed")

    await peer.call("hang_up")
    await peer.heard.wait_for("notifications/tools/list_changed")

    assert "unheard" in [tool["name"] for tool in await peer.list_all("tools/list", "tools")]


async def test_a_subscribed_resource_is_heard_of_until_it_is_unsubscribed(peer: Peer) -> None:
    subscribed = await peer.request("resources/subscribe", {"uri": "memo://one"})
    await peer.call("touch")
    updates = await peer.heard.wait_for("notifications/resources/updated")

    unsubscribed = await peer.request("resources/unsubscribe", {"uri": "memo://one"})
    await peer.call("touch")
    await peer.call("greet")

    assert (subscribed, unsubscribed) == ({}, {})
    assert updates == [{"uri": "memo://one"}]
    assert peer.heard.take("notifications/resources/updated") == []


async def test_the_upstreams_own_bookkeeping_does_not_reach_the_client(peer: Peer) -> None:
    await peer.request("resources/subscribe", {"uri": "memo://one"})
    await peer.call("grow")
    await peer.call("greet")

    assert peer.heard.take("notifications/subscriptions/acknowledged") == []


async def test_log_messages_come_at_the_level_that_was_set(peer: Peer) -> None:
    await peer.call("log")
    silent = peer.heard.take("notifications/message")
    await peer.request("logging/setLevel", {"level": "info"})
    await peer.call("log")

    assert silent == []
    assert [said["data"] for said in peer.heard.take("notifications/message")] == ["at warning"]


async def test_progress_comes_under_the_clients_token(peer: Peer) -> None:
    await peer.call("progress", _meta={"progressToken": "p"})

    assert [said["progress"] for said in peer.heard.take("notifications/progress")] == [0, 1]


async def test_a_cancelled_call_is_cancelled_upstream(peer: Peer) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: peer.call("wait", _meta={"progressToken": "w"}))
        await peer.heard.wait_for("notifications/progress")
        tasks.cancel_scope.cancel()

    assert text_of(await peer.call("wait", {"for": "cancellation"})) == "it was cancelled"
