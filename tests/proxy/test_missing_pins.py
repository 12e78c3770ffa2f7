"""Pins that a store does not give at a session's start are there once it answers."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import anyio
import pytest
from structlog.testing import capture_logs

from mcp_dynaload.app import open_proxy
from mcp_dynaload.proxy import session_lifetime
from mcp_dynaload.store.redis_connection import open_redis
from mcp_dynaload.store.redis_usage import RedisUsage
from mcp_dynaload.store.usage import project_of
from tests.faults.scripted import entry
from tests.http.services import a_configuration
from tests.proxy.clients import Connected, following
from tests.proxy.test_last_word import say
from tests.redis_server import RedisServer, running_redis
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("team-store-away")

ECHO, PID, BIG = "a__echo", "a__pid", "a__big"


@pytest.fixture
def redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """Return a Redis that has three pins, and is away."""
    monkeypatch.setattr(session_lifetime, "MIN_PINS_SECONDS", 0.05)
    monkeypatch.setattr(session_lifetime, "MAX_PINS_SECONDS", 0.1)
    with running_redis(tmp_path) as server:
        with closing(RedisUsage(open_redis(server.url))) as memory:
            assert memory.keep_pins(project_of(tmp_path), [ECHO, PID, BIG]) is None
        server.stop()
        yield server


@asynccontextmanager
async def session_at(redis: RedisServer, folder: Path) -> AsyncGenerator[Connected]:
    variables = {"MCP_DYNALOAD_STORE_URL": redis.url, "MCP_DYNALOAD_PINNING": "off"}
    configuration = a_configuration(folder, {"a": entry("a")}, **variables)
    async with open_proxy(configuration) as proxy, following(proxy.server, proxy.live) as client:
        yield client


async def pinned(client: Connected) -> set[str]:
    return {ECHO, PID, BIG}.intersection(await client.names())


async def until_pinned(client: Connected, names: set[str]) -> None:
    """Wait until these of the three are listed."""
    with anyio.fail_after(HANG_SECONDS):
        while True:
            news = client.news
            if await pinned(client) == names:
                return
            await news.wait()


def shown_pins(session_info: str) -> str:
    return next(line for line in session_info.splitlines() if "pinned by you" in line)


async def test_pins_that_redis_does_not_give_at_the_start_are_listed_once_it_answers(
    redis: RedisServer, tmp_path: Path
) -> None:
    with capture_logs() as logs:
        async with session_at(redis, tmp_path) as client:
            assert await pinned(client) == set()
            missing = shown_pins(await say(client, "session-info"))
            redis.start()
            await until_pinned(client, {ECHO, PID, BIG})
            there = shown_pins(await say(client, "session-info"))

    assert missing.endswith("0; those of before come once the store answers")
    assert there.split()[-1] == "3"
    told = [entry["event"] for entry in logs if entry["event"].startswith("pins_")]
    assert told == ["pins_missing", "pins_read"]


async def test_what_the_user_says_of_a_pin_that_is_missing_holds_when_it_comes(
    redis: RedisServer, tmp_path: Path
) -> None:
    async with session_at(redis, tmp_path) as client:
        assert (await say(client, f"unpin {ECHO}")).startswith("Unpinned 1 tool, as far as pinned.")
        assert "try again" in await say(client, "unpin gone__tool")
        await say(client, f"unload {PID}")
        redis.start()
        await until_pinned(client, {BIG})

    with closing(RedisUsage(open_redis(redis.url))) as memory:
        left = memory.pins(project_of(tmp_path))
    assert left == (BIG, PID)
