import json
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.store.journal import Entry, Row, SqliteJournal, Wanted
from mcp_dynaload.telemetry.codec import KINDS, event_of, events_of, kind_name, row_of
from mcp_dynaload.telemetry.events import ConfigurationChanged, Event, Outcome, SessionClosed
from mcp_dynaload.telemetry.journal import open_journal
from mcp_dynaload.telemetry.pipeline import open_telemetry
from tests.telemetry.events import a_call, a_list, a_prompt, opened
from tests.waiting import HANG_SECONDS

any_event = st.one_of(*(st.from_type(event) for event in KINDS.values()))


@dataclass
class Store:
    """A place for rows that may refuse them."""

    rows: list[Row] = field(default_factory=list[Row])
    batches: int = 0
    error: str | None = None
    is_open: bool = True

    def append(self, rows: Sequence[Row]) -> str | None:
        self.batches += 1
        if self.error is None:
            self.rows += rows
        return self.error

    def read(self, wanted: Wanted) -> list[Entry]:
        return [Entry(number, row) for number, row in enumerate(self.rows)]

    def close(self) -> None:
        self.is_open = False


@given(any_event)
def test_every_event_comes_back_from_its_row_as_it_was(event: Event) -> None:
    row = row_of(7.0, event)

    assert repr(event_of(row)) == repr(event), "not a number equals nothing"
    assert (row.at, row.kind, row.session) == (7.0, kind_name(type(event)), event.who.session)


def test_a_call_s_columns_can_be_asked_for_with_sql() -> None:
    row = row_of(7.0, a_call("git__log", outcome=Outcome.TOOL_ERROR))

    columns = (row.kind, row.upstream, row.tool, row.outcome, row.ms, row.request_bytes, row.result_bytes)
    assert columns == ("tool_called", "git", "git__log", "tool_error", 20.5, 10, 100)


def test_what_another_version_wrote_is_left_out() -> None:
    rows = [Row(at=1, kind="unheard_of", fact="{}"), Row(at=2, kind="tool_called", fact='{"tool": 5}')]

    assert events_of(Entry(number, row) for number, row in enumerate([*rows, row_of(3, opened())])) == [(3, opened())]


def test_text_that_no_database_takes_is_made_fit() -> None:
    row = row_of(1, a_call("t\ud800", arguments='{"x": "\ud800"}'))

    assert "".join((row.tool, row.fact)).encode()


async def test_that_a_session_is_over_is_written_at_once_while_everything_else_comes_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mcp_dynaload.telemetry.journal.BATCH_SECONDS", 2 * HANG_SECONDS)
    store = Store()
    with anyio.CancelScope() as scope:
        async with open_journal(lambda: store) as writer:
            scope.cancel()
            with anyio.CancelScope(shield=True), anyio.fail_after(HANG_SECONDS):
                await anyio.lowlevel.checkpoint()
                writer(0.0, SessionClosed())
                while not store.rows:
                    await anyio.lowlevel.checkpoint()

    assert [row.kind for row in store.rows] == ["session_closed"]


async def test_what_happened_is_written_in_batches_and_whole_at_the_end() -> None:
    store = Store()
    async with open_journal(lambda: store) as writer:
        for number in range(1_000):
            writer(float(number), a_call("t"))
        assert store.rows == [], "nothing is written while the caller waits"

    assert [row.at for row in store.rows] == [float(number) for number in range(1_000)]
    assert (store.batches, store.is_open) == (1, False)


async def test_what_is_being_written_at_the_end_is_written_before_the_store_is_closed() -> None:
    begun, go_on = threading.Event(), threading.Event()

    class SlowStore(Store):
        def append(self, rows: Sequence[Row]) -> str | None:
            begun.set()
            go_on.wait(HANG_SECONDS)
            assert self.is_open
            return super().append(rows)

    store = SlowStore()
    async with open_journal(lambda: store) as writer:
        writer(1.0, a_call("t"))
        await anyio.to_thread.run_sync(begun.wait, HANG_SECONDS)
        threading.Timer(0.1, go_on.set).start()

    assert ([row.at for row in store.rows], store.is_open) == ([1.0], False)


async def test_trouble_with_the_store_is_told_once_and_again_when_it_is_over() -> None:
    store = Store(error="database or disk is full")
    async with open_journal(lambda: store) as writer:
        with capture_logs() as logs:
            for _ in range(3):
                writer(1.0, opened())
                await writer.flush()
            store.error = None
            writer(2.0, opened())
            await writer.flush()

    assert [line["event"] for line in logs] == ["journal_not_written", "journal_written_again"]
    assert logs[1]["lost"] == 3
    assert [row.at for row in store.rows] == [2.0]


async def test_events_that_nobody_writes_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_dynaload.telemetry.journal.MAX_WAITING", 100)
    store = Store()
    async with open_journal(lambda: store) as writer:
        for number in range(110):
            writer(float(number), opened())

    assert len(store.rows) == 100
    assert store.rows[0].at == 10.0


def written(file: Path) -> list[Event]:
    with closing(SqliteJournal(file, 30, 1_000)) as journal:
        return [event for _, event in events_of(journal.read(Wanted()))]


async def test_events_are_counted_and_journalled(tmp_path: Path) -> None:
    async with open_telemetry(Settings(), tmp_path / "journal.db", "/p", {"git": "f1"}) as telemetry:
        telemetry.event_bus.emit(a_prompt("a"))
        telemetry.event_bus.emit(a_list("a"))

    event_bus = written(tmp_path / "journal.db")
    assert [event for event in event_bus if not isinstance(event, ConfigurationChanged)] == [a_prompt("a"), a_list("a")]
    assert telemetry.totals.summary().prompts == 1


async def test_with_collection_off_nothing_is_counted_or_written(tmp_path: Path) -> None:
    settings = Settings(metrics_collection_enabled=False)
    async with open_telemetry(settings, tmp_path / "journal.db", "/p", {"git": "f1"}) as telemetry:
        telemetry.event_bus.emit(a_prompt("a"))

    assert telemetry.totals.summary().prompts == 0
    assert not (tmp_path / "journal.db").exists()


@pytest.mark.proves("journal")
async def test_a_changed_configuration_is_journalled_once_by_names_without_values(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    secret = Settings(alert_webhook="https://hooks.example/s3cret")
    for settings, servers in (
        (Settings(), {"git": "f1", "web": "f1"}),
        (Settings(), {"git": "f1", "web": "f1"}),
        (secret, {"git": "f2", "mail": "f1"}),
    ):
        async with open_telemetry(settings, file, "/p", servers):
            pass

    changes = [event.detail for event in written(file) if isinstance(event, ConfigurationChanged)]
    assert changes == [
        "first seen with 2 servers",
        "new: server mail; removed: server web; changed: server git, setting alert_webhook",
    ]
    assert "s3cret" not in json.dumps([row_of(0, event).fact for event in written(file)])
