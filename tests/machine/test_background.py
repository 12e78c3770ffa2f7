from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from structlog.testing import capture_logs

from mcp_dynaload.machine import background
from mcp_dynaload.machine.background import kept_up, open_aside, surviving
from tests.waiting import HANG_SECONDS


async def broken(done: list[str]) -> None:
    done.append("begun")
    raise AttributeError("'str' object has no attribute 'get'")


async def test_a_fault_of_ours_in_the_background_is_logged_and_ends_nothing_else() -> None:
    begun: list[str] = []

    with capture_logs() as logs:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(surviving, broken, begun)
            await anyio.sleep(0.01)
            begun.append("beside it")

    assert begun == ["begun", "beside it"]
    assert [(log["event"], log["work"]) for log in logs] == [("background_work_broke_us", "broken")]


async def test_what_is_to_go_on_for_ever_is_begun_again_until_it_ends_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(background, "AGAIN_SECONDS", 0.0)
    begun: list[str] = []

    async def broken_twice() -> None:
        if len(begun) < 2:
            await broken(begun)
        begun.append("done")

    with anyio.fail_after(HANG_SECONDS):
        await kept_up(broken_twice)

    assert begun == ["begun", "begun", "done"]


async def test_a_context_that_is_open_aside_is_left_at_once_while_the_rest_comes_to_its_end() -> None:
    left = anyio.Event()

    @asynccontextmanager
    async def noted() -> AsyncGenerator[None]:
        try:
            yield
        finally:
            left.set()

    with anyio.CancelScope() as everything:
        async with open_aside(noted()):
            everything.cancel()
            with anyio.CancelScope(shield=True), anyio.fail_after(HANG_SECONDS):
                await left.wait()
            await anyio.sleep_forever()

    assert everything.cancelled_caught
