import json
from contextlib import closing
from typing import Any

import pytest

from mcp_dynaload.store.database import Database
from mcp_dynaload.store.sqlite_usage import SqliteUsage
from mcp_dynaload.store.usage import Calls
from tests.cli.conftest import Shell

SEARCH, DELETE = "knowledge__search_notes", "knowledge__delete_note"


def use(shell: Shell, project: str | None = None) -> None:
    """Run four sessions that search notes and have had something else in vain."""
    file, project = shell.state_dir / "dynaload.db", project or str(shell.project)
    with closing(SqliteUsage(Database(file))) as memory:
        for number in range(4):
            memory.note(project, str(number), {SEARCH: Calls(2, was_missed=number == 0), "gone__tool": Calls()})
        memory.note_followings(project, [(SEARCH, DELETE)] * 3)


def learned(shell: Shell) -> dict[str, Any]:
    return json.loads(shell.run("stats", "--json").stdout)


def test_stats_show_what_was_learned_of_the_project(shell: Shell, notes_server: dict[str, Any]) -> None:
    shell.write_servers(notes_server)
    shell.run("refresh")
    use(shell)

    found = learned(shell)
    prior = found["tools"][0].pop("prior")

    assert prior > 0
    assert found == {
        "project": str(shell.project),
        "sessions": 4,
        "tools": [
            {
                "name": SEARCH,
                "uses": 8,
                "sessions": 4,
                "in_vain": 0,
                "missed": 1,
                "core": True,
                "followed_by": {DELETE: 3},
            },
            {
                "name": "gone__tool",
                "uses": 0,
                "sessions": 0,
                "in_vain": 4,
                "missed": 0,
                "prior": 0.0,
                "core": False,
                "followed_by": {},
            },
        ],
        "is_used": True,
    }
    text = shell.run("stats", COLUMNS="200").stdout
    assert text.startswith(f"{shell.project}: 4 sessions with tools\n")
    assert [line.split()[-6:] for line in text.splitlines() if line.startswith(SEARCH)] == [
        [f"+{prior:.2f}", "from", "the", "start", DELETE, "(3)"]
    ]


def test_stats_of_a_new_project_are_empty_and_say_when_learning_is_off(shell: Shell) -> None:
    assert learned(shell) == {"project": str(shell.project), "sessions": 0, "tools": [], "is_used": True}
    assert "METRICS_COLLECTION_ENABLED is false" in shell.run("stats", METRICS_COLLECTION_ENABLED="false").stdout


@pytest.mark.proves("learned-private")
def test_forgetting_is_for_this_project_or_for_all(shell: Shell) -> None:
    use(shell)
    use(shell, "/elsewhere")

    assert shell.run("stats", "--forget", "--yes").stdout == f"Forgotten: {shell.project}.\n"
    assert learned(shell)["sessions"] == 0
    assert shell.run("stats", "--forget", "--all", "--yes").stdout == "Forgotten: /elsewhere.\n"


def test_nothing_is_forgotten_unless_somebody_agrees(shell: Shell) -> None:
    use(shell)

    done = shell.run("stats", "--forget")

    assert (done.returncode, done.stdout) == (2, "")
    assert "add --yes" in done.stderr
    assert learned(shell)["sessions"] == 4


@pytest.mark.parametrize("option", ["--all", "--yes"])
def test_options_of_forgetting_mean_nothing_alone(shell: Shell, option: str) -> None:
    done = shell.run("stats", option)

    assert done.returncode == 2
    assert "--all and --yes go with --forget" in done.stderr
