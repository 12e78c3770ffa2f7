import json
import os
import signal
from pathlib import Path

import anyio
import pytest

from mcp_dynaload.config.upstream_config import UpstreamOptions
from mcp_dynaload.errors import UpstreamClosedError
from mcp_dynaload.upstream.lifecycle import GONE_SECONDS
from mcp_dynaload.upstream.output_log import OutputLog, log_path
from mcp_dynaload.upstream.process import child_environment
from mcp_dynaload.upstream.process_family import MARK_VARIABLE
from tests.faults.scripted import config, is_alive, tools, until_gone
from tests.upstream.sessions import pool_of, say


async def test_a_server_starts_with_few_variables_and_its_own_in_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_OURS", "1")
    async with pool_of(tmp_path, config("a", env={"TOKEN": "t"})) as pool:
        surroundings = json.loads(await say(pool, "a", "surroundings"))

    assert surroundings["cwd"] == str(tmp_path)
    assert surroundings["env"]["TOKEN"] == "t"
    assert surroundings["env"]["PATH"] == os.environ["PATH"]
    assert set(surroundings["env"]) <= {
        "HOME",
        "LOGNAME",
        "PATH",
        "SHELL",
        "TERM",
        "USER",
        "TOKEN",
        "LC_CTYPE",
        MARK_VARIABLE,
    }


async def test_a_server_starts_in_the_folder_that_its_entry_names(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    async with pool_of(tmp_path, config("a", options=UpstreamOptions(cwd="tools"))) as pool:
        assert json.loads(await say(pool, "a", "surroundings"))["cwd"] == str(tmp_path / "tools")


async def test_a_server_that_was_moved_behind_us_keeps_the_whole_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OURS", "1")
    monkeypatch.setenv("BOTH", "ours")
    inheriting = config("a", env={"BOTH": "its own"}, options=UpstreamOptions(inherit_env=True))
    async with pool_of(tmp_path, inheriting) as pool:
        env = json.loads(await say(pool, "a", "surroundings"))["env"]

    assert (env["OURS"], env["BOTH"]) == ("1", "its own")


def test_its_own_variables_win_in_both_environments() -> None:
    assert child_environment({"A": "2"}, inherit=True, environ={"A": "1", "B": "1"}) == {"A": "2", "B": "1"}
    ours = {"MCP_DYNALOAD_STORE_URL": "redis://:p@h", "MCP_DYNALOAD_CONFIG_DIR": "/c", "B": "1"}
    assert child_environment({"MCP_DYNALOAD_NOTIFY": "true"}, inherit=True, environ=ours) == {
        "B": "1",
        "MCP_DYNALOAD_NOTIFY": "true",
    }
    assert child_environment({"HOME": "/x"}, inherit=False, environ={"B": "1"})["HOME"] == "/x"


async def test_a_program_is_looked_up_on_the_servers_own_path(tmp_path: Path) -> None:
    program = tmp_path / "programs" / "my-server"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {config("a").command} "$@"\n')
    program.chmod(0o755)
    own = config("a", env={"PATH": f"{program.parent}:/usr/bin:/bin"})
    object.__setattr__(own, "command", "my-server")

    async with pool_of(tmp_path, own) as pool:
        assert await say(pool, "a", "echo") == "{}"


@pytest.mark.parametrize("leaves", [False, True], ids=["in its group", "in a session of its own"])
@pytest.mark.parametrize("behaviour", ["good", "stubborn", "frozen"])
async def test_a_stopped_server_and_its_children_are_gone(tmp_path: Path, behaviour: str, leaves: bool) -> None:
    stubborn = behaviour == "stubborn"
    async with pool_of(tmp_path, config("a", ignores_sigterm=stubborn, ignores_end_of_input=stubborn)) as pool:
        pids = [int(await say(pool, "a", "pid")), int(await say(pool, "a", "grandchild", leaves=leaves))]
        if behaviour == "frozen":
            os.kill(pids[0], signal.SIGSTOP)

        await pool["a"].stopped()

        assert not is_alive(pids[0])
        await until_gone(pids, seconds=1)


@pytest.mark.parametrize("leaves", [False, True], ids=["in its group", "in a session of its own"])
async def test_the_children_of_a_server_that_died_are_ended_too(tmp_path: Path, leaves: bool) -> None:
    async with pool_of(tmp_path, config("a")) as pool:
        pid, grandchild = int(await say(pool, "a", "pid")), int(await say(pool, "a", "grandchild", leaves=leaves))
        os.kill(pid, signal.SIGKILL)

        await until_gone([pid, grandchild])

        assert await say(pool, "a", "echo") == "{}"


@pytest.mark.parametrize("leaves", [False, True], ids=["in its group", "in a session of its own"])
async def test_a_server_whose_child_holds_its_output_open_is_seen_to_have_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, leaves: bool
) -> None:
    monkeypatch.setattr("mcp_dynaload.upstream.lifecycle.GONE_SECONDS", 0.1)
    async with pool_of(tmp_path, config("a")) as pool:
        pid = int(await say(pool, "a", "pid"))
        with anyio.fail_after(5):
            with pytest.raises(UpstreamClosedError, match="ended during 'tools/call'"):
                await say(pool, "a", "grandchild", holds=True, leaves=leaves)

            assert int(await say(pool, "a", "pid")) != pid


async def test_a_child_that_serves_in_the_place_of_its_server_goes_on_doing_so(tmp_path: Path) -> None:
    async with pool_of(tmp_path, config("a", offers={"tools": tools("pid", "fork")})) as pool:
        first = int(await say(pool, "a", "pid"))
        child = int(await say(pool, "a", "fork"))
        await until_gone([first])

        with anyio.move_on_after(GONE_SECONDS + 0.2):
            await anyio.sleep_forever()

        assert int(await say(pool, "a", "pid")) == child != first


def test_a_log_is_named_after_its_server_with_nothing_that_leads_elsewhere(tmp_path: Path) -> None:
    assert log_path(tmp_path, "git hub/../x") == tmp_path / "git_hub_.._x.log"


def test_output_is_kept_whole_and_the_last_lines_are_at_hand(tmp_path: Path) -> None:
    log = OutputLog(tmp_path / "logs" / "a.log")
    log.write(b"one\ntw")
    log.write(b"o\n\n  \n\xff three")
    log.note("four")

    assert log.tail() == ["one", "two", "\ufffd three", "four"]
    assert (tmp_path / "logs" / "a.log").read_bytes() == b"one\ntwo\n\n  \n\xff three\nfour\n"


def test_the_tail_is_bounded_in_lines_and_width(tmp_path: Path) -> None:
    log = OutputLog(tmp_path / "a.log")
    for number in range(100):
        log.write(f"{number} {'x' * 1000}\n".encode())
    log.write(b"y" * 1000)

    assert [line.split()[0] for line in log.tail()[:-1]] == [str(number) for number in range(80, 100)]
    assert {len(line) for line in log.tail()} == {400}


def test_a_full_log_is_rotated_and_the_oldest_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_dynaload.upstream.output_log.MAX_FILE_BYTES", 10)
    log = OutputLog(tmp_path / "a.log")
    for number in range(5):
        log.write(f"text number {number}\n".encode())

    files = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert files == {
        "a.log": "text number 4\n",
        "a.log.1": "text number 3\n",
        "a.log.2": "text number 2\n",
    }
