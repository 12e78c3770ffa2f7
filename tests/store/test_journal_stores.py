"""The journal is kept alike in the state folder and in a Redis."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mcp_dynaload.store.backends import open_journal_store
from mcp_dynaload.store.journal import DAY_SECONDS, PRUNE_EVERY, JournalStore, Row, Wanted

NOW = time.time()
Opening = Callable[[], JournalStore]


def a_row(at: float = NOW, kind: str = "tool_called", session: str = "s", project: str = "/p") -> Row:
    return Row(at=at, kind=kind, session=session, project=project, tool="t", outcome="ok", ms=1.5, fact="{}")


@pytest.fixture
def opening(url: str, tmp_path: Path) -> Opening:
    """Return a function that opens the journal once more, as another process does."""
    return lambda: open_journal_store(url, tmp_path / "journal.db", days=10, rows=1_000)


@pytest.fixture
def journal(opening: Opening) -> Iterator[JournalStore]:
    with closing(opening()) as opened:
        yield opened


def test_what_is_written_is_read_oldest_first_by_every_process(journal: JournalStore, opening: Opening) -> None:
    assert journal.append([a_row(NOW + 1), a_row(NOW + 2, "list_changed")]) is None

    with closing(opening()) as other:
        other.append([a_row(NOW + 3)])
        assert [entry.row for entry in other.read(Wanted())] == [
            a_row(NOW + 1),
            a_row(NOW + 2, "list_changed"),
            a_row(NOW + 3),
        ]
    assert len(journal.read(Wanted())) == 3


@pytest.mark.parametrize(
    ("wanted", "times"),
    [
        (Wanted(since=NOW + 2), [2, 3]),
        (Wanted(kinds=("b", "c")), [2, 3]),
        (Wanted(session="on"), [1]),
        (Wanted(project="/q"), [3]),
        (Wanted(limit=2), [2, 3]),
        (Wanted(since=NOW, kinds=("a",), session="one"), [1]),
    ],
)
def test_entries_are_found_by_time_kind_session_and_project(
    journal: JournalStore, wanted: Wanted, times: list[int]
) -> None:
    journal.append([a_row(NOW + 1, "a", "one"), a_row(NOW + 2, "b", "two"), a_row(NOW + 3, "c", "two", "/q")])

    assert [round(entry.row.at - NOW) for entry in journal.read(wanted)] == times


def test_one_can_go_on_reading_where_one_was(journal: JournalStore) -> None:
    journal.append([a_row(NOW + i) for i in range(3)])
    ids = [entry.id for entry in journal.read(Wanted())]
    journal.append([a_row(NOW + 3)])

    assert ids == sorted(set(ids))
    assert [round(entry.row.at - NOW) for entry in journal.read(Wanted(after=ids[1]))] == [2, 3]
    assert journal.read(Wanted(after=journal.read(Wanted())[-1].id)) == []


def test_what_is_too_old_is_forgotten(journal: JournalStore) -> None:
    journal.append([a_row(NOW - 11 * DAY_SECONDS), a_row(NOW - 9 * DAY_SECONDS)])

    assert [entry.row.at for entry in journal.read(Wanted())] == [NOW - 9 * DAY_SECONDS]


def test_what_is_too_much_is_forgotten_oldest_first(journal: JournalStore) -> None:
    for start in range(0, 3 * PRUNE_EVERY, PRUNE_EVERY):
        journal.append([a_row(NOW + start + i) for i in range(PRUNE_EVERY)])

    assert [round(entry.row.at - NOW) for entry in journal.read(Wanted())] == list(range(500, 1_500))
