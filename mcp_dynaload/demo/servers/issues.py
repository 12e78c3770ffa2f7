"""Demo server: an issue tracker on SQLite."""

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from mcp.server.lowlevel import Server

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.demo.toolkit import Limit, ToolFailedError, build_server, tool
from mcp_dynaload.demo.workspace import ensure_part

Status = Literal["open", "in progress", "review", "done"]
Priority = Literal["low", "medium", "high", "critical"]
IssueType = Literal["bug", "story", "task"]
LinkKind = Literal["blocks", "duplicates", "relates to"]

_INSTRUCTIONS = (
    "Issues of the Parcelbird project; keys look like BIRD-104. Search before you create: duplicates annoy people."
)


def build(workspace: Path) -> Server:
    """The server over `workspace`."""
    file = ensure_part(workspace, "tracker") / "tracker.sqlite"
    return build_server("issues", _Tracker(file), _INSTRUCTIONS, camel_case=True)


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue without its comments."""

    key: str
    title: str
    body: str
    type: str
    status: str
    priority: str
    assignee: str | None
    sprint: str | None
    points: int | None
    created: str
    labels: list[str]


@dataclass(frozen=True, slots=True)
class IssueList:
    """Matching issues and how many there are in all."""

    total: int
    issues: list[Issue]


@dataclass(frozen=True, slots=True)
class _Tracker:
    file: Path

    @tool("read")
    def search_issues(
        self,
        query: str = "",
        status: Status | None = None,
        type: IssueType | None = None,
        assignee: str | None = None,
        label: str | None = None,
        limit: Limit = 20,
    ) -> IssueList:
        """Search issues by text and field filters.

        All given filters must match. Results are ordered by priority (critical first), then by key. Use this tool to
        find out whether a bug has been reported already, or what a colleague is working on.

        Args:
            query: Words that must all occur in the title or the description (any case). Empty matches all.
            status: Only issues in this workflow status.
            type: Only bugs, stories or tasks.
            assignee: Only issues assigned to this user name; "nobody" for unassigned ones.
            label: Only issues that carry this label.
            limit: Maximum number of issues to return.
        """
        where = ["(title || ' ' || body) LIKE ?" for _ in query.split()]
        values = [f"%{word}%" for word in query.split()]
        for column, value in (("status", status), ("type", type), ("assignee", assignee)):
            if value is not None:
                where.append(f"COALESCE({column}, 'nobody') = ?")
                values.append(value)
        if label is not None:
            where.append("key IN (SELECT issue FROM labels WHERE label = ?)")
            values.append(label)
        order = "INSTR('critical high medium low', priority), key"
        rows = self._rows(f"SELECT * FROM issues WHERE {' AND '.join(where) or '1'} ORDER BY {order}", values)
        return IssueList(len(rows), [self._issue(row) for row in rows[:limit]])

    @tool("read")
    def get_issue(self, issue_key: str) -> Issue:
        """Get all fields of a single issue by its key.

        Args:
            issue_key: Key of the issue, e.g. BIRD-104.
        """
        rows = self._rows("SELECT * FROM issues WHERE key = ?", [issue_key])
        if not rows:
            raise ToolFailedError(f"There is no issue {issue_key!r}; find its key with search_issues.")
        return self._issue(rows[0])

    @tool("write")
    def create_issue(
        self,
        title: str,
        body: str = "",
        type: IssueType = "task",
        priority: Priority = "medium",
        assignee: str | None = None,
        labels: list[str] | None = None,
    ) -> Issue:
        """Create a new issue (bug report, story or task) and return it with its key.

        Args:
            title: One line that says what is wrong or wanted.
            body: Description in Markdown: steps to reproduce, expected and actual behaviour.
            type: What kind of work it is.
            priority: How urgent it is.
            assignee: User name of the person who should do it.
            labels: Labels to attach; unknown labels are created.
        """
        with self._database() as db:
            number = db.execute("SELECT MAX(CAST(SUBSTR(key, 6) AS INTEGER)) + 1 FROM issues").fetchone()[0]
            key = f"BIRD-{number}"
            today = datetime.now(UTC).date().isoformat()
            values = (key, title, body, type, "open", priority, assignee, None, None, today)
            db.execute("INSERT INTO issues VALUES (?,?,?,?,?,?,?,?,?,?)", values)
            db.executemany("INSERT OR IGNORE INTO labels VALUES (?, ?)", [(key, label) for label in labels or []])
        return self.get_issue(key)

    @tool("write")
    def update_issue(
        self,
        issue_key: str,
        title: str | None = None,
        body: str | None = None,
        priority: Priority | None = None,
        points: int | None = None,
        sprint: str | None = None,
    ) -> Issue:
        """Edit fields of an existing issue. Only the fields you pass are changed.

        Args:
            issue_key: Issue to edit.
            title: New title.
            body: New description; replaces the old one.
            priority: New priority.
            points: Story points (estimate).
            sprint: Name of the sprint to plan the issue in.
        """
        changes = {"title": title, "body": body, "priority": priority, "points": points, "sprint": sprint}
        given = {column: value for column, value in changes.items() if value is not None}
        if not given:
            raise ToolFailedError("Nothing to update: give at least one field besides the key.")
        return self._update(issue_key, given)

    @tool("write")
    def transition_issue(self, issue_key: str, status: Status) -> Issue:
        """Move an issue to another workflow status (open → in progress → review → done).

        Args:
            issue_key: Issue to move.
            status: Target status.
        """
        return self._update(issue_key, {"status": status})

    @tool("write")
    def assign_issue(self, issue_key: str, assignee: str | None = None) -> Issue:
        """Assign an issue to someone, or to nobody.

        Args:
            issue_key: Issue to assign.
            assignee: User name; leave it out to unassign.
        """
        return self._update(issue_key, {"assignee": assignee})

    @tool("write")
    def add_comment(self, issue_key: str, body: str, author: str = "claude") -> str:
        """Comment on an issue.

        Args:
            issue_key: Issue to comment on.
            body: Text of the comment in Markdown.
            author: Name under which the comment appears.
        """
        issue = self.get_issue(issue_key)
        today = datetime.now(UTC).date().isoformat()
        values = (issue.key, author, body, today)
        self._execute("INSERT INTO comments (issue, author, body, created) VALUES (?,?,?,?)", values)
        return f"Comment added to {issue.key}."

    @tool("read")
    def list_comments(self, issue_key: str) -> list[Json]:
        """Read the discussion of an issue, oldest comment first.

        Args:
            issue_key: Issue whose comments are wanted.
        """
        issue = self.get_issue(issue_key)
        rows = self._rows("SELECT author, created, body FROM comments WHERE issue = ? ORDER BY id", [issue.key])
        return [dict(row) for row in rows]

    @tool("write")
    def set_labels(self, issue_key: str, add: list[str] | None = None, remove: list[str] | None = None) -> Issue:
        """Add labels to an issue and take others away.

        Args:
            issue_key: Issue to change.
            add: Labels to attach.
            remove: Labels to detach.
        """
        issue = self.get_issue(issue_key)
        with self._database() as db:
            db.executemany("INSERT OR IGNORE INTO labels VALUES (?, ?)", [(issue.key, name) for name in add or []])
            db.executemany(
                "DELETE FROM labels WHERE issue = ? AND label = ?", [(issue.key, name) for name in remove or []]
            )
        return self.get_issue(issue_key)

    @tool("write")
    def link_issues(self, source_key: str, target_key: str, kind: LinkKind = "relates to") -> str:
        """Create a typed link between two issues, e.g. BIRD-106 blocks BIRD-102.

        Args:
            source_key: Issue on the left side of the link.
            target_key: Issue on the right side.
            kind: How the first relates to the second.
        """
        source, target = self.get_issue(source_key), self.get_issue(target_key)
        self._execute("INSERT OR IGNORE INTO links VALUES (?,?,?)", (source.key, kind, target.key))
        return f"{source.key} {kind} {target.key}"

    @tool("read")
    def get_sprint_report(self, sprint: str) -> Json:
        """Progress of a sprint: goal, dates, story points done and left, and the issues that are not finished.

        Args:
            sprint: Name of the sprint, e.g. "Sprint 8".
        """
        sprints = self._rows("SELECT * FROM sprints WHERE name = ?", [sprint])
        if not sprints:
            names = ", ".join(row["name"] for row in self._rows("SELECT name FROM sprints", []))
            raise ToolFailedError(f"There is no sprint {sprint!r}. Sprints: {names}.")
        issues = self._rows("SELECT key, title, status, points FROM issues WHERE sprint = ? ORDER BY key", [sprint])
        done = sum(row["points"] or 0 for row in issues if row["status"] == "done")
        total = sum(row["points"] or 0 for row in issues)
        unfinished = [dict(row) for row in issues if row["status"] != "done"]
        return {**dict(sprints[0]), "points_done": done, "points_left": total - done, "unfinished": unfinished}

    @tool("delete")
    def delete_issue(self, issue_key: str) -> str:
        """Permanently delete an issue with its comments and links. There is no undo; prefer closing it.

        Args:
            issue_key: Issue to delete.
        """
        issue = self.get_issue(issue_key)
        with self._database() as db:
            db.execute("DELETE FROM issues WHERE key = ?", (issue.key,))
            db.execute("DELETE FROM labels WHERE issue = ?", (issue.key,))
            db.execute("DELETE FROM comments WHERE issue = ?", (issue.key,))
            db.execute("DELETE FROM links WHERE source = ? OR target = ?", (issue.key, issue.key))
        return f"Deleted {issue.key}: {issue.title}"

    def _update(self, issue_key: str, changes: Json) -> Issue:
        issue = self.get_issue(issue_key)
        columns = ", ".join(f"{column} = ?" for column in changes)
        self._execute(f"UPDATE issues SET {columns} WHERE key = ?", (*changes.values(), issue.key))
        return self.get_issue(issue_key)

    def _issue(self, row: sqlite3.Row) -> Issue:
        labels = self._rows("SELECT label FROM labels WHERE issue = ? ORDER BY label", [row["key"]])
        return Issue(**dict(row), labels=[label["label"] for label in labels])

    def _rows(self, statement: str, values: Sequence[str]) -> list[sqlite3.Row]:
        with self._database() as db:
            return db.execute(statement, values).fetchall()

    def _execute(self, statement: str, values: Sequence[object]) -> None:
        with self._database() as db:
            db.execute(statement, tuple(values))

    @contextmanager
    def _database(self) -> Generator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file)) as db, db:
            db.row_factory = sqlite3.Row
            yield db
