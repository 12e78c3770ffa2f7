"""The harm that a misbehaving server does to its own callers, and not to others."""

import os
import re
import signal
import sys
import time
from pathlib import Path
from typing import Literal

import anyio
import pytest
from mcp import MCPError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from mcp_dynaload.config.upstream_config import UpstreamConfig, UpstreamOptions
from mcp_dynaload.errors import (
    UpstreamAnswerError,
    UpstreamClosedError,
    UpstreamError,
    UpstreamStartError,
    UpstreamTimeoutError,
)
from mcp_dynaload.upstream.listing import Listing
from mcp_dynaload.upstream.pool import Pool, open_pool
from tests.faults.scripted import config, is_alive, starts, until, until_exists
from tests.transparency.serving import served
from tests.upstream.sessions import RecordingHost, pool_of, say

QUICK = UpstreamOptions(connect_timeout_seconds=0.5, call_timeout_seconds=0.5)


async def failure_of(pool: Pool, name: str, tool: str = "pid", **arguments: object) -> str:
    with pytest.raises(UpstreamError) as caught:
        await say(pool, name, tool, **arguments)
    return str(caught.value)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as a web server that lets nobody in."""
    if scope["type"] == "http":
        await Response(status_code=401)(scope, receive, send)


@pytest.mark.proves("faults")
async def test_a_server_that_dies_in_a_call_is_named_with_its_last_words_and_starts_anew(tmp_path: Path) -> None:
    async with pool_of(tmp_path, config("bad")) as pool:
        with pytest.raises(UpstreamClosedError) as caught:
            await say(pool, "bad", "die", words="no space left in the drawer")

        assert str(caught.value) == (
            "MCP server 'bad' ended during 'tools/call'.\n"
            'Its last output, quoted:\n"no space left in the drawer"\n'
            "The other servers are unaffected. See `mcp-dynaload logs bad`."
        )
        assert await say(pool, "bad", "echo", a=1) == '{"a": 1}'


@pytest.mark.proves("faults")
async def test_a_server_killed_in_a_call_fails_that_call_at_once_and_harms_no_other(tmp_path: Path) -> None:
    arrived, go_on = tmp_path / "arrived", tmp_path / "go_on"
    failures: list[str] = []
    answers: list[str] = []

    async with pool_of(tmp_path, config("bad"), config("good")) as pool, anyio.create_task_group() as tasks:

        async def hang() -> None:
            failures.append(await failure_of(pool, "bad", "hang", arrived=str(arrived)))

        async def wait() -> None:
            answers.append(await say(pool, "good", "wait", until=str(go_on)))

        tasks.start_soon(hang)
        tasks.start_soon(wait)
        pid = int(await until_exists(arrived))
        os.kill(pid, signal.SIGKILL)
        await until(lambda: failures, seconds=2)
        assert failures[0].startswith("MCP server 'bad' ended during 'tools/call'.")
        go_on.touch()
        assert int(await say(pool, "bad", "pid")) != pid
    assert answers == ["done waiting"]


@pytest.mark.proves("faults")
async def test_a_frozen_server_fails_its_call_within_the_limit_and_is_replaced(tmp_path: Path) -> None:
    async with pool_of(tmp_path, config("bad", options=QUICK), config("good")) as pool:
        pid = int(await say(pool, "bad", "pid"))
        os.kill(pid, signal.SIGSTOP)

        began = time.monotonic()
        with pytest.raises(UpstreamTimeoutError) as caught:
            await say(pool, "bad", "echo")

        assert time.monotonic() - began < 3
        assert "MCP server 'bad' did not answer 'tools/call' and was silent for 0.5 s." in str(caught.value)
        assert "the limit is 'call_timeout_seconds' under \"dynaload\" in its entry" in str(caught.value)
        assert await say(pool, "good", "echo") == "{}"
        assert int(await say(pool, "bad", "pid")) != pid
        assert not is_alive(pid)


async def test_a_slow_call_fails_alone_and_its_server_goes_on(tmp_path: Path) -> None:
    async with pool_of(tmp_path, config("slow", options=QUICK)) as pool:
        pid = await say(pool, "slow", "pid")

        assert "was silent for 0.5 s" in await failure_of(pool, "slow", "hang")

        assert await say(pool, "slow", "pid") == pid


async def test_progress_keeps_a_slow_call_alive(tmp_path: Path) -> None:
    until = tmp_path / "until"
    async with pool_of(tmp_path, config("slow", options=QUICK)) as pool, anyio.create_task_group() as tasks:

        async def progress() -> None:
            for _ in range(5):
                await anyio.sleep(0.2)
                params = {"name": "progress", "arguments": {}, "_meta": {"progressToken": 1}}
                await pool.request("slow", "tools/call", params)
            until.touch()

        tasks.start_soon(progress)
        assert await say(pool, "slow", "wait", until=str(until)) == "done waiting"


@pytest.mark.proves("faults")
async def test_garbage_before_and_within_the_protocol_is_skipped_and_kept_in_the_log(tmp_path: Path) -> None:
    async with pool_of(tmp_path, config("noisy", garbage="Welcome!\n{not json")) as pool:
        assert await say(pool, "noisy", "print", text="[1, 2]") == "printed"

        assert await say(pool, "noisy", "echo", a=1) == '{"a": 1}'
    log = (tmp_path / "logs" / "noisy.log").read_text()
    assert all(garbage in log for garbage in ("Welcome!", "{not json", "[1, 2]"))


@pytest.mark.proves("faults")
async def test_a_server_that_exits_at_its_start_fails_with_all_that_it_said(tmp_path: Path) -> None:
    bad = config("bad", garbage="usage: bad --key KEY", exits_with="API key is missing")
    async with pool_of(tmp_path, bad) as pool:
        with pytest.raises(UpstreamStartError) as caught:
            await say(pool, "bad", "echo")
    text = str(caught.value)
    assert text.startswith("MCP server 'bad' did not start: it ended before it answered the handshake (exit status 1).")
    assert "API key is missing" in text
    assert "usage: bad --key KEY" in text
    assert "`mcp-dynaload logs bad`" in text


@pytest.mark.proves("faults")
async def test_a_server_that_never_answers_the_handshake_fails_within_the_limit(tmp_path: Path) -> None:
    stubborn = config("bad", options=QUICK, never_answers=True, ignores_end_of_input=True, ignores_sigterm=True)
    async with pool_of(tmp_path, stubborn) as pool:
        began = time.monotonic()

        assert "did not start: no answer to the handshake in 0.5 s" in await failure_of(pool, "bad")

        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize(
    ("program", "advice"),
    [
        ("no-such-program", "install it, or give its full path"),
        ("npx -y a-server", "put what follows 'npx' into 'args' of its entry"),
        ("C:/Program Files/npx", "install it, or give its full path"),
        (" ", "install it, or give its full path"),
    ],
)
async def test_a_missing_program_is_named_with_what_to_do(tmp_path: Path, program: str, advice: str) -> None:
    bad = config("bad")
    object.__setattr__(bad, "command", program)
    async with pool_of(tmp_path, bad) as pool:
        assert f"did not start: the program '{program}' was not found: {advice}" in await failure_of(pool, "bad")


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("#!/bin/sh\n", 0o600, "may not be run (permission denied): make it executable"),
        ("#!/no/such/interpreter\n", 0o700, "cannot be run: what its first line names to run it with was not found"),
        ("exit 3\n", 0o700, "is none that this system can run: name what runs it as 'command'"),
        (None, 0o700, "is a folder: name the program in it"),
    ],
)
async def test_a_program_that_cannot_be_run_is_told_with_what_to_do(
    tmp_path: Path, text: str | None, mode: int, said: str
) -> None:
    program = tmp_path / "program"
    if text is None:
        program.mkdir()
    else:
        program.write_text(text)
    program.chmod(mode)
    bad = config("bad")
    object.__setattr__(bad, "command", str(program))
    async with pool_of(tmp_path, bad) as pool:
        assert f"did not start: the program '{program}' {said}" in await failure_of(pool, "bad")


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    async with open_pool([config("a")], RecordingHost(), gone, tmp_path / "logs", 1) as pool:
        text = await failure_of(pool, "a")

    assert f"did not start: the folder {str(gone)!r}, in which it is to run, does not exist" in text
    assert "program" not in text


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_a_key_in_an_address_that_refuses_us_is_not_told(
    tmp_path: Path, transport: Literal["http", "sse"]
) -> None:
    async with served(refuse) as origin:
        url = f"{origin.replace('://', '://ada:KEY-1@')}/KEY-2/mcp?api_key=KEY-3"
        far = UpstreamConfig(name="far", transport=transport, url=url)
        with capture_logs() as logs:
            async with pool_of(tmp_path, far) as pool:
                text = await failure_of(pool, "far")

    assert text.startswith("MCP server 'far' did not start: ")
    assert "401" in text or transport == "http"  # for which the SDK has a text of its own
    assert "KEY-" not in text
    assert "KEY-" not in str(logs)


class BrokenHost(RecordingHost):
    """A session with a fault in it."""

    async def upstream_listed(self, upstream: str, listing: Listing) -> None:
        raise ZeroDivisionError("a fault of ours")


async def test_a_fault_of_ours_that_ends_a_connection_is_logged_as_a_failure(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with pool_of(tmp_path, config("a"), host=BrokenHost()) as pool:
            pool.warm(["a"])
            await until(lambda: any(entry["event"] in ("upstream_failed", "upstream_stopped") for entry in logs))

    ends = [entry for entry in logs if entry["event"] in ("upstream_broke_us", "upstream_failed", "upstream_stopped")]
    assert [entry["event"] for entry in ends] == ["upstream_broke_us", "upstream_failed"]
    assert ends[0]["exc_info"]
    assert ends[1]["error"] == "a fault of ours"


async def test_a_server_that_fails_is_no_fault_of_ours(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with pool_of(tmp_path, config("a", exits_with="broken")) as pool:
            await failure_of(pool, "a")

    assert "upstream_broke_us" not in [entry["event"] for entry in logs]


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_an_address_where_nobody_listens_fails_at_once(
    tmp_path: Path, transport: Literal["http", "sse"], free_tcp_port: int
) -> None:
    url = f"http://127.0.0.1:{free_tcp_port}/mcp"
    far = UpstreamConfig(name="far", transport=transport, url=url, headers={"X-Token": "secret"})
    async with pool_of(tmp_path, far, config("good")) as pool:
        with anyio.fail_after(5):
            text = await failure_of(pool, "far")

        assert text.startswith("MCP server 'far' did not start: ")
        assert "connect" in text.lower()
        assert "secret" not in text
        assert await say(pool, "good", "echo") == "{}"


ASKING = "import sys; sys.stdout.write('Ok to proceed? (y) '); sys.stdout.flush(); sys.stdin.readline()"


@pytest.mark.proves("in-words")
@pytest.mark.parametrize("then", ["", "; import time; time.sleep(600)"], ids=["it ends", "it waits on"])
async def test_a_question_that_a_program_prints_in_place_of_an_answer_is_quoted(tmp_path: Path, then: str) -> None:
    options = UpstreamOptions(connect_timeout_seconds=0.5)
    arguments = ("-I", "-S", "-c", ASKING + then)
    asking = UpstreamConfig(name="ask", transport="stdio", command=sys.executable, args=arguments, options=options)
    async with pool_of(tmp_path, asking) as pool:
        text = await failure_of(pool, "ask")

    assert text.startswith("MCP server 'ask' did not start: ")
    assert "Ok to proceed? (y)" in text


async def test_the_last_answer_of_a_program_may_lack_its_line_end(tmp_path: Path) -> None:
    line = '{"jsonrpc":"2.0","id":{id},"result":{"content":[{"type":"text","text":"bye"}]}}'
    async with pool_of(tmp_path, config("a")) as pool:
        assert await say(pool, "a", "last_words", text=line) == "bye"


async def test_a_protocol_version_of_no_known_era_is_named(tmp_path: Path) -> None:
    async with pool_of(tmp_path, config("odd", protocol="1999-01-01")) as pool:
        assert "did not start: it answered with the unknown protocol version '1999-01-01'" in await failure_of(
            pool, "odd"
        )


async def test_much_output_on_stderr_blocks_nothing(tmp_path: Path) -> None:
    async with pool_of(tmp_path, config("loud")) as pool:
        with anyio.fail_after(5):
            assert await say(pool, "loud", "complain", text="x" * 1000, times=3000) == "complained"


async def test_output_on_stderr_blocks_nothing_where_no_log_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    async with pool_of(tmp_path, config("loud")) as pool:
        with anyio.fail_after(5):
            assert await say(pool, "loud", "complain", text="x" * 1000, times=500) == "complained"
        assert "the last words" in await failure_of(pool, "loud", "die", words="the last words")


async def test_servers_that_keep_failing_rest_before_they_are_tried_again(tmp_path: Path) -> None:
    tried = tmp_path / "starts"
    async with pool_of(tmp_path, config("bad", exits_with="broken", starts_file=str(tried))) as pool:
        texts = [await failure_of(pool, "bad") for _ in range(5)]

        began = time.monotonic()
        texts += [await failure_of(pool, "bad") for _ in range(20)]

    assert time.monotonic() - began < 0.5
    assert len(starts(tried)) == 4
    assert re.search(r"failed 4 times and rests for [34] s more: it ended before it answered", texts[-1])
    assert "broken" in texts[-1]


async def test_a_server_that_recovered_is_trusted_again(tmp_path: Path) -> None:
    broken, tried = tmp_path / "broken", tmp_path / "starts"
    broken.touch()
    bad = config("bad", exits_with="broken", exits_while=str(broken), starts_file=str(tried))
    async with pool_of(tmp_path, bad) as pool:
        await failure_of(pool, "bad")
        await failure_of(pool, "bad")
        broken.unlink()
        await say(pool, "bad", "echo")

        await failure_of(pool, "bad", "die")
        with anyio.fail_after(0.8):
            assert await say(pool, "bad", "echo") == "{}"


async def test_a_servers_own_error_is_passed_on_even_if_it_looks_like_a_closed_connection(tmp_path: Path) -> None:
    async with pool_of(tmp_path, config("rude")) as pool:
        for message in ("something else", "Connection closed"):
            with pytest.raises(MCPError) as caught:
                await say(pool, "rude", "fail", code=-32000, message=message)
            assert (caught.value.error.code, caught.value.error.message) == (-32000, message)


async def test_an_answer_that_is_too_long_fails_that_call_only_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_dynaload.transport.bounds.MAX_MESSAGE_BYTES", 100_000)
    async with pool_of(tmp_path, config("bad")) as pool:
        assert len(await say(pool, "bad", "big", size=90_000)) == 90_000
        pid = await say(pool, "bad", "pid")

        with pytest.raises(UpstreamAnswerError, match="its answer is refused: it is longer than 100000 bytes"):
            await say(pool, "bad", "big", size=3_000_000)

        assert await say(pool, "bad", "pid") == pid
