import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mcp_dynaload.store.journal import DAY_SECONDS, JOURNAL, PRUNE_EVERY, Row, SqliteJournal, Wanted

NOW = 1_000 * DAY_SECONDS


def a_row(at: float = NOW, kind: str = "tool_called", session: str = "s", project: str = "/p") -> Row:
    return Row(at=at, kind=kind, session=session, project=project, tool="t", outcome="ok", ms=1.5, fact="{}")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with closing(SqliteJournal(tmp_path / "journal.db", days=10, rows=1_000, clock=lambda: NOW)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("wanted", "times"),
    [
        (Wanted(after=1), [2, 3]),
        (Wanted(since=NOW, kinds=("a",), session="one"), [1]),
    ],
)
def test_entries_are_found_by_place_and_by_several_things_at_once(
    journal: SqliteJournal, wanted: Wanted, times: list[int]
) -> None:
    journal.append(
        [a_row(NOW + 1, "a", "one"), a_row(NOW + 2, "b", "two"), a_row(NOW + 3, "c", "two", "/q")],
    )

    assert [entry.row.at - NOW for entry in journal.read(wanted)] == times


def test_what_is_too_much_is_forgotten_oldest_first(tmp_path: Path) -> None:
    with closing(SqliteJournal(tmp_path / "journal.db", 10, 100, clock=lambda: NOW)) as journal:
        journal.append([a_row(NOW + i) for i in range(PRUNE_EVERY)])

        assert [entry.row.at - NOW for entry in journal.read(Wanted())] == list(range(PRUNE_EVERY - 100, PRUNE_EVERY))


def test_a_write_that_fails_says_so_and_raises_nothing(journal: SqliteJournal, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "journal.db")) as other:
        other.execute("DROP TABLE entries")
        other.commit()

    assert "no such table" in str(journal.append([a_row()]))


def test_another_version_keeps_the_entries(journal: SqliteJournal, tmp_path: Path) -> None:
    journal.append([a_row()])
    journal.close()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as old:
        old.execute(f"PRAGMA user_version = {JOURNAL.version + 1}")

    with closing(SqliteJournal(tmp_path / "journal.db", 10, 100, clock=lambda: NOW)) as again:
        assert len(again.read(Wanted())) == 1
