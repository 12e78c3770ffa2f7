"""The calendar of one working week."""

import json
from pathlib import Path

_EVENTS = """
Daily standup|2026-03-02T09:30|2026-03-02T09:45|team|dana,milo,yuki|Room Robin|accepted
Sprint 8 planning|2026-03-02T10:00|2026-03-02T12:00|team|dana,milo,yuki|Room Robin|accepted
1:1 Dana and Milo|2026-03-03T14:00|2026-03-03T14:30|personal|dana,milo||accepted
Daily standup|2026-03-03T09:30|2026-03-03T09:45|team|dana,milo,yuki|Room Robin|accepted
Payments incident review|2026-03-05T11:00|2026-03-05T12:00|team|dana,yuki,ops|Video|tentative
Dentist|2026-03-05T15:00|2026-03-05T16:00|personal|dana|Harbour street 4|accepted
Demo for customers|2026-03-06T13:00|2026-03-06T14:00|team|dana,milo,yuki,sales|Stage|needs action
"""
"""title|start|end|calendar|attendees|place|answer, one event a line."""


def write(folder: Path) -> None:
    """Write the events."""
    events = {f"ev{number}": _event(number, line) for number, line in enumerate(_EVENTS.strip().splitlines(), start=1)}
    (folder / "events.json").write_text(json.dumps(events))


def _event(number: int, line: str) -> dict[str, object]:
    title, start, end, calendar, attendees, place, answer = line.split("|")
    times = {"start": start, "end": end}
    details = {"calendar": calendar, "attendees": attendees.split(","), "place": place, "answer": answer}
    return {"id": f"ev{number}", "title": title, **times, **details}
