"""Servers that say more than anybody asked for: what it costs is bounded, and the others do not notice."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.errors import UpstreamAnswerError
from mcp_dynaload.upstream.allowance import Allowance, Rate
from mcp_dynaload.upstream.connection import MAX_QUESTIONS, TOLD_AT_ONCE
from mcp_dynaload.upstream.latest_words import AT_ONCE, LatestWords
from mcp_dynaload.upstream.relisting import Relisting
from tests.faults.scripted import config, text_in, until
from tests.upstream.sessions import RecordingHost, call, pool_of, say

SERVER = Path(__file__).parents[1] / "faults" / "flooding_server.py"


def flooding(kind: str, **script: Any) -> UpstreamConfig:
    """Return a server that floods us once its tool `start` was called."""
    args = ("-I", "-S", str(SERVER), json.dumps({"flood": kind, **script}))
    return UpstreamConfig(name="odd", transport="stdio", command=sys.executable, args=args, entry={"args": list(args)})


class OpenQuestions(RecordingHost):
    """A session whose user answers nothing."""

    async def ask(self, upstream: str, method: str, params: Json | None) -> Json:
        self.asked.append((upstream, method))
        await anyio.sleep_forever()
        raise AssertionError


FLOODS = (
    *("list_changed", "echoed_changes", "growing_list", "endless_cursor"),
    *("progress", "log", "updated", "ping", "elicit", "roots", "unknown_answers"),
    *("stderr", "garbage", "blank", "endless_line"),
)


@pytest.mark.proves("bounded")
@pytest.mark.parametrize("kind", FLOODS)
async def test_another_server_answers_during_a_flood_and_all_are_gone_at_once(tmp_path: Path, kind: str) -> None:
    with anyio.fail_after(15) as limit:
        async with pool_of(tmp_path, flooding(kind), config("good"), host=OpenQuestions()) as pool:
            await say(pool, "good", "echo")
            assert await say(pool, "odd", "start") == "done"
            with anyio.fail_after(5):
                for _ in range(30):
                    assert await say(pool, "good", "echo") == "{}"
            limit.deadline = anyio.current_time() + 5


@pytest.mark.proves("bounded")
@pytest.mark.parametrize("kind", ["list_changed", "echoed_changes", "endless_cursor", "progress", "stderr"])
async def test_a_flood_at_the_first_listing_keeps_nobody_waiting(tmp_path: Path, kind: str) -> None:
    host = RecordingHost()
    async with pool_of(tmp_path, flooding(kind, at_once=True), config("good"), host=host) as pool:
        with anyio.fail_after(10):
            assert await pool.list_all(["odd", "good"]) == {}
            assert await say(pool, "good", "echo") == "{}"
    assert {"start", "echo"} <= {tool["name"] for tool in host.listings["odd"].tools}


async def test_two_thousand_changes_are_listed_twice_or_so(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    async with pool_of(tmp_path, flooding("list_changed", count=2000, notes=str(notes)), config("good")) as pool:
        await say(pool, "odd", "start")
        assert await say(pool, "odd", "echo") == "done"  # said after all of them
        await until(lambda: len(text_in(notes)) >= 2)
        for _ in range(20):
            await say(pool, "good", "echo")

    assert len(text_in(notes)) <= 5


async def test_a_list_without_end_is_read_as_far_as_the_budget_goes(tmp_path: Path) -> None:
    host, notes = RecordingHost(), tmp_path / "notes"
    async with pool_of(tmp_path, flooding("endless_cursor", notes=str(notes)), host=host) as pool:
        await say(pool, "odd", "start")
        await host.until_listed("odd")
        await until(lambda: host.listings["odd"].gaps, seconds=10)

    assert len(host.listings["odd"].tools) == 5_000
    assert host.listings["odd"].gaps == ("tools: it has more than 5000 elements; 5000 were read",)
    assert len(text_in(notes)) <= 110


async def test_the_client_gets_a_part_of_a_flood_of_notifications(tmp_path: Path) -> None:
    host = RecordingHost()
    log, told = tmp_path / "logs" / "odd.log", "more than 100 notifications a second"
    async with pool_of(tmp_path, flooding("log", count=3000), host=host) as pool:
        await say(pool, "odd", "start")
        with anyio.fail_after(10):
            assert await say(pool, "odd", "echo") == "done"  # said after all of them
        await until(lambda: log.exists() and told in log.read_text())  # with the first one that is left out

    assert TOLD_AT_ONCE <= len(host.told) < 2500


@dataclass
class Progressing(RecordingHost):
    """A session that keeps how far its calls are."""

    done: list[object] = field(default_factory=list[object])

    async def tell(self, upstream: str, method: str, params: Json | None) -> None:
        await super().tell(upstream, method, params)
        self.done.append((params or {}).get("progress"))


async def test_a_call_that_tells_of_its_progress_all_the_time_is_not_held_up_and_its_last_word_comes_first(
    tmp_path: Path,
) -> None:
    host, many = Progressing(), 12_000
    async with pool_of(tmp_path, flooding("nothing", count=many), host=host) as pool:
        await say(pool, "odd", "echo")
        with anyio.fail_after(6):  # at the pace of what nobody asked for it takes 8 s
            await pool.request("odd", "tools/call", {"name": "work", "_meta": {"progressToken": 7}})
        assert host.done[-1] == many - 1

    assert host.done[:TOLD_AT_ONCE] == [*range(TOLD_AT_ONCE)]
    assert len(host.done) < 1_500


async def test_of_a_resource_that_is_updated_and_updated_the_client_hears_the_last(tmp_path: Path) -> None:
    host = RecordingHost()
    async with pool_of(tmp_path, flooding("updated", count=3000), host=host) as pool:
        await say(pool, "odd", "start")
        with anyio.fail_after(10):
            assert await say(pool, "odd", "echo") == "done"
        await until(lambda: len(host.told) >= 5)

    assert 5 <= len(host.told) < 1000


async def test_of_many_different_resources_that_are_updated_the_client_hears_no_faster_than_it_can_use_it() -> None:
    told: list[object] = []

    async def tell(params: Json) -> None:
        told.append(params["uri"])

    updates = LatestWords[str](tell)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(updates.run)
        for number in range(2 * AT_ONCE):
            updates.keep(f"x://{number}", {"uri": f"x://{number}"})
        await until(lambda: len(told) > AT_ONCE + 5)
        tasks.cancel_scope.cancel()

    assert AT_ONCE < len(told) < AT_ONCE + 50
    assert told == [f"x://{number}" for number in range(len(told))]


async def test_few_questions_of_one_server_are_open_at_a_time(tmp_path: Path) -> None:
    host = OpenQuestions()
    async with pool_of(tmp_path, flooding("elicit", count=500), host=host) as pool:
        await say(pool, "odd", "start")
        assert await say(pool, "odd", "echo") == "done"

    assert 1 <= len(host.asked) <= MAX_QUESTIONS


@pytest.mark.parametrize("filling", ['{"":1},', "[],", "[[[]]],", '{"a":{"b":{}}},'])
async def test_an_answer_that_would_take_a_gigabyte_fails_that_call_only(tmp_path: Path, filling: str) -> None:
    async with pool_of(tmp_path, flooding("nothing")) as pool:
        with anyio.fail_after(10), pytest.raises(UpstreamAnswerError, match="refused: it would take more than 256"):
            await call(pool, "odd", "big", filling=filling, size=20_000_000)

        assert await say(pool, "odd", "echo") == "done"


async def test_changes_that_are_told_during_a_listing_are_read_by_one_more() -> None:
    begun, go_on, times = anyio.Event(), anyio.Event(), 0
    failures: list[Exception] = []

    async def list_now() -> bool:
        nonlocal times
        times += 1
        begun.set()
        await go_on.wait()
        return False

    relisting = Relisting(list_now, failed=failures.append)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(relisting.run)
            relisting.ask()
            await begun.wait()
            for _ in range(100):
                relisting.ask()
            go_on.set()
            await until(lambda: times == 2)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()

    assert times == 2
    assert not failures


async def test_a_server_that_tells_of_a_change_after_each_listing_is_listed_ever_more_seldom() -> None:
    times = 0
    failures: list[Exception] = []

    async def list_now() -> bool:
        nonlocal times
        times += 1
        relisting.ask()
        return False

    relisting = Relisting(list_now, failed=failures.append)
    relisting.ask()
    with anyio.move_on_after(1):
        await relisting.run()

    assert 1 < times <= 4
    assert not failures


async def test_who_has_spent_its_time_waits_and_is_let_go_when_the_connection_is_closed() -> None:
    allowance = Allowance(share=0.0001, burst_seconds=1)
    with anyio.fail_after(1):
        await allowance.spend(1)
    with anyio.move_on_after(0.05) as waiting:
        await allowance.spend(1)
    assert waiting.cancelled_caught

    allowance.lift()
    with anyio.fail_after(1):
        await allowance.spend(1)


async def test_a_rate_lets_so_many_through_at_once() -> None:
    rate = Rate(per_second=0.001, burst=3)

    assert [rate.takes_one() for _ in range(5)] == [True, True, True, False, False]
