import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_dynaload.config.upstream_config import UpstreamConfig, UpstreamOptions
from mcp_dynaload.errors import UpstreamStartError
from mcp_dynaload.upstream.failures import MAX_REASON_CHARACTERS
from mcp_dynaload.upstream.listing import Listing
from mcp_dynaload.upstream.pool import Pool
from tests.faults.scripted import config, is_alive, starts, tools, until, until_exists, until_gone
from tests.upstream.sessions import RecordingHost, call, pool_of, say
from tests.waiting import HANG_SECONDS

IDLE_SOON = UpstreamOptions(idle_seconds=0.05)


def running(pool: Pool) -> set[str]:
    return {upstream.name for upstream in pool.running}


def counted(folder: Path, name: str, options: UpstreamOptions | None = None, **script: Any) -> UpstreamConfig:
    """Return a server that notes each of its starts."""
    return config(name, options=options, starts_file=str(folder / f"{name}.starts"), **script)


def starts_of(folder: Path, name: str) -> int:
    return len(starts(folder / f"{name}.starts"))


async def several_sweeps() -> None:
    """Let the pool look for idle servers, which it does every 10 ms here."""
    await anyio.sleep(0.05)


async def until_running(pool: Pool, *names: str) -> None:
    await until(lambda: running(pool) == set(names) and all(pool[name].connection for name in names))


@asynccontextmanager
async def busy(pool: Pool, folder: Path, *names: str) -> AsyncGenerator[None]:
    """Keep the named servers at work on a call."""
    until = folder / "until"
    async with anyio.create_task_group() as tasks:
        for name in names:
            arrived = folder / f"{name}.arrived"
            tasks.start_soon(lambda n=name, a=arrived: say(pool, n, "wait", arrived=str(a), until=str(until)))
            await until_exists(arrived)
        yield
        until.touch()


async def test_nothing_runs_before_the_first_request_and_then_only_the_one_asked(tmp_path: Path) -> None:
    async with pool_of(tmp_path, *(counted(tmp_path, name) for name in "abc")) as pool:
        assert (pool.names, running(pool)) == (("a", "b", "c"), set())

        await say(pool, "b", "echo")
        await say(pool, "b", "echo")

        assert running(pool) == {"b"}
    assert [starts_of(tmp_path, name) for name in "abc"] == [0, 1, 0]


async def test_requests_that_come_together_start_a_server_once(tmp_path: Path) -> None:
    async with pool_of(tmp_path, counted(tmp_path, "a")) as pool, anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(say, pool, "a", "echo")
    assert starts_of(tmp_path, "a") == 1


async def test_an_idle_server_is_stopped_and_started_again_when_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.upstream.pool.SWEEP_SECONDS", 0.01)
    async with pool_of(tmp_path, config("a", options=IDLE_SOON), config("b")) as pool:
        first = await say(pool, "a", "pid")
        await say(pool, "b", "pid")
        await until_running(pool, "b")
        await until_gone([int(first)])

        assert await say(pool, "a", "pid") != first


async def test_a_server_is_not_idle_while_it_works_or_has_a_subscription(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.upstream.pool.SWEEP_SECONDS", 0.01)
    working, subscribed, idle = (counted(tmp_path, name, IDLE_SOON) for name in ("working", "subscribed", "idle"))
    async with pool_of(tmp_path, working, subscribed, idle) as pool:
        pool["subscribed"].subscriptions.add("file:///a")
        for name in ("subscribed", "idle"):
            await say(pool, name, "echo")
        async with busy(pool, tmp_path, "working"):
            await until_running(pool, "working", "subscribed")


async def test_a_server_that_takes_long_to_start_is_not_taken_for_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.upstream.pool.SWEEP_SECONDS", 0.01)
    go = tmp_path / "go"
    slow = counted(tmp_path, "slow", UpstreamOptions(idle_seconds=30), starts_after=str(go))
    async with pool_of(tmp_path, slow) as pool:
        pool.warm(["slow"])
        await until_exists(tmp_path / "slow.starts")
        await several_sweeps()
        go.touch()
        await until_running(pool, "slow")
        await say(pool, "slow", "echo")
    assert starts_of(tmp_path, "slow") == 1


async def test_over_the_cap_the_server_used_least_recently_makes_room(tmp_path: Path) -> None:
    async with pool_of(tmp_path, *(config(name) for name in "abc"), max_running=2) as pool:
        pids = {name: int(await say(pool, name, "pid")) for name in "ab"}
        await say(pool, "a", "echo")

        await say(pool, "c", "echo")

        assert running(pool) == {"a", "c"}
        assert not is_alive(pids["b"])


async def test_when_all_are_busy_the_next_waits_for_one_to_be_done(tmp_path: Path) -> None:
    async with pool_of(tmp_path, *(config(name) for name in "abc"), max_running=2) as pool:
        async with anyio.create_task_group() as tasks, busy(pool, tmp_path, "a", "b"):
            tasks.start_soon(say, pool, "c", "echo")
            await anyio.wait_all_tasks_blocked()
            assert running(pool) == {"a", "b"}
        assert "c" in running(pool)
        assert len(running(pool)) == 2


async def test_all_that_wait_for_room_get_it_one_after_the_other(tmp_path: Path) -> None:
    async with pool_of(tmp_path, *(config(name) for name in "abc"), max_running=1) as pool:
        with anyio.fail_after(HANG_SECONDS):
            async with anyio.create_task_group() as tasks, busy(pool, tmp_path, "a"):
                for name in "bc":
                    tasks.start_soon(say, pool, name, "echo")
                    await anyio.wait_all_tasks_blocked()
                assert running(pool) == {"a"}
        assert len(running(pool)) == 1


async def test_a_server_with_subscriptions_makes_room_last(tmp_path: Path) -> None:
    async with pool_of(tmp_path, *(config(name) for name in "abcd"), max_running=2) as pool:
        pool["a"].subscriptions.add("file:///a")
        for name in "ab":
            await say(pool, name, "echo")

        await say(pool, "c", "echo")
        assert running(pool) == {"a", "c"}

        pool["c"].subscriptions.add("file:///c")
        await say(pool, "d", "echo")
        assert running(pool) == {"c", "d"}


async def test_a_server_that_is_being_warmed_does_not_make_room_for_others_first(tmp_path: Path) -> None:
    go = tmp_path / "go"
    warming = counted(tmp_path, "warming", starts_after=str(go))
    async with pool_of(tmp_path, config("used"), warming, config("wanted"), max_running=2) as pool:
        await say(pool, "used", "echo")
        pool.warm(["warming"])
        await until_exists(tmp_path / "warming.starts")

        await say(pool, "wanted", "echo")

        assert running(pool) == {"warming", "wanted"}
        go.touch()


async def test_a_server_that_hangs_in_its_handshake_does_not_keep_others_from_starting(tmp_path: Path) -> None:
    hangs = counted(tmp_path, "hangs", never_answers=True)
    async with pool_of(tmp_path, hangs, config("good"), max_running=1) as pool:
        pool.warm(["hangs"])
        await until_exists(tmp_path / "hangs.starts")
        with anyio.fail_after(3):
            assert await say(pool, "good", "echo") == "{}"


async def test_a_warmed_server_runs_before_it_is_called(tmp_path: Path) -> None:
    async with pool_of(tmp_path, counted(tmp_path, "a"), counted(tmp_path, "b")) as pool:
        pool.warm(["a", "unknown"])
        await until_running(pool, "a")

        await say(pool, "a", "echo")

        assert starts_of(tmp_path, "a") == 1


async def test_warming_never_stops_a_running_server_nor_exceeds_the_cap(tmp_path: Path) -> None:
    names = "abcdef"
    async with pool_of(tmp_path, *(counted(tmp_path, name) for name in names), max_running=3) as pool:
        await say(pool, "f", "echo")
        pool.warm(names)
        await anyio.wait_all_tasks_blocked()
        await until(lambda: sum(starts_of(tmp_path, name) for name in names) >= 3)
        await until(lambda: all(upstream.connection for upstream in pool.running))
        await anyio.wait_all_tasks_blocked()

        assert len(running(pool)) == 3
        assert "f" in running(pool)
    assert sum(starts_of(tmp_path, name) for name in names) == 3


async def test_a_server_that_cannot_be_warmed_is_only_logged(tmp_path: Path) -> None:
    async with pool_of(tmp_path, counted(tmp_path, "bad", exits_with="broken"), config("good")) as pool:
        pool.warm(["bad"])
        await until_exists(tmp_path / "bad.starts")

        assert await say(pool, "good", "echo") == "{}"


async def test_listing_all_stops_each_again_and_tells_which_failed(tmp_path: Path) -> None:
    host = RecordingHost()
    good = [counted(tmp_path, f"good{number}", offers={"tools": tools(f"t{number}")}) for number in range(6)]
    bad = config("bad", exits_with="broken")
    async with pool_of(tmp_path, *good, bad, host=host, max_running=3) as pool:
        errors = await pool.list_all(pool.names)

        assert {name: [t["name"] for t in listing.tools] for name, listing in host.listings.items()} == {
            f"good{number}": [f"t{number}"] for number in range(6)
        }
        assert list(errors) == ["bad"]
        assert "broken" in errors["bad"]
        await until_running(pool)


async def test_a_list_that_is_answered_with_an_error_counts_as_not_listed(tmp_path: Path) -> None:
    host = RecordingHost()
    async with pool_of(tmp_path, config("bad", lists_fail="the index is being built"), host=host) as pool:
        errors = await pool.list_all(["bad"])

    assert errors["bad"].startswith("MCP server 'bad' could not be listed: the index is being built.")
    assert host.life == [("bad", "started"), ("bad", "could not be listed"), ("bad", "stopped")]


async def test_of_an_endless_reason_the_beginning_is_told(tmp_path: Path) -> None:
    async with pool_of(tmp_path, config("bad", lists_fail="the index " + 3_000 * "is being built ")) as pool:
        errors = await pool.list_all(["bad"])

    assert errors["bad"].startswith("MCP server 'bad' could not be listed: the index is being built")
    assert len(errors["bad"]) < 2 * MAX_REASON_CHARACTERS


async def test_the_beginning_of_a_reason_without_spaces_is_told(tmp_path: Path) -> None:
    async with pool_of(tmp_path, config("bad", lists_fail=3_000 * "\u7121")) as pool:
        errors = await pool.list_all(["bad"])

    assert 1_000 * "\u7121" in errors["bad"]
    assert len(errors["bad"]) < 2 * MAX_REASON_CHARACTERS


async def test_a_fault_of_ours_with_one_server_costs_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> None:
        raise AttributeError("'str' object has no attribute 'get'")

    async with pool_of(tmp_path, config("odd"), config("good")) as pool:
        monkeypatch.setattr(pool["odd"], "list_once", broken)
        failed = await pool.list_all(["odd", "good"])
        await pool.list_again(["odd", "good"])
        assert await say(pool, "good", "echo")

    assert list(failed) == ["odd"]
    assert "MCP server 'odd' could not be listed, by a fault of mcp-dynaload's" in failed["odd"]


GREETING_ONLY = """
import json, os, sys, time
message = json.loads(sys.stdin.readline())
hello = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {}}
print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": hello}), flush=True)
os.close(1)
"""


@pytest.mark.proves("in-words")
@pytest.mark.parametrize("then", ["", "time.sleep(600)"], ids=["it exits", "it closes its output"])
async def test_a_server_that_ends_right_after_the_handshake_is_told(tmp_path: Path, then: str) -> None:
    arguments = ("-I", "-S", "-c", GREETING_ONLY + then)
    leaving = UpstreamConfig(name="leaving", transport="stdio", command=sys.executable, args=arguments)
    async with pool_of(tmp_path, leaving) as pool:
        failed = await pool.list_all(["leaving"])

    assert "MCP server 'leaving' could not be listed: it ended right after the handshake" in failed["leaving"]


@pytest.mark.proves("late-tools")
async def test_what_a_server_has_listed_counts_though_it_ends_before_that_was_taken_in(tmp_path: Path) -> None:
    class SlowHost(RecordingHost):
        async def upstream_listed(self, upstream: str, listing: Listing) -> None:
            await anyio.sleep(0.2)
            await super().upstream_listed(upstream, listing)

    then = f"""
sys.stdin.readline()
message = json.loads(sys.stdin.readline())
print(json.dumps({{"jsonrpc": "2.0", "id": message["id"], "result": {{"tools": {tools("echo")!r}}}}}), flush=True)
"""
    program = GREETING_ONLY.replace("os.close(1)", then)
    leaving = UpstreamConfig(
        name="leaving", transport="stdio", command=sys.executable, args=("-I", "-S", "-c", program)
    )
    host = SlowHost()
    async with pool_of(tmp_path, leaving, host=host) as pool:
        assert await pool.list_all(["leaving"]) == {}

    assert [tool["name"] for tool in host.listings["leaving"].tools] == ["echo"]


async def test_a_list_that_is_never_answered_is_given_up(tmp_path: Path) -> None:
    options = UpstreamOptions(connect_timeout_seconds=0.5)
    async with pool_of(tmp_path, config("bad", options=options, lists_hang=True)) as pool:
        with anyio.fail_after(3):
            errors = await pool.list_all(["bad"])

    assert errors["bad"].startswith("MCP server 'bad' could not be listed: it did not answer in time.")


async def test_a_server_in_use_stays_after_it_was_listed(tmp_path: Path) -> None:
    async with pool_of(tmp_path, counted(tmp_path, "a")) as pool:
        async with busy(pool, tmp_path, "a"):
            assert await pool.list_all(["a"]) == {}
        assert running(pool) == {"a"}


async def test_an_eager_server_stays_after_it_was_listed(tmp_path: Path) -> None:
    async with pool_of(tmp_path, counted(tmp_path, "a", UpstreamOptions(eager=True))) as pool:
        pool.warm(["a"])

        await pool.list_all(["a"])

        await until_running(pool, "a")
    assert starts_of(tmp_path, "a") == 1


async def test_a_changed_list_is_read_again_whole(tmp_path: Path) -> None:
    host = RecordingHost()
    async with pool_of(tmp_path, config("a", offers={"tools": tools("add_tool")}), host=host) as pool:
        await say(pool, "a", "add_tool", added="new", description="a new one")
        with anyio.fail_after(HANG_SECONDS):
            while [tool["name"] for tool in (await host.until_listed("a")).tools] != ["add_tool", "new"]:
                await host.news.wait()


async def test_what_the_client_asked_for_is_asked_of_each_new_connection(tmp_path: Path) -> None:
    host = RecordingHost(log_level="debug")
    async with pool_of(tmp_path, config("a", offers_all=True), host=host) as pool:
        pool["a"].subscriptions.update({"file:///b", "file:///a"})
        heard = json.loads(await say(pool, "a", "levels"))

    assert heard == {"levels": ["debug"], "subscribed": ["file:///a", "file:///b"]}


async def test_a_stopped_server_is_told_nothing(tmp_path: Path) -> None:
    async with pool_of(tmp_path, counted(tmp_path, "a")) as pool:
        await pool["a"].notify("notifications/roots/list_changed", None)
        await pool["a"].set_log_level("debug")
        await pool["a"].relist()
        await pool["a"].stopped()
    assert starts_of(tmp_path, "a") == 0


async def test_a_running_server_gets_notifications_and_the_log_level(tmp_path: Path) -> None:
    async with pool_of(tmp_path, config("a")) as pool:
        await say(pool, "a", "echo")

        await pool["a"].notify("notifications/roots/list_changed", None)
        await pool["a"].set_log_level("error")

        assert json.loads(await say(pool, "a", "levels"))["levels"] == ["error"]


async def test_results_come_back_as_the_server_gave_them(tmp_path: Path) -> None:
    async with pool_of(tmp_path, config("a")) as pool:
        assert await call(pool, "a", "echo", x=[None, {"y": "ü"}]) == {
            "content": [{"type": "text", "text": '{"x": [null, {"y": "\\u00fc"}]}'}]
        }


@pytest.mark.proves("late-tools")
async def test_tools_that_a_server_registers_after_its_first_listing_are_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.upstream.upstream.SETTLING_SECONDS", 30)
    host, go = RecordingHost(), tmp_path / "go"
    late = counted(tmp_path, "late", offers={"tools": []}, tools_come_with=str(go))
    async with pool_of(tmp_path, late, host=host) as pool:
        assert await pool.list_all(["late"]) == {}
        assert host.listings["late"].tools == ()
        go.touch()

        await until(lambda: [tool["name"] for tool in host.listings["late"].tools] == ["echo", "late"])
    assert starts_of(tmp_path, "late") == 1


@pytest.mark.proves("late-tools")
async def test_a_start_that_takes_longer_than_its_limit_goes_on_and_a_later_call_finds_it_running(
    tmp_path: Path,
) -> None:
    go = tmp_path / "go"
    options = UpstreamOptions(connect_timeout_seconds=0.2)
    async with pool_of(tmp_path, counted(tmp_path, "slow", options, starts_after=str(go))) as pool:
        for _ in range(2):
            with pytest.raises(UpstreamStartError, match=r"no answer to the handshake in 0\.2 s\. It goes on starting"):
                await say(pool, "slow", "echo")
        go.touch()
        await until_running(pool, "slow")

        assert await say(pool, "slow", "echo") == "{}"
    assert starts_of(tmp_path, "slow") == 1


async def test_a_start_without_end_is_given_up_at_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_dynaload.upstream.lifecycle.MAX_START_SECONDS", 0.3)
    options = UpstreamOptions(connect_timeout_seconds=5)
    async with pool_of(tmp_path, counted(tmp_path, "slow", options, never_answers=True)) as pool:
        with pytest.raises(UpstreamStartError, match=r"did not start: no answer to the handshake in 0\.3 s"):
            await say(pool, "slow", "echo")
        await until(lambda: not pool.running)


async def test_of_a_list_whose_second_page_fails_the_first_is_kept_and_the_rest_as_it_was(tmp_path: Path) -> None:
    host = RecordingHost()
    broken = config("a", offers={"tools": tools("a", "b", "c")}, page_size=2, pages_fail="out of memory")
    async with pool_of(tmp_path, broken, host=host) as pool:
        assert await pool.list_all(["a"]) == {}

    assert [tool["name"] for tool in host.listings["a"].tools] == ["a", "b"]
    assert host.listings["a"].gaps == ("tools: 'tools/list' failed: out of memory; 2 were read",)


async def test_an_upstream_is_listed_again_where_it_runs_and_started_for_it_where_not(tmp_path: Path) -> None:
    host, offers = RecordingHost(), tmp_path / "offers.json"
    offers.write_text(json.dumps({"tools": tools("pid")}))
    both = [counted(tmp_path, name, offers_file=str(offers)) for name in ("running", "stopped")]
    async with pool_of(tmp_path, *both, config("missing", exits_with="gone"), host=host) as pool:
        await say(pool, "running", "pid")
        await host.until_listed("running")
        offers.write_text(json.dumps({"tools": tools("pid", "new")}))

        await pool.list_again(["running", "stopped", "missing"])

        assert [len(host.listings[name].tools) for name in ("running", "stopped")] == [2, 2]
    assert (starts_of(tmp_path, "running"), starts_of(tmp_path, "stopped")) == (1, 1)
