"""A Redis that answers slowly holds up those whose definitions are compared, and no other work."""

import time
from contextlib import closing
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from structlog.testing import capture_logs

from mcp_dynaload.masking import Masker
from mcp_dynaload.proxy.quarantine import Quarantine
from mcp_dynaload.store.redis_definitions import RedisDefinitions
from tests.faults.scripted import config, tools
from tests.redis_server import RedisServer
from tests.store.slow_redis import WaitedWay, slow_redis


@pytest.mark.proves("team-store-away")
async def test_connections_whose_tools_wait_to_be_compared_hold_no_shared_thread(
    redis: RedisServer, tmp_path: Path
) -> None:
    way, compared, compared_meanwhile = WaitedWay(0.02), 0, 100
    with capture_logs(), closing(RedisDefinitions(slow_redis(redis.url, way, is_awaited=True))) as store:
        quarantine = Quarantine(store, Masker(), "enforce", tmp_path)
        quarantine.configure([config("a")])

        async def compare() -> None:
            nonlocal compared
            await quarantine.foresee("a", tools("echo"))
            compared += 1

        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(compare)
            await anyio.sleep(0.01)
            await anyio.to_thread.run_sync(time.monotonic)
            compared_meanwhile = compared

    assert compared == 100
    assert compared_meanwhile < 10
