"""Whatever `serve` was started with as stdin and stdout: where there is no client, or none any more, it ends with 0."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.proxy import Place
from tests.faults.scripted import entry
from tests.faults.test_exit import INITIALIZE, Wire, end_of_input
from tests.waiting import HANG_SECONDS

HELLO = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}) + "\n"

REDIRECTED = {
    "an empty stdin": "</dev/null",
    "no stdin": "<&-",
    "no stdin and no stdout": "<&- >&-",
    "no stream at all": "<&- >&- 2>&-",
    "half a line": "<half",
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a place where a server is to be listed for the first time, which has not even begun when input ends."""
    place = Place(tmp_path, {"good": entry("good")})
    place.command()
    (place.project / "half").write_text(HELLO[:40])
    (place.project / "hello").write_text(HELLO)
    return place


def served(place: Place, redirected: str) -> subprocess.CompletedProcess[bytes]:
    """Run it by a shell that hands it such streams, and return the outcome."""
    shell = ["sh", "-c", f'exec "$@" {redirected}', "serve", *place.command()]
    return subprocess.run(
        shell, env=place.environment(), cwd=place.project, capture_output=True, timeout=HANG_SECONDS, check=False
    )


@pytest.mark.proves("no-orphans")
@pytest.mark.parametrize("redirected", REDIRECTED.values(), ids=REDIRECTED)
def test_without_a_client_it_ends_with_status_0_and_says_nothing(place: Place, redirected: str) -> None:
    done = served(place, redirected)

    assert (done.returncode, done.stdout) == (0, b"")
    assert b"Traceback" not in done.stderr
    assert "Traceback" not in place.log


def test_requests_from_a_file_are_answered_into_a_file(place: Place) -> None:
    done = served(place, "<hello >answers")

    assert done.returncode == 0
    assert json.loads((place.project / "answers").read_text())["result"]["serverInfo"]["name"] == "dynaload"


def test_a_log_that_cannot_be_written_is_never_told_to_the_client(place: Place) -> None:
    logs = place.state / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    (logs / "dynaload.log").symlink_to("/dev/full")

    done = served(replace(place, variables={"MCP_DYNALOAD_LOG_LEVEL": "debug"}), "<hello 2>&-")

    assert done.returncode == 0
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [1]


@pytest.mark.proves("no-orphans")
def test_a_client_that_leaves_half_way_through_the_handshake_ends_it(place: Place) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        place.command(), stdin=pipe, stdout=pipe, stderr=pipe, env=place.environment(), cwd=place.project
    ) as process:
        Wire(process).ask("initialize", INITIALIZE)
        end_of_input(process)

        assert process.wait(timeout=HANG_SECONDS) == 0
