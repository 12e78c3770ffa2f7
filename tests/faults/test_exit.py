"""However the proxy ends, nothing that it started is left."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psutil
import pytest

from mcp_dynaload.catalog.tool import Json
from tests.faults.proxy import Place
from tests.faults.scripted import entry, is_alive
from tests.waiting import HANG_SECONDS

EXIT_SECONDS = 5.0

INITIALIZE: Json = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


@dataclass
class Wire:
    """A proxy process and the bare pipes to it."""

    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def send(self, method: str, params: Json | None = None) -> int:
        assert self.process.stdin is not None
        number = next(self._numbers)
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params or {}}
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()
        return number

    def ask(self, method: str, params: Json | None = None) -> Json:
        assert self.process.stdout is not None
        number = self.send(method, params)
        while True:
            line = self.process.stdout.readline()
            assert line, "the proxy has ended"
            if (answer := json.loads(line)).get("id") == number:
                return answer["result"]

    def call(self, name: str, **arguments: object) -> str:
        return self.ask("tools/call", {"name": name, "arguments": arguments})["content"][0]["text"]

    def notify(self, method: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", "method": method}).encode() + b"\n")
        self.process.stdin.flush()


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    stubborn: Json = {"ignores_sigterm": True, "ignores_end_of_input": True}
    place = Place(
        tmp_path,
        {
            "good": entry("good"),
            "frozen": entry("frozen"),
            "stubborn": entry("stubborn", **stubborn),
            "parent": entry("parent"),
            "busy": entry("busy", **stubborn),
            "mute": entry("mute", never_answers=True, **stubborn, starts_file=str(tmp_path / "mute.starts")),
        },
    )
    with (tmp_path / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            place.command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=place.environment(),
            cwd=place.project,
        )
    wire = Wire(process)
    wire.ask("initialize", INITIALIZE)
    wire.notify("notifications/initialized")
    yield wire
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    for left in [process.pid, *(child.pid for child in children)]:
        if is_alive(left):
            os.kill(left, signal.SIGKILL)
    process.__exit__(None, None, None)


def end_of_input(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()


def terminate(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)


def interrupt(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)


def hang_up(process: subprocess.Popen[bytes]) -> None:
    """Close the terminal of a process."""
    process.send_signal(signal.SIGHUP)


@pytest.mark.proves("no-orphans")
@pytest.mark.parametrize("end", [end_of_input, terminate, interrupt, hang_up])
def test_nothing_is_left_however_its_upstreams_behave(
    wire: Wire, tmp_path: Path, end: Callable[[subprocess.Popen[bytes]], None]
) -> None:
    frozen = int(wire.call("frozen__pid"))
    wire.call("good__echo")
    wire.call("stubborn__echo")
    grandchild = int(wire.call("parent__grandchild"))
    wire.send("tools/call", {"name": "busy__hang", "arguments": {"arrived": str(tmp_path / "arrived")}})
    wait_for(lambda: (tmp_path / "arrived").exists() and (tmp_path / "mute.starts").exists())
    os.kill(frozen, signal.SIGSTOP)
    for size in (2_000_000, *([10] * 40)):  # more than the pipe to a frozen process takes
        wire.send("tools/call", {"name": "frozen__echo", "arguments": {"text": "x" * size}})
    wire.call("good__echo")
    family = psutil.Process(wire.process.pid).children(recursive=True)
    assert {frozen, grandchild} <= {process.pid for process in family}
    assert len(family) >= 7

    began = time.monotonic()
    end(wire.process)
    wire.process.wait(timeout=20)
    wait_for(lambda: not any(is_alive(process.pid) for process in family), seconds=20)
    seconds = time.monotonic() - began

    assert seconds < EXIT_SECONDS
    assert wire.process.returncode == 0
    assert "Traceback" not in (tmp_path / "stderr").read_text()


@pytest.mark.proves("no-orphans")
def test_nothing_is_left_after_we_are_killed_outright(wire: Wire, tmp_path: Path) -> None:
    left = [int(wire.call("stubborn__pid")), int(wire.call("good__pid"))]
    left += [int(wire.call("parent__grandchild")), int(wire.call("good__grandchild", leaves=True))]
    wire.send("tools/call", {"name": "busy__hang", "arguments": {"arrived": str(tmp_path / "arrived")}})
    wait_for(lambda: (tmp_path / "arrived").exists() and (tmp_path / "mute.starts").exists())
    left += [process.pid for process in psutil.Process(wire.process.pid).children(recursive=True)]

    wire.process.kill()

    wait_for(lambda: not any(map(is_alive, left)), seconds=EXIT_SECONDS)


@pytest.mark.proves("no-orphans")
def test_a_grandchild_that_left_its_group_is_gone_after_a_normal_end(wire: Wire) -> None:
    left = [int(wire.call(f"{server}__grandchild", leaves=True)) for server in ("good", "stubborn")]

    end_of_input(wire.process)
    assert wire.process.wait(timeout=EXIT_SECONDS) == 0

    wait_for(lambda: not any(map(is_alive, left)))


@pytest.mark.proves("no-orphans")
def test_upstreams_that_behave_are_gone_at_once(wire: Wire) -> None:
    pid = int(wire.call("good__pid"))

    began = time.monotonic()
    os.kill(pid, 0)
    good = psutil.Process(pid)
    end_of_input(wire.process)
    good.wait(timeout=1)

    assert time.monotonic() - began < 1


def test_with_nohup_it_outlives_the_terminal(tmp_path: Path) -> None:
    place = Place(tmp_path, {"good": entry("good")})
    with subprocess.Popen(
        ["nohup", *place.command()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=place.environment(),
        cwd=place.project,
    ) as process:
        wire = Wire(process)
        wire.ask("initialize", INITIALIZE)
        wire.notify("notifications/initialized")
        hang_up(process)

        assert wire.call("good__echo") == "{}"
        end_of_input(process)
        assert process.wait(timeout=EXIT_SECONDS) == 0


def wait_for(claim: Callable[[], bool], seconds: float = HANG_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.01)
