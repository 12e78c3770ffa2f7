"""The issue tracker's database: one project, two sprints, a dozen issues."""

import sqlite3
from pathlib import Path

_SCHEMA = """
CREATE TABLE sprints (id INTEGER PRIMARY KEY, name TEXT UNIQUE, starts TEXT, ends TEXT, goal TEXT);
CREATE TABLE issues (
    key TEXT PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL DEFAULT '', type TEXT NOT NULL, status TEXT NOT NULL,
    priority TEXT NOT NULL, assignee TEXT, sprint TEXT, points INTEGER, created TEXT NOT NULL);
CREATE TABLE labels (issue TEXT, label TEXT, PRIMARY KEY (issue, label));
CREATE TABLE comments (id INTEGER PRIMARY KEY, issue TEXT, author TEXT, body TEXT, created TEXT);
CREATE TABLE links (source TEXT, kind TEXT, target TEXT, PRIMARY KEY (source, kind, target));
"""
_SPRINTS = (
    (1, "Sprint 7", "2026-02-16", "2026-02-27", "Totals are right to the cent"),
    (2, "Sprint 8", "2026-03-02", "2026-03-13", "Express checkout behind a flag"),
)
_ISSUES = """
Totals are off by one cent for large carts|bug|in progress|high|milo|Sprint 8|3|gross_total rounds per order.
Express checkout|story|in progress|high|yuki|Sprint 8|8|One page, saved card, two clicks.
Discount code field on the cart page|story|review|medium|yuki|Sprint 8|5|Codes are validated by shop.discounts.
Login page crashes on empty password|bug|open|critical||Sprint 8|2|Stack trace in the log of the accounts service.
Search returns nothing for umlauts|bug|open|medium|||3|Searching for 'Kühltasche' finds no product.
Move payments queue to the new broker|task|open|high|dana||8|The old broker is end of life in June.
Write runbook for the payments queue|task|done|medium|milo|Sprint 7|1|
Shipping is free from 50 euros|story|done|medium|yuki|Sprint 7|3|
Cart forgets quantities after login|bug|done|high|dana|Sprint 7|5|Anonymous cart is not merged.
Invoice PDF has wrong address|bug|open|low|milo||2|Billing and shipping are swapped.
Upgrade to Python 3.13|task|open|low|||3|
Slow product page for bundles|bug|open|medium|dana||5|p95 above 2 s when a bundle has more than 10 parts.
"""
"""title|type|status|priority|assignee|sprint|points|body, one issue a line."""

_LABELS = (
    ("BIRD-101", "pricing"),
    ("BIRD-103", "pricing"),
    ("BIRD-104", "accounts"),
    ("BIRD-106", "payments"),
    ("BIRD-112", "performance"),
)
_COMMENTS = (
    ("BIRD-101", "dana", "Accounting found 14 such orders in February."),
    ("BIRD-101", "milo", "Branch fix/rounding has a first try."),
    ("BIRD-104", "support", "Three customers called today."),
)


def write(folder: Path) -> None:
    """Create the database."""
    with sqlite3.connect(folder / "tracker.sqlite") as db:
        db.execute("PRAGMA synchronous = OFF")
        db.executescript(_SCHEMA)
        db.executemany("INSERT INTO sprints VALUES (?,?,?,?,?)", _SPRINTS)
        for number, line in enumerate(_ISSUES.strip().splitlines(), start=1):
            title, kind, status, priority, assignee, sprint, points, body = line.split("|")
            row = (
                f"BIRD-{100 + number}",
                title,
                body,
                kind,
                status,
                priority,
                assignee or None,
                sprint or None,
                int(points),
            )
            db.execute("INSERT INTO issues VALUES (?,?,?,?,?,?,?,?,?,?)", (*row, f"2026-02-{9 + number:02}"))
        db.executemany("INSERT INTO labels VALUES (?,?)", _LABELS)
        db.executemany("INSERT INTO comments (issue, author, body, created) VALUES (?,?,?,'2026-03-02')", _COMMENTS)
        db.execute("INSERT INTO links VALUES ('BIRD-103', 'relates to', 'BIRD-102')")
    db.close()
