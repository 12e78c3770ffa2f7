"""`mcp-dynaload bench --claude`: a session in the real client with our plugin, from the command to its figures."""

import json
import subprocess
from pathlib import Path

import pytest

from mcp_dynaload.demo import SERVERS
from tests.e2e.stage import NPM_BIN
from tests.programs import PYTHON
from tests.waiting import HANG_SECONDS


@pytest.mark.proves("proof")
def test_a_session_is_played_measured_and_written(tmp_path: Path) -> None:
    command = [PYTHON, "-m", "mcp_dynaload", "bench", "--claude", "claude", "--sessions", "1", "--out", "out", "--json"]
    environ = {"HOME": str(tmp_path), "PATH": f"{NPM_BIN}:/usr/bin:/bin"}

    done = subprocess.run(
        [*command, "--set-up", "ours, plugin"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=4 * HANG_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    tasks = told["tasks"]
    assert told["failures"] == []
    assert [task["kind"] for task in tasks] == ["two", "follow-up", "follow-up", "nothing"]
    assert [task["needs"] for task in tasks] == [2, 1, 1, 0]
    assert [task["at_once"] for task in tasks] == [2, 1, 1, 0]
    assert [task["requests"] for task in tasks] == [3, 2, 2, 1], "a call each, and the answer"
    assert {task["missed"] for task in tasks} == {task["searches"] for task in tasks} == {0}
    assert all(0 < task["definition_tokens"] < task["input_tokens"] < task["units"] * 10 for task in tasks)
    assert all(task["units"] <= task["idle_units"] for task in tasks)
    assert all(2 <= task["processes"] < len(SERVERS) for task in tasks), "no server runs before it is called"
    assert told["about"]["Claude Code"][0].isdigit()
    assert (tmp_path / "out/tables.md").read_text().count("| ours, plugin |") == 2
    assert json.loads((tmp_path / "out/tasks.json").read_text())["tasks"] == tasks
    assert (tmp_path / "out/chart.svg").read_text().startswith("<svg")
