"""Progress of a call to a server behind HTTP: no more than the call's own matter, however much of it comes."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Literal

import pytest
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCNotification

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.transport.jsonrpc_lines import Item
from mcp_dynaload.upstream.http_events import EventStream
from mcp_dynaload.upstream.latest_words import AT_ONCE
from tests.upstream.test_floods import Progressing
from tests.upstream.test_http_connections import Exchange, OlderServer, before

MANY = 1_500


def note(done: int) -> Json:
    return {"method": "notifications/progress", "params": {"progressToken": 7, "progress": done}}


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_the_first_and_the_last_progress_is_told_before_the_answer(
    tmp_path: Path, transport: Literal["http", "sse"]
) -> None:
    async def odd(exchange: Exchange) -> bool:
        if exchange.kind != "tools/call":
            return False
        if transport == "http":
            await exchange.begin()
        stream = exchange if transport == "http" else older.streams[exchange.query]
        for done in range(MANY):
            await stream.event(note(done))
        await stream.event({"id": exchange.message["id"], "result": {"content": []}})
        await (exchange.write("", more=False) if transport == "http" else exchange.reply(202))
        return True

    host, older = Progressing(), OlderServer(odd)
    async with before(odd if transport == "http" else older, tmp_path, transport, host) as (pool, _):
        await pool.request("far", "tools/call", {"name": "work", "_meta": {"progressToken": 7}})
        assert host.done[-1] == MANY - 1

    assert host.done[:AT_ONCE] == [*range(AT_ONCE)]
    assert len(host.done) < 2 * AT_ONCE


async def test_a_notification_goes_past_the_transport_which_hears_where_to_resume() -> None:
    told: list[Item] = []

    async def tell(item: Item) -> None:
        told.append(item)

    async def pieces() -> AsyncGenerator[bytes]:
        yield b'event: message\nid: 5\ndata: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n'
        yield b'data: {"jsonrpc":"2.0","id":3,"result":{}}\n\n'

    stream = EventStream(tell, 3)
    got = [piece async for piece in stream.readable(pieces())]

    assert got == [b"id: 5\n\n", b'data: {"jsonrpc":"2.0","id":3,"result":{}}\n\n']
    (said,) = told
    assert isinstance(said, SessionMessage)
    assert said.message == JSONRPCNotification(jsonrpc="2.0", method="notifications/progress")
