"""A Redis that answers slowly lets in who may come, and soon nobody whose token is revoked."""

from contextlib import closing

import anyio
import pytest
from redis import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from mcp_dynaload.errors import StoreError
from mcp_dynaload.store import redis_connection as remote
from mcp_dynaload.store import redis_tokens
from mcp_dynaload.store.redis_connection import RedisConnection
from mcp_dynaload.store.redis_tokens import RedisTokens
from mcp_dynaload.store.remembered_tokens import MAX_AGE_SECONDS
from mcp_dynaload.store.tokens import Scope, TokenRecord
from tests.redis_server import RedisServer
from tests.store.slow_redis import SlowWay, WaitedWay, slow_redis, tire
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("team-store-away")


async def test_all_valid_tokens_that_come_at_once_are_let_in_however_long_the_queue_is(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "SLOW_SECONDS", 0.02)
    monkeypatch.setattr(remote, "AWAITED_SECONDS", 0.3)
    redis.flush()
    way, found = WaitedWay(), dict[int, bool]()
    with capture_logs(), closing(slow_redis(redis.url, way)) as store:
        tokens = [await RedisTokens(store).create(f"user {number}", Scope.USE) for number in range(8)]
        way.seconds, way.asked, replica = 0.2, 0, RedisTokens(store)

        async def come(number: int) -> None:
            found[number] = await replica.find(tokens[number]) is not None

        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(come, number)

    assert found == dict.fromkeys(range(8), True)
    assert way.asked <= 3


async def test_a_revoked_token_is_refused_soon_though_redis_be_slow_and_others_busy(
    slow_store: RedisConnection, way: SlowWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_tokens, "RENEW_SECONDS", 0.0)
    tokens, other = RedisTokens(slow_store, way.clock), RedisTokens(slow_store)
    bad, busy = await other.create("bad", Scope.USE), await other.create("busy", Scope.USE)
    assert await tokens.find(bad)
    assert await tokens.find(busy)
    with capture_logs():
        tire(slow_store, way, 1.0)
        await other.revoke("bad")
        with anyio.fail_after(HANG_SECONDS):
            while await tokens.find(bad) is not None:  # unasked; but then it is asked for
                assert await tokens.find(busy) is not None
                await anyio.sleep(0.01)
        let_in = await tokens.find(busy)

    assert let_in is not None


async def test_a_token_that_was_long_not_asked_for_is_asked_for_before_it_lets_anybody_in(
    slow_store: RedisConnection, way: SlowWay
) -> None:
    tokens, other = RedisTokens(slow_store, way.clock), RedisTokens(slow_store)
    bad = await other.create("bad", Scope.USE)
    assert await tokens.find(bad)
    await other.revoke("bad")
    with capture_logs():
        way.now += MAX_AGE_SECONDS + 1
        tire(slow_store, way, 1.0)
        refused = await tokens.find(bad)

    assert refused is None


async def test_while_redis_does_not_answer_at_all_who_was_let_in_stays_in_however_long_that_is_ago(
    slow_store: RedisConnection, way: SlowWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(way: SlowWay) -> None:
        raise RedisConnectionError("gone")

    tokens = RedisTokens(slow_store, way.clock)
    known = await tokens.find(token := await tokens.create("ann", Scope.USE))
    with capture_logs(), monkeypatch.context() as away:
        away.setattr(SlowWay, "pass_by", fail)
        found: list[TokenRecord | None] = []
        for _ in range(3):
            way.now += MAX_AGE_SECONDS + 1
            found.append(await tokens.find(token))
        with pytest.raises(StoreError, match="does not answer"):
            await tokens.find("dyn_other")

    assert known is not None
    assert found == [known] * 3
