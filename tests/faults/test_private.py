"""Our files are for the user only, and hold no secrets of theirs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_dynaload.machine.logs import without_addresses
from tests.faults.proxy import Place, connected
from tests.faults.scripted import entry

LOG_REQUEST = """
import logging, sys
from pathlib import Path
import structlog
from mcp_dynaload.machine.logs import set_up_logs
set_up_logs(sys.argv[1], Path(sys.argv[2]) / "logs", to_stderr=False)
request = "HTTP Request: GET http://ada:KEY-1@a.example/KEY-2?api_key=KEY-3"
logging.getLogger("httpx2").info(request)
logging.getLogger("mcp.client.sse").info("session KEY-4")
logging.getLogger("elsewhere").warning(request)
try:
    raise OSError(request)
except OSError:
    structlog.get_logger().exception("failed")
"""


@pytest.mark.parametrize("is_there", [False, True])
async def test_the_state_folder_is_closed_to_others(tmp_path: Path, is_there: bool) -> None:
    place = Place(tmp_path, {"good": entry("good")})
    if is_there:
        place.state.mkdir()
        place.state.chmod(0o755)
    before = os.umask(0o022)
    try:
        async with connected(place) as proxy:
            await proxy.text("good__echo")
    finally:
        os.umask(before)

    assert place.state.stat().st_mode & 0o777 == 0o700
    assert {file.name for file in place.state.iterdir()} >= {"logs", "dynaload.db"}


@pytest.mark.parametrize(("level", "noted"), [("info", False), ("error", False), ("debug", True)])
def test_requests_of_libraries_are_noted_at_debug_only_and_never_with_a_key(
    tmp_path: Path, level: str, noted: bool
) -> None:
    subprocess.run([sys.executable, "-c", LOG_REQUEST, level, str(tmp_path)], check=True)

    written = (tmp_path / "logs" / "dynaload.log").read_text()
    assert "KEY-1" not in written
    assert "KEY-2" not in written
    assert "KEY-3" not in written
    assert ("session KEY-4" in written) == noted
    assert written.count("http://a.example/…") >= (1 if level == "error" else 2)
    assert "Traceback" in written


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("for url 'https://a.example/x?k=1' it", "for url 'https://a.example/…' it"),
        ("http://a.example:80 and HTTP://u:p%40@b.example/", "http://a.example:80 and HTTP://b.example/"),
        ("http://a.example?mail=u@b.example", "http://a.example/…"),
        ("http://u:p@q@a.example#x", "http://a.example/…"),
        ("no address: a://b, http:/c", "no address: a://b, http:/c"),
    ],
)
def test_of_an_address_only_the_host_is_told(text: str, plain: str) -> None:
    assert without_addresses(text) == plain


@pytest.mark.parametrize("was_open", [False, True])
async def test_databases_and_logs_can_be_read_by_the_user_only(tmp_path: Path, was_open: bool) -> None:
    place = Place(tmp_path, {"good": entry("good")})
    before = os.umask(0o022)
    try:
        await session_with_output(place)
        if was_open:
            for file in files_in(place.state):
                file.chmod(0o644)
            await session_with_output(place)
    finally:
        os.umask(before)

    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in files_in(place.state)}
    assert modes.keys() >= {"dynaload.db", "journal.db", "dynaload.log", "good.log"}
    assert modes == dict.fromkeys(modes, "0o600")


async def session_with_output(place: Place) -> None:
    async with connected(place) as proxy:
        await proxy.text("good__complain", text="something private")


def files_in(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]
