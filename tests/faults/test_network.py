"""A session looks no name up, connects to nobody but its upstreams, and writes nothing outside its own folders."""

import re
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import anyio.to_thread
import pytest

from mcp_dynaload.catalog.tool import Json
from tests.faults.proxy import Place
from tests.faults.scripted import entry
from tests.faults.system_calls import Trace, command_traced, read_trace
from tests.faults.test_exit import INITIALIZE, Wire, wait_for
from tests.transparency import outspoken
from tests.transparency.serving import served

PACKAGE = Path(__file__).parents[2] / "mcp_dynaload"
NAME_SERVICE_FILES = {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf"}
"""The files that the C library reads when it looks a name up; of these a login name needs the third, too."""


def traced_session(place: Place, *calls: str) -> Trace:
    """Play a session with a prompt that is ranked by meaning, and calls; return what its processes asked for."""
    output = place.folder / "trace"
    command = command_traced(output, place.command())
    environment = {**place.environment(), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=place.project
    ) as process:
        wire = Wire(process)
        wire.ask("initialize", INITIALIZE)
        wire.notify("notifications/initialized")
        for call in calls:
            wire.call(call)
        wait_for(lambda: "encoder_ready" in place.log, seconds=120)
        wire.call("dynaload_hook", event="UserPromptSubmit", prompt="let the good server echo this", session_id="one")
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0
    return read_trace(output)


def outside(trace: Trace, folder: Path) -> Iterator[Path]:
    """Yield the written paths that are neither in the folder nor a device."""
    for path in trace.written():
        if not path.is_relative_to(folder) and not path.is_relative_to("/dev"):
            yield path


@pytest.mark.proves("no-network")
def test_a_session_with_processes_as_upstreams_knows_no_network(tmp_path: Path) -> None:
    place = Place(tmp_path, {"good": entry("good")})

    trace = traced_session(place, "good__echo")

    assert trace.peers == set()
    assert not trace.opened & NAME_SERVICE_FILES
    assert set(outside(trace, place.state)) == set()
    assert {path.name for path in trace.written() if path.parent == place.state} >= {"dynaload.db", "journal.db"}


@pytest.mark.proves("no-network")
async def test_a_session_connects_only_to_the_upstreams_that_are_reached_by_an_address(tmp_path: Path) -> None:
    async with served(outspoken.build_server().streamable_http_app()) as origin:
        port = int(origin.rpartition(":")[2])
        remote: Json = {"type": "http", "url": f"http://127.0.0.1:{port}/mcp"}
        place = Place(tmp_path, {"good": entry("good"), "remote": remote})
        play: Callable[[], Trace] = partial(traced_session, place, "good__echo", "remote__echo")
        trace = await anyio.to_thread.run_sync(play)

    assert trace.peers == {("127.0.0.1", port)}
    assert set(outside(trace, place.state)) == set()


def test_the_runtime_of_the_encoder_is_imported_in_one_place_that_switches_its_telemetry_off() -> None:
    imports = re.compile(r"^\s*(?:import|from) onnxruntime\b", re.MULTILINE)
    importing = [file for file in PACKAGE.rglob("*.py") if imports.search(file.read_text("utf-8"))]

    assert importing == [PACKAGE / "encoder" / "sentence_encoder.py"]
