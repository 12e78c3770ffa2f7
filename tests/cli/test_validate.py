"""`mcp-dynaload validate` through its real entry point, on a sound installation and on broken ones."""

import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.faults.scripted import entry, tool
from tests.programs import PYTHON, TEXT

DESK = [
    tool("search_tickets", "Search the tickets of the account"),
    tool("create_invoice", "Create an invoice for a customer"),
    tool("book_meeting_room", "Book a meeting room for a day"),
]
ON_A_FULL_DISK = """\
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
from mcp_dynaload.cli import main
main()
"""
READINESS = ("validate", "--production-readiness", "--json")


@pytest.fixture
def desk(shell: Shell) -> Shell:
    shell.write_servers({"desk": entry("desk", offers={"tools": DESK})})
    return shell


def measured(shell: Shell, *arguments: str, program: str | None = None) -> dict[str, Any]:
    """Return what the program tells of these arguments; `program` is Python text that runs it."""
    done = subprocess.run(
        [*(TEXT if program else (PYTHON, "-m", "mcp_dynaload")), *arguments],
        cwd=shell.project,
        env=shell.environ,
        input=program,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.stdout.startswith("{"), done.stderr
    return {**json.loads(done.stdout), "status": done.returncode}


def failed(validation: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["measured"] for check in validation["checks"] if not check["passed"]}


@pytest.mark.proves("readiness")
def test_every_point_is_a_check_and_what_is_not_set_up_costs_its_points(desk: Shell) -> None:
    told = measured(desk, *READINESS)

    assert sum(check["points"] for check in told["checks"]) == 100
    assert told["score"] == round(sum(check["earned"] for check in told["checks"]), 1)
    assert {check["heading"] for check in told["checks"]} == {
        "functionality",
        "performance",
        "reliability",
        "scalability",
        "user experience",
    }
    assert "Claude Code is set up to use us" in failed(told)
    assert told["status"] == 1
    assert (told["servers"], told["tools"], told["is_demo"]) == (1, 3, False)
    assert {"success", "reduction"} == set(told["figures"])


@pytest.mark.proves("readiness")
def test_points_are_lost_when_a_server_is_gone_or_the_database_is_broken_or_the_disk_is_full(desk: Shell) -> None:
    desk.write_servers({"desk": entry("desk", offers={"tools": DESK}), "gone": {"command": "no-such-program-x"}})
    without_server = measured(desk, *READINESS)
    desk.write_servers({"desk": entry("desk", offers={"tools": DESK})})
    _damage(desk.state_dir / "dynaload.db")
    broken = measured(desk, *READINESS)
    full = measured(desk, *READINESS, program=ON_A_FULL_DISK)

    assert failed(without_server)["servers start and list their tools"] == "1 of 2; not: gone"
    assert "the database is sound" in failed(broken)
    assert "File too large" in failed(full)["the state folder takes a write"]
    for told in (without_server, broken, full):
        assert all(check["earned"] < check["points"] for check in told["checks"] if not check["passed"])


def _damage(file: Path) -> None:
    """Overwrite pages in the middle, as a bad disk does."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(file.read_bytes())
    content[len(content) // 4 : len(content) // 2] = b"\x5a" * (len(content) // 2 - len(content) // 4)
    file.write_bytes(content)


def test_without_options_it_measures_function_and_speed_and_gives_no_score(desk: Shell) -> None:
    told = measured(desk, "validate", "--json")

    assert (told["score"], told["loads"]) == (None, {})
    assert {"detection", "cache operation", "end to end"} < {timing["name"] for timing in told["timings"]}


def test_reports_are_written_in_each_format(desk: Shell, tmp_path: Path) -> None:
    files = {suffix: tmp_path / f"report.{suffix}" for suffix in ("html", "md", "json")}
    shown = [desk.run("validate", "--report", str(file)).stdout for file in files.values()]
    page, text = files["html"].read_text(), files["md"].read_text()

    assert page.startswith("<!doctype html>")
    assert "<svg" in page
    assert "http" not in page
    assert "| detection |" in text
    assert json.loads(files["json"].read_text())["tools"] == 3
    assert all("Functionality: " in one for one in shown)


def test_wrong_reports_are_told_before_anything_is_measured(desk: Shell) -> None:
    odd, nowhere = (desk.run("validate", "--report", name) for name in ("report.pdf", "no/folder/report.md"))

    assert odd.returncode == nowhere.returncode == 2
    assert "report.pdf: the name must end in .html, .json, .md" in odd.stderr
    assert "there is no folder" in nowhere.stderr


@pytest.mark.proves("load")
def test_two_hundred_sessions_lose_and_cross_no_answer_while_a_server_dies_every_few_seconds(desk: Shell) -> None:
    told = measured(desk, "validate", "--stress-test", "--sessions", "200", "--minutes", "0.5", "--json")

    for load in told["loads"].values():
        assert load["calls"] > 200
        assert (load["lost"], load["crossed"], load["refused"]) == (0, 0, True)
    assert told["loads"]["load with a dying server"]["failed"] > 0
    assert [name for name in failed(told) if "load" in name] == []


@pytest.mark.proves("chaos")
def test_under_faults_of_every_kind_nothing_is_lost_answered_twice_crossed_or_leaked(desk: Shell) -> None:
    told = measured(desk, "validate", "--chaos", "--minutes", "1", "--json")

    chaos = told["chaos"]
    assert {what: count for what, count in chaos["zeros"].items() if count} == {}, chaos["notes"]
    assert len(chaos["kinds"]) >= 12
    assert chaos["faults"] >= 5 * len(chaos["kinds"])
    assert chaos["calls"] > 1000
    assert told["servers"] == 0
