"""Where stores are kept: each contract is kept alike in the state folder and in a real Redis."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from mcp_dynaload.store.redis_connection import RedisConnection
from tests.redis_server import RedisServer, running_redis
from tests.store.slow_redis import SlowWay, slow_redis


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["state folder", "redis"])
def url(request: pytest.FixtureRequest, redis: RedisServer) -> str:
    """Return where to keep it; each test has a database of its own."""
    if request.param == "state folder":
        return ""
    redis.flush()
    return redis.url


@pytest.fixture
def way() -> SlowWay:
    return SlowWay()


@pytest.fixture
def slow_store(redis: RedisServer, way: SlowWay) -> Iterator[RedisConnection]:
    """Return a connection over the way."""
    redis.flush()
    with closing(slow_redis(redis.url, way)) as opened:
        yield opened
        way.seconds = 0.0
