"""Where stores are kept: each contract is kept alike in the state folder and in a real Redis."""

from collections.abc import Iterator

import pytest

from tests.redis_server import RedisServer, running_redis


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
