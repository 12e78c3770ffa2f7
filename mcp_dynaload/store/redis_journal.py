"""The journal as a stream in a Redis that any number of our processes share."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

import structlog

from mcp_dynaload.store.journal import COLUMNS, DAY_SECONDS, Entry, Row, Wanted
from mcp_dynaload.store.redis_connection import Command, RedisConnection

log = structlog.get_logger()

KEY = "dynaload:journal"
CHUNK = 1_000

CLOCKS_SECONDS = 60.0
"""Machines' clocks may differ by so much: an entry's place is by Redis's clock, its time by the writer's."""

_SEQUENCE_BITS = 12
"""Redis counts the entries of one millisecond."""


class RedisJournal:
    """The journal in Redis, in the order of arrival; entries that cannot be delivered wait in this process."""

    def __init__(self, remote: RedisConnection, days: float, rows: int, clock: Callable[[], float] = time.time) -> None:
        """Keep entries for so many days, and at most so many."""
        self._remote = remote
        self._days, self._rows, self._clock = days, rows, clock

    def append(self, rows: Sequence[Row]) -> str | None:
        """Write rows, and forget what is too old or too much; none is lost while Redis is away."""
        added: list[Command] = [("XADD", KEY, "*", "row", json.dumps(asdict(row))) for row in rows]
        oldest_ms = int((self._oldest() - CLOCKS_SECONDS) * 1000)
        self._remote.write(*added, ("XTRIM", KEY, "MAXLEN", self._rows), ("XTRIM", KEY, "MINID", max(0, oldest_ms)))
        return None

    def read(self, wanted: Wanted) -> list[Entry]:
        """Read the wanted entries, oldest first; none while Redis is away."""
        found: list[Entry] = []
        start, end = self._start(wanted), "+"
        while len(found) < wanted.limit:
            (chunk,) = self._remote.read(("XREVRANGE", KEY, end, start, "COUNT", CHUNK)) or [[]]
            entries = (Entry(_number(place), row) for place, fields in chunk if (row := _row(fields)))
            found += [entry for entry in entries if self._is_wanted(entry, wanted)]
            if len(chunk) < CHUNK:
                break
            end = f"({chunk[-1][0]}"
        return found[: wanted.limit][::-1]

    def close(self) -> None:
        """Let go of it."""
        self._remote.close()

    def _oldest(self) -> float:
        return self._clock() - self._days * DAY_SECONDS

    def _start(self, wanted: Wanted) -> str:
        if wanted.after is not None:
            return f"({_place(wanted.after)}"
        return "-" if wanted.since is None else str(max(0, int((wanted.since - CLOCKS_SECONDS) * 1000)))

    def _is_wanted(self, entry: Entry, wanted: Wanted) -> bool:
        row = entry.row
        return (
            row.at >= max(self._oldest(), wanted.since or 0.0)
            and (not wanted.kinds or row.kind in wanted.kinds)
            and row.session.startswith(wanted.session)
            and wanted.project in (None, row.project)
        )


def _row(written: Mapping[str, str]) -> Row | None:
    """Return the row, of another version of us too as far as we know it; None where others wrote something else."""
    try:
        row = json.loads(written["row"])
        return Row(**{name: row[name] for name in COLUMNS if name in row})
    except (KeyError, ValueError, TypeError) as error:
        log.info("journal_entry_unreadable", error=str(error))
        return None


def _number(place: str) -> int:
    """Return Redis's `milliseconds-count` as one number that rises."""
    milliseconds, count = place.split("-")
    return (int(milliseconds) << _SEQUENCE_BITS) | int(count)


def _place(number: int) -> str:
    return f"{number >> _SEQUENCE_BITS}-{number & ((1 << _SEQUENCE_BITS) - 1)}"
