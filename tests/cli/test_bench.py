"""`mcp-dynaload bench` beside the real FastMCP, and what it says when it cannot run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.cli.hostile import hostile_shell, imported
from tests.installed import E2E, PEERS
from tests.programs import PYTHON

PEER = PEERS / "bin" / "python"
CLAUDE = E2E / "node_modules" / ".bin" / "claude"

CATALOG = {
    "tracker": [
        {"name": "create_issue", "description": "Open a new issue", "inputSchema": {"type": "object"}},
        {"name": "list_issues", "description": "List the issues", "inputSchema": {"type": "object"}},
    ],
    "weather": [{"name": "forecast", "description": "Weather of the next days", "inputSchema": {"type": "object"}}],
}
TASKS = [
    {"id": "1", "query": "list the issues", "catalog": "c", "tools": [{"server": "tracker", "tool": "list_issues"}]},
    {"id": "2", "query": "forecast, please", "catalog": "c", "tools": [{"server": "weather", "tool": "forecast"}]},
]


@pytest.fixture
def labelled(tmp_path: Path) -> tuple[str, ...]:
    catalog, tasks = tmp_path / "c.json", tmp_path / "t.jsonl"
    catalog.write_text(json.dumps(CATALOG), encoding="utf-8")
    tasks.write_text("".join(json.dumps(task) + "\n" for task in TASKS), encoding="utf-8")
    return "--catalog", str(catalog), "--tasks", str(tasks)


@pytest.mark.proves("peers", "foreign-code")
def test_calls_starts_and_choice_are_measured_beside_fastmcp_in_one_run_that_runs_nothing_of_the_project(
    tmp_path: Path, labelled: tuple[str, ...]
) -> None:
    shell = hostile_shell(tmp_path)
    options = ("--fastmcp", str(PEER), "--calls", "50", "--servers", "2", *labelled, "--timed-catalog", labelled[1])
    done = subprocess.run(
        [PYTHON, "-m", "mcp_dynaload", "bench", *options, "--json"],
        cwd=shell.project,
        env=shell.environ,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told["calls"]) == {"direct", "mcp-dynaload", "FastMCP"}
    assert set(told["starts"]) == set(told["choices"]) == {"mcp-dynaload", "FastMCP"}
    assert told["calls"]["direct"]["p50_ms"] < told["calls"]["FastMCP"]["p50_ms"]
    assert told["starts"]["mcp-dynaload"]["processes"] == 1, "no server is started before it is called"
    assert {choice["recall"] for choice in told["choices"].values()} == {1.0}
    assert told["choices"]["mcp-dynaload"]["searches"] == 0
    times = told["times"]
    assert set(times) == {"quiet", "all cores busy"}
    assert {(one["prompts"], one["tools"]) for one in times.values()} == {(2, 3)}
    assert all(0 < one["p50_ms"] <= one["p99_ms"] for one in times.values())
    assert told["listing"]["tools"] == 2_000
    assert 0 < told["listing"]["again_ms"] < told["listing"]["first_ms"]
    assert all(ratio > 0 for ratio in told["ratios"].values())
    assert imported(shell) == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--fastmcp", "no/such/python"), "--fastmcp no/such/python: there is no such program; `make bench`"),
        (("--fastmcp", str(PEER), "--catalog", "c.json"), "--catalog and --tasks belong together"),
        (("--fastmcp", str(PEER), "--timed-catalog", "c.json"), "--timed-catalog c.json: the time of a choice is that"),
        (("--fastmcp", sys.executable), "it has no FastMCP; `make bench` makes an environment"),
        ((), "give --fastmcp PYTHON for calls, starts and the choice, or --claude PATH for model requests"),
        (("--claude", "no/claude"), "--claude no/claude: there is no such program; `make bench-claude` installs it"),
        (("--claude", "/bin/echo"), "it is not Claude Code, it says 'echo"),
        (("--claude", str(CLAUDE), "--set-up", "own"), "--set-up 'own' is none of: 'all loaded', "),
        (("--claude", str(CLAUDE), "--tasks", "t"), "--catalog and --tasks do not go with --claude"),
        (("--labelled", "."), "--labelled, --model, --set-up and --out need --claude PATH"),
        (("--claude", str(CLAUDE), "--growth"), "--growth and --plot do not go with --claude: they need --fastmcp"),
        (("--fastmcp", str(PEER), "--plot", "no/such/g.svg"), "--plot no/such/g.svg: there is no folder "),
        (("--fastmcp", str(PEER), "--dynamic-mcp", "no/dmcp"), "--dynamic-mcp no/dmcp: there is no such program"),
    ],
)
def test_what_is_wrong_is_said(shell: Shell, options: tuple[str, ...], said: str) -> None:
    done = shell.run("bench", *options)

    assert done.returncode != 0
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
