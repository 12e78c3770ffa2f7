"""A small knowledge base: notes with tags and links."""

import json
from pathlib import Path

_NOTES = """
rounding|Rounding rules|pricing,decision|vat|Decision of 11 February: totals are rounded per line, as accounting does.
vat|VAT rates|pricing||19 percent in Germany, 20 in France, 25 in Norway, 23 in Portugal.
broker|Message broker|payments,infrastructure|incident-0304|The payments queue runs on the old broker until June.
incident-0304|Payments incident of 4 March|payments,incident|runbook|Cause: an expired certificate nobody watched.
runbook|How we handle incidents|process||Declare it, name a lead, write a timeline, review within two days.
express|Express checkout ideas|checkout,idea|vat|One page. Saved card. Show the delivery day early.
books|Reading list|personal||Release It; The Field Guide to Understanding Human Error.
"""
"""id|title|tags|links|body, one note a line."""


def write(folder: Path) -> None:
    """Write the notes."""
    notes = {line.split("|")[0]: _note(line) for line in _NOTES.strip().splitlines()}
    (folder / "notes.json").write_text(json.dumps(notes))


def _note(line: str) -> dict[str, object]:
    key, title, tags, links, body = line.split("|")
    return {
        "id": key,
        "title": title,
        "tags": tags.split(","),
        "links": links.split(",") if links else [],
        "body": body,
    }
