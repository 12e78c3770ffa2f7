"""`mcp-dynaload top`: what it finds of running sessions, and what its keys do; sessions and servers are real."""

import json
import os
import stat
import subprocess
import time
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from typer.testing import CliRunner

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.cli import processes
from mcp_dynaload.cli.app import app
from mcp_dynaload.cli.processes import FoundProcess, act, find_processes
from mcp_dynaload.cli.top_rows import NOTHING_RUNS, rows_of, summary_of
from mcp_dynaload.cli.top_screen import TopScreen, show_screen
from mcp_dynaload.config.paths import find_locations, variables_for
from mcp_dynaload.config.upstream_config import UpstreamOptions
from mcp_dynaload.proxy.process_snapshot import ProcessKind
from mcp_dynaload.proxy.session_control import open_control
from mcp_dynaload.store.running import KEPT_SECONDS, held
from mcp_dynaload.telemetry.event_bus import EventBus
from mcp_dynaload.transport.private_socket import answer_lines
from mcp_dynaload.upstream.listing import Listing
from tests.cli.conftest import Shell
from tests.faults.scripted import config, is_alive, until
from tests.programs import PYTHON
from tests.proxy.clients import Connected, client_of, proxy_of, text_of
from tests.proxy.test_commands import DESK, ECHO, PID
from tests.waiting import HANG_SECONDS

pytestmark = pytest.mark.proves("top")

HANG = "desk__hang"


@asynccontextmanager
async def desk(folder: Path, kind: ProcessKind = ProcessKind.SESSION) -> AsyncGenerator[Connected]:
    """Open a session that `top` finds, in front of a server whose tools are known."""
    tools = (*DESK, {"name": "hang", "description": "Do not answer", "inputSchema": {"type": "object"}})
    server = config("desk", offers={"tools": list(tools)}, options=UpstreamOptions(prefix="desk__", pin=("pid",)))
    event_bus = EventBus()
    async with (
        proxy_of(folder, [server], {"desk": Listing(tools=tools)}, session_id="s", event_bus=event_bus) as (
            proxy,
            live,
        ),
        open_control(proxy, folder / "processes", kind),
        client_of(proxy, live) as client,
    ):
        event_bus.observe(proxy.totals)
        yield client


async def found(folder: Path) -> FoundProcess:
    (process,) = await find_processes(folder / "processes")
    return process


async def server_pid(client: Connected) -> int:
    return int(text_of(await client.call(PID)))


async def test_it_shows_what_a_session_has_loaded_and_why_and_its_servers_with_memory_and_calls(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        await client.prompt("repeat the words of a ticket")
        pid = await server_pid(client)
        process = await found(tmp_path)

    assert process.snapshot is not None
    (session,) = process.snapshot.sessions
    (server,) = session.servers
    assert (process.pid, process.kind, process.problem) == (os.getpid(), "session", "")
    assert (session.id, session.client, session.strategy, session.profile) == (
        "s",
        "mcp-dynaload-tests",
        "balanced",
        "none",
    )
    assert (session.prompts, session.calls, session.tools) == (1, 1, 3)
    assert {tool.name: (tool.server, tool.why, tool.is_pinned) for tool in session.loaded} == {
        ECHO: ("desk", "needed for the prompt", False),
        PID: ("desk", "pinned by the servers file or its server", True),
    }
    assert (server.name, server.pid, server.calls, server.busy, server.is_starting) == ("desk", pid, 1, 0, False)
    assert server.memory_bytes is not None
    assert server.memory_bytes > 1_000_000

    shown = [row.text for row in rows_of([process])]
    assert summary_of([process]).startswith("1 session, 1 server running, ")
    assert "mcp-dynaload-tests  balanced  1 prompt  1 call  2 of 3 tools" in shown[0]
    assert shown[1].startswith("  server  desk ")
    assert shown[2].startswith(f"  tool    {ECHO}")
    assert shown[2].endswith("tokens  needed for the prompt")


async def test_a_server_is_stopped_and_comes_back_with_the_next_call(tmp_path: Path) -> None:
    async with desk(tmp_path) as client:
        pid = await server_pid(client)
        process = await found(tmp_path)

        done = await act(process, do="stop", session="s", server="desk")

        assert done == (True, "stopped 'desk'; the next call of one of its tools starts it again")
        assert not is_alive(pid)
        assert await act(process, do="stop", session="s", server="desk") == (True, "'desk' does not run")
        assert await server_pid(client) != pid


async def test_a_server_at_work_is_stopped_only_if_that_is_meant(tmp_path: Path) -> None:
    async with desk(tmp_path) as client, anyio.create_task_group() as tasks:
        pid = await server_pid(client)
        tasks.start_soon(client.call, HANG)
        process = await found(tmp_path)
        with anyio.fail_after(HANG_SECONDS):
            while not _busy(process):
                process = await found(tmp_path)

        refused = await act(process, do="stop", session="s", server="desk")
        assert refused == (False, "'desk' is at work on 1 requests, which would fail")
        assert is_alive(pid)

        assert (await act(process, do="stop", session="s", server="desk", even_busy=True))[0]
        assert not is_alive(pid)


def _busy(process: FoundProcess) -> int:
    assert process.snapshot is not None
    return sum(server.busy for session in process.snapshot.sessions for server in session.servers)


async def test_what_is_asked_of_what_is_not_there_or_not_allowed_is_said(tmp_path: Path) -> None:
    async with desk(tmp_path):
        process = await found(tmp_path)

        assert await act(process, do="run", command="pin", session="gone", words=ECHO) == (
            False,
            "that session has ended",
        )
        assert await act(process, do="stop", session="gone", server="desk") == (False, "that session has ended")
        assert "'other' was removed" in (await act(process, do="stop", session="s", server="other"))[1]
        assert "cannot do that" in (await act(process, do="run", command="login", session="s", words=""))[1]
        assert "cannot do that" in (await act(process, do="anything"))[1]
    assert await act(process, do="show") == (False, f"process {os.getpid()} has ended")
    assert await find_processes(tmp_path / "processes") == ()


async def test_only_the_user_can_come_in(tmp_path: Path) -> None:
    async with desk(tmp_path):
        address = Path((await found(tmp_path)).address)
        file = address.with_suffix("")
        modes = [stat.S_IMODE(place.stat().st_mode) for place in (address, file, file.parent)]
    assert modes == [0o600, 0o600, 0o700]
    assert list((tmp_path / "processes").iterdir()) == []


async def test_where_the_path_would_be_too_long_for_a_socket_it_is_in_a_folder_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20)
    folder.mkdir()
    async with desk(folder):
        address = Path((await found(folder)).address)
        assert stat.S_IMODE(address.parent.stat().st_mode) == 0o700
    assert not address.parent.exists()


async def test_what_has_ended_is_left_out_and_what_does_not_answer_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(processes, "OPENING_SECONDS", 0.05)
    folder = tmp_path / "processes"

    async def old(question: Json) -> Json:
        return {"process": {"pid": "another version's"}}

    async def frozen(question: Json) -> Json:
        await anyio.sleep_forever()
        raise AssertionError

    seen: tuple[FoundProcess, ...] = ()
    with ExitStack() as stack:
        async with anyio.create_task_group() as tasks:
            for number, answer in enumerate((old, frozen, None)):
                address = str(tmp_path / f"{number}.sock")
                told = json.dumps({"pid": number, "kind": "session", "at": number, "address": address})
                stack.enter_context(held(folder / str(number), told))
                if answer is not None:
                    tasks.start_soon(answer_lines, address, answer)
            (folder / "killed").write_text(json.dumps({"pid": 9, "address": "gone"}))
            (folder / "lost.sock").touch()
            long_ago = time.time() - 2 * KEPT_SECONDS
            os.utime(folder / "killed", (long_ago, long_ago))

            seen = await find_processes(folder)
            tasks.cancel_scope.cancel()

    assert [one.problem.partition(":")[0] for one in seen] == [
        "answers as another version does; start its session anew",
        "does not answer",
        "cannot be asked",
    ]
    assert rows_of(seen)[1].text == "process 1 (session) does not answer"
    assert list(folder.iterdir()) == []


async def until_shown(screen: TopScreen, claim: str) -> None:
    await until(lambda: any(claim in part[1] for part in screen.lines()))


async def test_the_keys_pin_unload_and_stop_what_the_cursor_is_on(tmp_path: Path) -> None:
    screen = TopScreen(tmp_path / "processes")
    async with desk(tmp_path) as client:
        await client.prompt("repeat the words of a ticket")
        pid = await server_pid(client)
        with create_pipe_input() as keys:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(show_screen, screen, 0.05, keys, DummyOutput())
                await until_shown(screen, "needed for the prompt")

                keys.send_text("s")
                await until(lambda: screen.said.startswith("Choose a server first"))
                keys.send_text("js")
                await until(lambda: screen.said.startswith("stopped 'desk'"))
                assert not is_alive(pid)

                await until(lambda: screen.rows[1].tool is not None)  # the server's line is gone
                keys.send_text("kkjp")
                await until_shown(screen, "pinned by you")
                keys.send_text("p")
                await until(lambda: screen.said.startswith("Unpinned 1 tool"))
                keys.send_text("u")
                await until_shown(screen, "unloaded by you")
                assert (await client.call(ECHO)).is_error
                keys.send_text("q")


def test_without_a_terminal_it_prints_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in variables_for(tmp_path).items():
        monkeypatch.setenv(name, value)

    assert CliRunner().invoke(app, ["top"], catch_exceptions=False).output.strip() == NOTHING_RUNS
    assert json.loads(CliRunner().invoke(app, ["top", "--json"], catch_exceptions=False).output) == []


async def test_a_client_s_own_server_is_found_while_it_runs(shell: Shell) -> None:
    places = find_locations({"MCP_DYNALOAD_STATE_DIR": str(shell.state_dir)})
    serving = subprocess.Popen(  # noqa: ASYNC220 - it is back in a millisecond
        [PYTHON, "-m", "mcp_dynaload", "serve"],
        cwd=shell.project,
        env=shell.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        seen = await find_processes(places.processes_dir)
        with anyio.fail_after(HANG_SECONDS):
            while not seen:
                seen = await find_processes(places.processes_dir)
        (told,) = json.loads((await anyio.to_thread.run_sync(partial(shell.run, "top", "--json"))).stdout)
    finally:
        serving.communicate()
    assert (told["pid"], told["kind"]) == (seen[0].pid, "session")
    assert rows_of(seen)[0].text.startswith(f"session {told['pid']}: 0 sessions")
    assert await find_processes(places.processes_dir) == ()
