"""A Redis that answers slowly keeps what the user has set, and holds nobody up for long."""

import time
from contextlib import closing

import anyio
import pytest
from redis import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from mcp_dynaload.store import redis_connection as remote
from mcp_dynaload.store.redis_connection import RedisConnection
from mcp_dynaload.store.redis_usage import RedisUsage
from mcp_dynaload.store.usage import KeptSession
from tests.redis_server import RedisServer
from tests.store.slow_redis import SlowWay, WaitedWay, slow_redis, tire
from tests.waiting import HANG_SECONDS

CHOSEN = KeptSession(frozenset({"a"}), frozenset({"danger__delete"}), "work", "conservative")

pytestmark = pytest.mark.proves("team-store-away")


def test_who_is_waited_for_has_the_limit_for_an_answer_and_not_for_the_queue(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "AWAITED_SECONDS", 0.05)
    way = WaitedWay(0.1)
    with capture_logs(), closing(slow_redis(redis.url, way)) as store:
        answers: list[object] = []

        def ask() -> None:
            answers.append(store.read(("GET", "x"), is_awaited=True))

        async def run() -> None:
            async with anyio.create_task_group() as tasks:
                for _ in range(4):
                    tasks.start_soon(anyio.to_thread.run_sync, ask)

        anyio.run(run)

    assert answers == [[None]] * 4


def test_what_the_user_has_set_is_there_though_redis_be_slow(slow_store: RedisConnection, way: SlowWay) -> None:
    memory = RedisUsage(slow_store)
    memory.keep_session("conversation", CHOSEN)
    memory.keep_pins("/p", ["log"])
    with capture_logs():
        tire(slow_store, way, 1.8)
        memory.keep_session("another", CHOSEN)  # waits
        found = (memory.kept("conversation"), memory.pins("/p"), memory.kept("unknown"))
        waiting = memory.kept("another")

    assert found == (CHOSEN, ("log",), KeptSession())
    assert waiting == CHOSEN


def test_who_asks_a_slow_one_all_the_same_does_not_have_it_count_as_away_for_longer(
    slow_store: RedisConnection, way: SlowWay
) -> None:
    with capture_logs():
        tire(slow_store, way, 1.8)
        for _ in range(20):
            assert slow_store.read(("GET", "x"), is_vital=True) is not None
            assert slow_store.read(("GET", "x"), is_awaited=True) is not None

    left = slow_store._slow_until - way.now  # pyright: ignore[reportPrivateUsage]
    assert left <= 1.8 / remote.HELD_UP_SHARE


def test_that_it_is_slow_is_said_once_till_it_answers_well_again(slow_store: RedisConnection, way: SlowWay) -> None:
    with capture_logs() as logs:
        tire(slow_store, way, 1.0)
        for _ in range(200):
            slow_store.read(("GET", "x"))
            slow_store.read(("GET", "x"), is_awaited=True)
            way.now += 1.0
        way.seconds = 0.01
        way.now += 100.0
        slow_store.read(("GET", "x"))

    assert [entry["event"] for entry in logs] == ["store_slow", "store_reachable_again"]


def test_an_outage_that_ends_in_slow_answers_is_over_and_the_next_one_is_told(
    slow_store: RedisConnection, way: SlowWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(way: SlowWay) -> None:
        raise RedisConnectionError("gone")

    with capture_logs() as logs:
        for _ in range(2):
            with monkeypatch.context() as away:
                away.setattr(SlowWay, "pass_by", fail)
                assert slow_store.write(("SET", "y", 1)) == "the store at here cannot be reached; it is tried again"
            way.now += remote.REST_SECONDS
            tire(slow_store, way, 1.0)
            told = slow_store.write(("SET", "y", 2))
            way.now += 100.0
            assert told == "the store at here answers slowly; it is tried again"

    assert [entry["event"] for entry in logs] == ["store_unreachable", "store_reachable_again", "store_slow"] * 2


def test_what_waits_holds_one_question_up_for_a_moment_only(slow_store: RedisConnection, way: SlowWay) -> None:
    waiting = slow_store._waiting  # pyright: ignore[reportPrivateUsage] - what waited while Redis was away
    waiting.extend((("SET", f"key {number}", "new"),) for number in range(100))
    way.seconds = 0.2
    began = way.now
    assert slow_store.read(("GET", "key 0")) == ["new"]
    took_read, began = way.now - began, way.now
    waits = slow_store.write(("SET", "mine", "new"))
    took_write = way.now - began

    assert max(took_read, took_write) < 1.0
    assert waits == "the store at here answers slowly; it is tried again"


def test_nobody_sees_what_was_before_a_write_of_ours_that_waits(slow_store: RedisConnection, way: SlowWay) -> None:
    slow_store.write(("SET", "key 99", "old"), ("SADD", "names", "old"))
    waiting = slow_store._waiting  # pyright: ignore[reportPrivateUsage]
    waiting.extend((("SET", f"key {number}", "new"),) for number in range(100))
    way.seconds = 0.2

    assert slow_store.read(("GET", "key 99")) is None
    assert slow_store.read(("SMEMBERS", "names"), ("GET", "key 99")) is None
    assert slow_store.read(("SMEMBERS", "names")) == [{"old"}]


def test_what_waits_is_all_delivered_though_each_question_delivers_little(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "SLOW_SECONDS", 0.02)
    monkeypatch.setattr(remote, "REST_SECONDS", 0.05)
    with closing(slow_redis(redis.url, WaitedWay(0.01))) as store:
        store._waiting.extend((("SET", f"key {number}", "new"),) for number in range(30))  # pyright: ignore
        assert store.write(("SET", "last", "new")) is not None
        deadline = time.monotonic() + HANG_SECONDS
        while store.read(("GET", "last")) != ["new"] and time.monotonic() < deadline:
            time.sleep(0.01)

        assert store.read(("GET", "last")) == ["new"]
