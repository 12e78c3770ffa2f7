"""Programs that are forked from a preloaded process do what Python does with the same arguments."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import anyio
import anyio.lowlevel
import psutil
import pytest

from mcp_dynaload.demo import preloaded
from tests.waiting import HANG_SECONDS

SHOW = """\
import json, os, sys
print(json.dumps([sys.argv[1:], os.getcwd(), os.environ.get("SAID"), os.environ.get("HOME"), sys.stdin.read()]))
sys.exit(7)
"""
WAIT = """\
import os, sys, time
print(os.getpid(), flush=True)
sys.stdin.read()
"""

COUNT_FROZEN = """\
import gc
print(gc.get_freeze_count())
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder on the preloaded process's module path, with the programs that it is asked for."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "show_arguments.py").write_text(SHOW)
    (folder / "wait_for_input.py").write_text(WAIT)
    (folder / "count_frozen.py").write_text(COUNT_FROZEN)
    return folder


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory, modules: Path) -> Generator[Path]:
    path = tmp_path_factory.mktemp("preloaded") / "socket"
    command = [sys.executable, "-P", "-m", preloaded.__name__, str(path)]
    environ = {**os.environ, "PYTHONPATH": str(modules)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"ready\n"
        yield path
        process.stdin.close()
        assert process.wait(timeout=20) == 0


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Return the folder in which a program is run, with a module that would take the place of one of ours."""
    (tmp_path / "show_arguments.py").write_text("raise SystemExit('the folder is on the module path')")
    (tmp_path / "mcp_dynaload.py").write_text("raise SystemExit('the folder is on the module path')")
    return tmp_path


def test_a_fork_has_the_launchers_arguments_folder_environment_input_output_and_status(
    socket: Path, program: Path
) -> None:
    environ = {"SAID": "hello", "PATH": os.defpath}
    command = preloaded.command(socket, "-m", "show_arguments", "a b", "c")

    done = subprocess.run(
        command, cwd=program, env=environ, input="typed", capture_output=True, text=True, timeout=20, check=False
    )

    assert done.returncode == 7, done.stderr
    assert json.loads(done.stdout) == [["a b", "c"], str(program), "hello", None, "typed"]


def test_a_collection_in_a_fork_leaves_alone_what_was_there_before(socket: Path, program: Path) -> None:
    command = preloaded.command(socket, "-m", "count_frozen")

    done = subprocess.run(command, cwd=program, capture_output=True, text=True, timeout=20, check=True)

    assert int(done.stdout) > 100_000


def test_what_nobody_catches_is_shown_and_fails(socket: Path, program: Path) -> None:
    command = preloaded.command(socket, "-m", "no_such_module")

    done = subprocess.run(command, cwd=program, capture_output=True, text=True, timeout=20, check=False)

    assert done.returncode == 1
    assert "No module named no_such_module" in done.stderr


@pytest.mark.proves("no-orphans")
@pytest.mark.parametrize("way", ["end of input", "SIGTERM", "SIGKILL of the launcher", "SIGKILL of the fork"])
def test_a_fork_and_its_launcher_end_together(socket: Path, program: Path, way: str) -> None:
    command = preloaded.command(socket, "-m", "wait_for_input")
    with subprocess.Popen(command, cwd=program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdin is not None
        fork = int(launcher.stdout.readline())
        match way:
            case "end of input":
                launcher.stdin.close()
            case "SIGTERM":
                launcher.terminate()
            case "SIGKILL of the launcher":
                launcher.kill()
                launcher.stdin.close()
            case _:
                os.kill(fork, signal.SIGKILL)
        assert launcher.stdout.read() == b""  # the fork had it open: it has gone
        assert launcher.wait(timeout=20) == {"end of input": 0, "SIGTERM": -signal.SIGTERM}.get(way, -signal.SIGKILL)


@pytest.mark.proves("no-orphans")
def test_a_launcher_that_is_killed_takes_along_a_fork_that_would_go_on(socket: Path, program: Path) -> None:
    command = preloaded.command(socket, "-m", "wait_for_input")
    keeps_open, held = os.pipe()
    with subprocess.Popen(command, cwd=program, stdin=keeps_open, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout is not None
        launcher.stdout.readline()

        launcher.kill()

        assert launcher.stdout.read() == b""
    os.close(keeps_open)
    os.close(held)


async def test_who_leaves_while_it_starts_leaves_no_process_and_no_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    started: dict[psutil.Process, int] = {}
    before = {*psutil.Process().children()}
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_enter, tmp_path)
        with anyio.fail_after(HANG_SECONDS):
            while not started:
                await anyio.lowlevel.checkpoint()
                started = {one: os.getsid(one.pid) for one in psutil.Process().children() if one not in before}
        for _ in range(100):  # until asyncio has it, too
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    [(process, session)] = started.items()

    assert session == process.pid, "Ctrl-C goes to all processes of the terminal's group"
    assert not process.is_running()
    assert capfd.readouterr().err == ""


async def _enter(folder: Path) -> None:
    async with preloaded.commands(folder):
        pytest.fail("nothing starts as fast as this")
