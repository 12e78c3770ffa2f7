"""A client's wishes from before a server's start: the server hears of them, and of those that come meanwhile."""

from pathlib import Path

import anyio
import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.upstream import lifecycle
from tests.faults.odd_http_server import HELLO
from tests.faults.scripted import until
from tests.upstream.sessions import RecordingHost, say
from tests.upstream.test_http_connections import Exchange, before

WHOLE: Json = {**HELLO, "capabilities": {"tools": {}, "resources": {"subscribe": True}, "logging": {}}}


class Wishes:
    """A server that notes what it is asked for, and answers some of it oddly or late."""

    def __init__(self, *, refused: str = "", silent: str = "") -> None:
        self.heard: list[str] = []
        self.first, self.goes_on = anyio.Event(), anyio.Event()
        self._refused = refused
        self._silent = silent

    async def __call__(self, exchange: Exchange) -> bool:
        if exchange.kind == "initialize":
            await exchange.answer(WHOLE)
            return True
        params: Json = exchange.message.get("params", {})
        if not (wish := params.get("uri") or params.get("level")):
            return False
        self.heard.append(wish)
        self.first.set()
        if wish == self._silent:
            await self.goes_on.wait()
        if wish == self._refused:
            error = '"error":{"code":-32002,"message":"it is gone"}'
            await exchange.reply(200, f'{{"jsonrpc":"2.0","id":{exchange.message["id"]},{error}}}')
        else:
            await exchange.answer({})
        return True


async def test_a_resource_that_is_gone_keeps_no_other_from_being_subscribed_again(tmp_path: Path) -> None:
    wishes = Wishes(refused="x://a")
    async with before(wishes, tmp_path) as (pool, _):
        pool["far"].subscriptions.update({"x://a", "x://b"})
        assert await say(pool, "far", "echo") == "as usual"

    assert wishes.heard == ["x://a", "x://b"]


async def test_after_a_restart_the_client_hears_of_each_resource_that_may_have_changed_meanwhile(
    tmp_path: Path,
) -> None:
    host = RecordingHost()
    async with before(Wishes(), tmp_path, host=host) as (pool, _):
        await say(pool, "far", "echo")
        pool["far"].subscriptions.add("x://a")
        await pool["far"].stopped()
        assert host.told == []
        await say(pool, "far", "echo")
        await until(lambda: host.told)

    assert host.told == [("far", "notifications/resources/updated")]


async def test_a_server_that_answers_no_wish_is_used_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "RESTORING_SECONDS", 0.05)
    wishes = Wishes(silent="x://a")
    async with before(wishes, tmp_path) as (pool, _):
        pool["far"].subscriptions.update({"x://a", "x://b"})
        assert await say(pool, "far", "echo") == "as usual"
        wishes.goes_on.set()

    assert wishes.heard == ["x://a"]


async def test_a_log_level_that_is_set_while_a_server_starts_reaches_it(tmp_path: Path) -> None:
    wishes = Wishes(silent="debug")
    host = RecordingHost(log_level="debug")
    async with before(wishes, tmp_path, host=host) as (pool, _), anyio.create_task_group() as tasks:
        tasks.start_soon(say, pool, "far", "echo")
        await wishes.first.wait()
        await pool["far"].set_log_level("error")
        wishes.goes_on.set()

    assert wishes.heard == ["debug", "error"]
