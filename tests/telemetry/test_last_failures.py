"""The last failure of a server is told, unless it has answered since."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mcp_dynaload.store.journal import SqliteJournal
from mcp_dynaload.telemetry.codec import row_of
from mcp_dynaload.telemetry.events import ErrorKind, Event, Outcome, ToolCalled, UpstreamFailed, UpstreamStarted, Who
from mcp_dynaload.telemetry.last_failures import TOLD_SECONDS, LastFailure, last_failures

HERE, ELSEWHERE, OF_USER, NOBODY = Who("s", project="/p"), Who("s", project="/q"), Who("s", "ann", "/p (ann)"), Who("")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    with closing(SqliteJournal(tmp_path / "journal.db", 1, 1_000, lambda: 0.0)) as journal:
        yield journal


def failed(why: str, who: Who = HERE, upstream: str = "a") -> Event:
    return UpstreamFailed(who=who, upstream=upstream, kind=ErrorKind.DIED, detail=why)


def started(who: Who = HERE, upstream: str = "a") -> Event:
    return UpstreamStarted(who=who, upstream=upstream, ms=1.0)


def called(outcome: Outcome, upstream: str = "a", who: Who = HERE) -> Event:
    return ToolCalled(
        who=who,
        tool=f"{upstream}__x",
        upstream=upstream,
        outcome=outcome,
        own_ms=0,
        upstream_ms=0,
        request_bytes=0,
        result_bytes=0,
        was_listed=True,
    )


def told(journal: SqliteJournal, *events: Event, listed_at: float = 0.0, now: float = 9.0) -> dict[str, LastFailure]:
    """Write events, one a second, and return what is told of them then."""
    journal.append([row_of(second, event) for second, event in enumerate(events, 1)])
    return last_failures(journal, "/p", {"a": listed_at}, now)


def test_the_last_failure_of_each_server_is_told(journal: SqliteJournal) -> None:
    events = (failed("first"), started(), failed("second"), failed("other", upstream="b"), called(Outcome.FAILED))

    assert told(journal, *events) == {"a": LastFailure(3, "second"), "b": LastFailure(4, "other")}


@pytest.mark.parametrize("answer", [started(), called(Outcome.OK), called(Outcome.TOOL_ERROR, who=OF_USER)])
def test_one_that_has_answered_since_is_not_told(journal: SqliteJournal, answer: Event) -> None:
    assert told(journal, failed("ended"), failed("other", upstream="b"), answer) == {"b": LastFailure(2, "other")}


def test_one_that_answered_before_is_told(journal: SqliteJournal) -> None:
    assert told(journal, started(), called(Outcome.OK), failed("ended"), listed_at=2.5) == {
        "a": LastFailure(3, "ended")
    }


def test_one_of_days_ago_is_not_told(journal: SqliteJournal) -> None:
    assert told(journal, failed("ended"), now=TOLD_SECONDS) == {"a": LastFailure(1, "ended")}
    assert told(journal, now=TOLD_SECONDS + 1.5) == {}


def test_a_listing_that_no_session_has_made_is_an_answer_too(journal: SqliteJournal) -> None:
    assert told(journal, failed("ended"), listed_at=1.5) == {}


@pytest.mark.parametrize(("who", "is_told"), [(OF_USER, True), (NOBODY, True), (ELSEWHERE, False)])
def test_of_other_projects_nothing_is_told(journal: SqliteJournal, who: Who, is_told: bool) -> None:
    assert bool(told(journal, failed("ended", who))) is is_told
    assert bool(told(journal, failed("ended"), started(ELSEWHERE))) is True
