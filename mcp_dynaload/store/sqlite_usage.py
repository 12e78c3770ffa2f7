"""Learned, pinned and loaded tools, in the SQLite database of the state folder."""

import time
from collections.abc import Iterable, Mapping

from mcp_dynaload.store.database import Database
from mcp_dynaload.store.usage import (
    FORGET_SECONDS,
    MAX_FOLLOWERS,
    MAX_SESSIONS,
    MIN_FOLLOWING,
    Calls,
    KeptSession,
    SessionRow,
)

MAX_LOADED_SETS = 500


class SqliteUsage:
    """The usage in tables of the database in the state folder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, project: str, session: str, tools: Mapping[str, Calls], at: float | None = None) -> None:
        """Add to what a session did, now or at a time; what is too old or too much is forgotten."""
        if not tools:
            return
        now = time.time()
        when = now if at is None else at
        rows = [(project, session, name, calls.times, calls.was_missed, when) for name, calls in tools.items()]
        self._database.write(
            "INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (project, session, tool) DO UPDATE SET "
            "calls = calls + excluded.calls, missed = max(missed, excluded.missed), at = excluded.at",
            rows,
        )
        self._database.write("DELETE FROM usage WHERE at < ?", [(now - FORGET_SECONDS,)])
        self._database.write(
            "DELETE FROM usage WHERE project = ?1 AND session NOT IN (SELECT session FROM usage "
            "WHERE project = ?1 GROUP BY session ORDER BY max(at) DESC, max(rowid) DESC LIMIT ?2)",
            [(project, MAX_SESSIONS)],
        )

    def noted(self, project: str) -> frozenset[str]:
        """Return the ids of the sessions of a project of which something is known."""
        rows = self._database.read("SELECT DISTINCT session FROM usage WHERE project = ?", (project,))
        return frozenset(session for (session,) in rows)

    def sessions(self, project: str) -> tuple[SessionRow, ...]:
        """Return the sessions of a project in which tools were loaded or called, latest first."""
        rows = self._database.read(
            "SELECT session, tool, calls, missed, at, rowid FROM usage WHERE project = ?", (project,)
        )
        tools: dict[str, dict[str, Calls]] = {}
        latest: dict[str, tuple[float, int]] = {}
        for session, tool, times, missed, at, row in rows:
            tools.setdefault(session, {})[tool] = Calls(times, bool(missed))
            latest[session] = max(latest.get(session, (0.0, 0)), (at, row))
        ordered = sorted(tools, key=lambda session: latest[session], reverse=True)
        return tuple(SessionRow(latest[session][0], tools[session]) for session in ordered)

    def followings(self, project: str) -> tuple[tuple[str, str, int], ...]:
        """Return which tool was called right after which, and how often, most often first."""
        rows = self._database.read(
            "SELECT tool, follower, count FROM followers WHERE project = ? ORDER BY count DESC, tool, follower",
            (project,),
        )
        return tuple((tool, follower, count) for tool, follower, count in rows)

    def projects(self) -> tuple[str, ...]:
        """Return the projects of which something is known."""
        rows = self._database.read("SELECT project FROM usage UNION SELECT project FROM followers ORDER BY 1")
        return tuple(project for (project,) in rows)

    def forget(self, projects: Iterable[str]) -> None:
        """Forget everything about these projects."""
        rows = [(project,) for project in projects]
        for table in ("usage", "followers"):
            self._database.write(f"DELETE FROM {table} WHERE project = ?", rows)

    def kept(self, session_id: str) -> KeptSession | None:
        """Return what a session is to get again, nothing if it is unknown; None where that cannot be read now."""
        rows = self._database.try_read("SELECT kept FROM sessions WHERE session_id = ?", (session_id,))
        if rows is None:
            return None
        return KeptSession.from_text(rows[0][0]) if rows else KeptSession()

    def keep_session(self, session_id: str, kept: KeptSession, over: KeptSession | None = None) -> None:
        """Store what a session is to get again, or only over this or nothing; the oldest sessions are forgotten."""
        stored = over.as_text() if over is not None else None
        values = (session_id, kept.as_text(), time.time(), stored, stored)
        self._database.write(
            "INSERT INTO sessions VALUES (?, ?, ?) ON CONFLICT (session_id) DO UPDATE "
            "SET kept = excluded.kept, changed_at = excluded.changed_at WHERE ? IS NULL OR sessions.kept = ?",
            [values],
        )
        self._database.write(
            "DELETE FROM sessions WHERE session_id NOT IN "
            "(SELECT session_id FROM sessions ORDER BY changed_at DESC LIMIT ?)",
            [(MAX_LOADED_SETS,)],
        )

    def note_followings(self, project: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Count for each pair that its second tool was called right after its first; the rarest are forgotten."""
        rows = [(project, tool, follower) for tool, follower in pairs]
        if not rows:
            return
        self._database.write(
            "INSERT INTO followers VALUES (?, ?, ?, 1) ON CONFLICT (project, tool, follower) DO UPDATE "
            "SET count = count + 1",
            rows,
        )
        self._database.write(
            "DELETE FROM followers WHERE project = ?1 AND rowid NOT IN "
            "(SELECT rowid FROM followers WHERE project = ?1 ORDER BY count DESC, rowid DESC LIMIT ?2)",
            [(project, MAX_FOLLOWERS)],
        )

    def followers(self, project: str, tool: str, limit: int = 3) -> tuple[str, ...]:
        """Return the tools that usually came after this one, most frequent first."""
        rows = self._database.read(
            "SELECT follower FROM followers WHERE project = ? AND tool = ? AND count >= ? "
            "ORDER BY count DESC, follower LIMIT ?",
            (project, tool, MIN_FOLLOWING, limit),
        )
        return tuple(name for (name,) in rows)

    def pins(self, project: str, *, is_vital: bool = True) -> tuple[str, ...] | None:
        """Return the tools that the user pinned in a project, in name order; None while the database is locked."""
        rows = self._database.try_read("SELECT tool FROM pins WHERE project = ? ORDER BY tool", (project,))
        return None if rows is None else tuple(name for (name,) in rows)

    def keep_pins(self, project: str, names: Iterable[str]) -> str | None:
        """Store what the user pinned in a project; returns why that was not possible."""
        return self._database.try_write("INSERT OR IGNORE INTO pins VALUES (?, ?)", [(project, name) for name in names])

    def forget_pins(self, project: str, names: Iterable[str]) -> str | None:
        """Undo `keep_pins`; returns why that was not possible."""
        return self._database.try_write(
            "DELETE FROM pins WHERE project = ? AND tool = ?", [(project, name) for name in names]
        )

    def flows(self, project: str) -> frozenset[str]:
        """Return which parts of dangerous combinations of servers the user was told of in a project."""
        return frozenset(
            part for (part,) in self._database.read("SELECT part FROM flows WHERE project = ?", (project,))
        )

    def keep_flows(self, project: str, parts: Iterable[str]) -> None:
        """Store that the user was told of these parts in a project."""
        self._database.write("INSERT OR IGNORE INTO flows VALUES (?, ?)", [(project, part) for part in parts])

    def close(self) -> None:
        """Close the database."""
        self._database.close()
