"""`list` and `get` say why a server has failed in a session of another process."""

import json
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.store.journal import SqliteJournal
from mcp_dynaload.telemetry.codec import row_of
from mcp_dynaload.telemetry.events import ErrorKind, UpstreamFailed
from tests.cli.conftest import Shell
from tests.faults.proxy import Place, Proxy, connected
from tests.faults.scripted import entry, tool, until
from tests.programs import PYTHON
from tests.waiting import HANG_SECONDS

SECRET = "quiet-otter-4711-abcdef"


def shown(shell: Shell, place: Place, *command: str, **more: str) -> str:
    """Return what a command says where the session runs."""
    config, state, project = (str(path) for path in (place.folder / "config", place.state, place.project))
    places = {"MCP_DYNALOAD_CONFIG_DIR": config, "MCP_DYNALOAD_STATE_DIR": state}
    return shell.run(*command, seconds=HANG_SECONDS, CLAUDE_PROJECT_DIR=project, **places, **more).stdout


def listed(shell: Shell, place: Place) -> Json:
    return json.loads(shown(shell, place, "list", "--json"))["servers"][0]


async def has_answered(proxy: Proxy) -> bool:
    return (await proxy.text("desk__echo", text="hello")).startswith("{")


@pytest.mark.proves("journal")
async def test_list_says_why_a_server_failed_in_a_running_session_until_it_answers(
    tmp_path: Path, shell: Shell
) -> None:
    broken = tmp_path / "broken"
    script: Json = {"exits_with": f"cannot open the desk with {SECRET}", "exits_while": str(broken)}
    desk = entry("desk", offers={"tools": [tool("echo")]}, env={"DESK_KEY": SECRET}, **script)
    place = Place(tmp_path, {"desk": desk}, python=PYTHON)
    shell.write_servers(place.servers, tmp_path / "config" / "servers.json")
    await place.fill_cache()
    assert listed(shell, place)["failure"] is None
    broken.touch()

    before = datetime.now(UTC)
    async with connected(place) as proxy:
        assert not await has_answered(proxy)
        await until(lambda: listed(shell, place)["failure"])
        failure = listed(shell, place)["failure"]
        texts = [shown(shell, place, "list"), shown(shell, place, "get", "desk")]
        unmeasured = shown(shell, place, "list", METRICS_COLLECTION_ENABLED="false")
        broken.unlink()
        assert await has_answered(proxy)
        await until(lambda: listed(shell, place)["failure"] is None)

    assert before <= datetime.fromisoformat(failure["at"]) <= datetime.now(UTC)
    assert failure["why"]
    assert "failed at" not in unmeasured
    assert "desk failed at" in texts[0]
    assert "it failed at" in texts[1]
    assert all(f"and has not answered since: {failure['why']}" in " ".join(text.split()) for text in texts)
    assert SECRET not in str([failure, *texts])


def test_what_another_process_wrote_of_a_failure_is_masked(tmp_path: Path, shell: Shell) -> None:
    place = Place(tmp_path, {"desk": entry("desk", env={"DESK_KEY": SECRET})})
    shell.write_servers(place.servers, tmp_path / "config" / "servers.json")
    event = UpstreamFailed(upstream="desk", kind=ErrorKind.START, detail=f"no desk at {SECRET}")
    place.state.mkdir()
    with closing(SqliteJournal(place.state / "journal.db", 1, 1_000)) as journal:
        journal.append([row_of(time.time(), event)])

    assert listed(shell, place)["failure"]["why"] == "no desk at •••"
    assert SECRET not in shown(shell, place, "list")
