"""The last failure of each server that the journal tells of, whichever process it was in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from mcp_dynaload.store.journal import Entry, JournalStore, Row, Wanted
from mcp_dynaload.telemetry.codec import kind_name
from mcp_dynaload.telemetry.events import Outcome, ToolCalled, UpstreamFailed, UpstreamStarted

MAX_ENTRIES = 5_000
"""Entries that are looked at, the newest; a failure before so many starts and failures says little of today."""

TOLD_SECONDS = 172_800.0
"""An older failure is not told: about once a day a server is listed, which is an answer."""

FAILED, STARTED, CALLED = map(kind_name, (UpstreamFailed, UpstreamStarted, ToolCalled))
ANSWERS = (Outcome.OK, Outcome.TOOL_ERROR)


@dataclass(frozen=True, slots=True)
class LastFailure:
    """A failure since which the server has not answered."""

    at: float
    """Seconds since 1970."""

    why: str


def last_failures(
    journal: JournalStore, project: str, listed_at: Mapping[str, float], now: float
) -> dict[str, LastFailure]:
    """Return the last failure of each server by name, unless it has answered since in a session of any process.

    Sessions of other projects do not count: a server of the same name may be another one there. `listed_at` says when
    servers were listed last, which is an answer, too, and not always in the journal. Blocks.
    """
    failed: dict[str, Entry] = {}
    since = now - TOLD_SECONDS
    for entry in journal.read(Wanted(since=since, kinds=(STARTED, FAILED), limit=MAX_ENTRIES)):
        if _is_of(project, entry.row):
            failed.pop(entry.row.upstream, None)
            failed |= {entry.row.upstream: entry} if entry.row.kind == FAILED else {}
    if failed:
        first = min(entry.id for entry in failed.values())
        for entry in journal.read(Wanted(since=since, kinds=(CALLED,), after=first, limit=MAX_ENTRIES)):
            failure = failed.get(entry.row.upstream)
            if failure and failure.id < entry.id and entry.row.outcome in ANSWERS and _is_of(project, entry.row):
                del failed[entry.row.upstream]
    return {
        name: LastFailure(entry.row.at, json.loads(entry.row.fact)["detail"])
        for name, entry in failed.items()
        if listed_at.get(name, 0.0) < entry.row.at
    }


def _is_of(project: str, row: Row) -> bool:
    """Return whether it was in the project, in one of a service's users there, or in no session, as what all share."""
    return row.project in ("", project) or row.project.startswith(f"{project} (")
