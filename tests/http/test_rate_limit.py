from contextlib import closing
from pathlib import Path

from structlog.testing import capture_logs

from mcp_dynaload.http.rate_limit import RedisBuckets
from mcp_dynaload.store.redis_connection import open_redis
from mcp_dynaload.store.session_counts import RedisCounts
from tests.redis_server import running_redis


async def test_replicas_count_one_sender_together(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server, closing(open_redis(server.url)) as remote:
        one, two = RedisBuckets(remote, 6), RedisBuckets(remote, 6)  # one more every ten seconds
        waits = [await (one, two)[number % 2].wait_seconds("token ann") for number in range(6)]
        surplus, other = await one.wait_seconds("token ann"), await two.wait_seconds("token milo")

    assert waits == [0.0] * 6
    assert 0 < surplus <= 10
    assert other == 0


async def test_while_redis_is_away_each_counts_by_itself(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server, closing(open_redis(server.url)) as remote, capture_logs():
        rates = RedisBuckets(remote, 2)
        server.stop()
        waits = [await rates.wait_seconds("token ann") for _ in range(3)]

    assert waits[:2] == [0.0, 0.0]
    assert waits[2] > 0


async def test_no_limit_asks_nobody(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server, closing(open_redis(server.url)) as remote:
        server.stop()
        assert await RedisBuckets(remote, 0).wait_seconds("token ann") == 0


async def test_replicas_count_a_senders_sessions_together_and_forget_a_replica_that_is_gone(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server, closing(open_redis(server.url)) as remote:
        one, two, three = RedisCounts(remote), RedisCounts(remote), RedisCounts(remote)
        await one.tell("ann", 3)
        await two.tell("ann", 4)
        await two.tell("milo", 1)
        before = [await replica.elsewhere("ann") for replica in (one, two, three)]
        await two.tell("ann", 0)
        after = await one.elsewhere("ann"), await three.elsewhere("ann"), await three.elsewhere("milo")
        remote.write(("HSET", "dynaload:sessions:ann", "killed", "9 1"))
        late = await three.elsewhere("ann")

    assert before == [4, 3, 7]
    assert after == (0, 3, 1)
    assert late == 3


async def test_while_redis_is_away_a_replica_knows_of_no_sessions_elsewhere(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server, closing(open_redis(server.url)) as remote, capture_logs():
        counts = RedisCounts(remote)
        server.stop()
        await counts.tell("ann", 3)
        assert await counts.elsewhere("ann") == 0
