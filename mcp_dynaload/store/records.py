"""What is kept: listings of upstreams, token counts, the loaded set of each session, which tool follows which."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence

import structlog

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.store.database import Database, Row

MAX_SESSIONS = 500
MAX_VARIABLES = 500
"""Placeholders in one statement, well under SQLite's limit."""

LEAST_FOLLOWING = 2
"""A tool that followed once may be chance."""

log = structlog.get_logger()


class Records:
    """Typed access to the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listings(self, fingerprints: Iterable[str]) -> dict[str, Json]:
        """The stored listing of each known fingerprint, as JSON."""
        rows = self._select("SELECT fingerprint, listing FROM listings WHERE fingerprint IN ({})", list(fingerprints))
        read = ((fingerprint, _parsed(listing)) for fingerprint, listing in rows)
        return {fingerprint: listing for fingerprint, listing in read if listing is not None}

    def keep_listing(self, fingerprint: str, upstream: str, listing: Json) -> None:
        """Store what an upstream listed."""
        self._database.write(
            "INSERT OR REPLACE INTO listings VALUES (?, ?, ?, ?)",
            [(fingerprint, upstream, json.dumps(listing), time.time())],
        )

    def costs(self, hashes: Iterable[str]) -> dict[str, int]:
        """Token counts by hash of the counted text."""
        return dict(self._select("SELECT text_hash, tokens FROM costs WHERE text_hash IN ({})", list(hashes)))

    def keep_costs(self, costs: Mapping[str, int]) -> None:
        """Store token counts."""
        self._database.write("INSERT OR REPLACE INTO costs VALUES (?, ?)", list(costs.items()))

    def loaded(self, session_id: str) -> tuple[str, ...]:
        """The tools that a session had loaded; none if it is unknown."""
        rows = self._database.read("SELECT loaded FROM sessions WHERE session_id = ?", (session_id,))
        return tuple(json.loads(rows[0][0])) if rows else ()

    def keep_loaded(self, session_id: str, names: Iterable[str]) -> None:
        """Store what a session has loaded; the oldest sessions are forgotten."""
        values = (session_id, json.dumps(sorted(names)), time.time())
        self._database.write("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)", [values])
        self._database.write(
            "DELETE FROM sessions WHERE session_id NOT IN "
            "(SELECT session_id FROM sessions ORDER BY changed_at DESC LIMIT ?)",
            [(MAX_SESSIONS,)],
        )

    def note_following(self, project: str, tool: str, follower: str) -> None:
        """Count that one tool was called right after another."""
        self._database.write(
            "INSERT INTO followers VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
            [(project, tool, follower)],
        )

    def followers(self, project: str, tool: str, limit: int = 3) -> tuple[str, ...]:
        """The tools that usually came after this one, most frequent first."""
        rows = self._database.read(
            "SELECT follower FROM followers WHERE project = ? AND tool = ? AND count >= ? "
            "ORDER BY count DESC, follower LIMIT ?",
            (project, tool, LEAST_FOLLOWING, limit),
        )
        return tuple(name for (name,) in rows)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _select(self, statement: str, values: Sequence[str]) -> list[Row]:
        rows: list[Row] = []
        for start in range(0, len(values), MAX_VARIABLES):
            part = values[start : start + MAX_VARIABLES]
            rows += self._database.read(statement.format(",".join("?" * len(part))), part)
        return rows


def _parsed(listing: str) -> Json | None:
    """The stored listing; one that cannot be read is as good as none, and the upstream is listed again."""
    try:
        return json.loads(listing)
    except ValueError as error:
        log.warning("stored_listing_unreadable", error=str(error))
        return None
