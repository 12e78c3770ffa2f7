"""What was learned of projects: which tools each session called, missed or had in vain; names and counts only."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mcp_dynaload.store.database import Database

MAX_SESSIONS = 40
"""Sessions of one project that are remembered: an older one would hardly count any more."""

FORGET_SECONDS = 365 * 86_400.0
"""How long a project's last sessions are kept in which nothing happens."""


@dataclass(frozen=True, slots=True)
class Calls:
    """How often a tool was called in a session."""

    times: int = 0
    """0: it was loaded in vain."""

    was_missed: bool = False
    """It had to be searched."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session of a project."""

    at: float
    """When something was last noted, in seconds since 1970."""

    tools: Mapping[str, Calls]


def project_of(folder: Path, user: str = "") -> str:
    """The project that a folder belongs to: the root of its git work tree, or the folder itself.

    With a user it is that person's own view of the project, which nobody else's sessions see or change.
    """
    folder = folder.absolute()
    root = next((parent for parent in (folder, *folder.parents) if (parent / ".git").exists()), folder)
    return f"{root} ({user})" if user else str(root)


class Usage:
    """What is known of projects; safe for many processes at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, project: str, session: str, tools: Mapping[str, Calls]) -> None:
        """Add to what a session did; what is too old or too much is forgotten."""
        if not tools:
            return
        now = time.time()
        rows = [(project, session, name, calls.times, calls.was_missed, now) for name, calls in tools.items()]
        self._database.write(
            "INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "calls = calls + excluded.calls, missed = max(missed, excluded.missed), at = excluded.at",
            rows,
        )
        self._database.write("DELETE FROM usage WHERE at < ?", [(now - FORGET_SECONDS,)])
        self._database.write(
            "DELETE FROM usage WHERE project = ?1 AND session NOT IN (SELECT session FROM usage "
            "WHERE project = ?1 GROUP BY session ORDER BY max(at) DESC, max(rowid) DESC LIMIT ?2)",
            [(project, MAX_SESSIONS)],
        )

    def sessions(self, project: str) -> tuple[SessionRow, ...]:
        """The sessions of a project in which tools were loaded or called, latest first."""
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
        """Which tool was called right after which, and how often, most often first."""
        rows = self._database.read(
            "SELECT tool, follower, count FROM followers WHERE project = ? ORDER BY count DESC, tool, follower",
            (project,),
        )
        return tuple((tool, follower, count) for tool, follower, count in rows)

    def projects(self) -> tuple[str, ...]:
        """The projects of which something is known."""
        rows = self._database.read("SELECT project FROM usage UNION SELECT project FROM followers ORDER BY 1")
        return tuple(project for (project,) in rows)

    def forget(self, projects: Iterable[str]) -> None:
        """Forget everything about these projects."""
        rows = [(project,) for project in projects]
        for table in ("usage", "followers"):
            self._database.write(f"DELETE FROM {table} WHERE project = ?", rows)

    def close(self) -> None:
        """Close the database."""
        self._database.close()
