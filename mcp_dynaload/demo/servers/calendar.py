"""Demo server: a calendar with invitations and free/busy search."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from mcp.server.lowlevel import Server
from pydantic import Field

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.demo.storage import StoredRows
from mcp_dynaload.demo.toolkit import ToolFailedError, build_server, tool
from mcp_dynaload.demo.workspace import ensure_part

Answer = Literal["accepted", "declined", "tentative", "needs action"]
Calendar = Literal["team", "personal"]
Minutes = Annotated[int, Field(ge=5, le=480)]

_INSTRUCTIONS = "Dana's calendars. Times are local, written as 2026-03-05T14:00. Working hours are 09:00 to 17:00."
_WORKDAY_HOURS = (9, 17)


def build(workspace: Path) -> Server:
    """The server over `workspace`."""
    return build_server("calendar", _Calendar(ensure_part(workspace, "agenda") / "events.json"), _INSTRUCTIONS)


@dataclass(frozen=True, slots=True)
class Event:
    """One event."""

    id: str
    title: str
    start: str
    end: str
    calendar: Calendar
    attendees: list[str]
    place: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of free time."""

    start: str
    end: str
    minutes: int


class _Calendar:
    def __init__(self, file: Path) -> None:
        self._events = StoredRows(file, Event)

    @tool("read", "list-calendars")
    def list_calendars(self) -> list[Json]:
        """Lists the available calendars and how many events each has."""
        events = self._events.all().values()
        names = sorted({event.calendar for event in events})
        return [{"calendar": name, "events": sum(event.calendar == name for event in events)} for name in names]

    @tool("read", "list-events")
    def list_events(self, first_day: str, last_day: str | None = None, calendar: Calendar | None = None) -> list[Event]:
        """Lists events in a range of days, in order of time. Use it for "what do I have today?".

        Args:
            first_day: First day, e.g. 2026-03-05.
            last_day: Last day, inclusive; the first day if omitted.
            calendar: Only events of this calendar.
        """
        last = last_day or first_day
        events = (event for event in self._sorted() if first_day <= event.start[:10] <= last)
        return [event for event in events if calendar in (None, event.calendar)]

    @tool("read", "get-event")
    def get_event(self, event_id: str) -> Event:
        """Gets one event with its attendees and place.

        Args:
            event_id: Id as given by list-events.
        """
        return self._events.get(event_id)

    @tool("read", "search-events")
    def search_events(self, query: str) -> list[Event]:
        """Searches titles, places and attendees of all events.

        Args:
            query: Text to look for.
        """
        texts = ((event, f"{event.title} {event.place} {' '.join(event.attendees)}") for event in self._sorted())
        return [event for event, text in texts if query.casefold() in text.casefold()]

    @tool("write", "create-event")
    def create_event(
        self,
        title: str,
        start: str,
        minutes: Minutes = 30,
        attendees: list[str] | None = None,
        place: str = "",
        calendar: Calendar = "team",
    ) -> Event:
        """Creates an event (meeting, appointment, reminder) and invites the attendees.

        When to use: the user wants to schedule, book, plan, block time or be reminded of something.
        When not to use: to change an existing event (update-event, move-event) or merely to look for a time
        (find-free-slots).

        Overlaps with existing events are allowed; call find-conflicts afterwards if that matters. Returns the new event
        with its id.

        Args:
            title: What the event is about.
            start: Begin, e.g. 2026-03-05T14:00.
            minutes: Duration.
            attendees: Names of the people to invite.
            place: Room, address or link.
            calendar: Calendar to put it in.
        """
        key = self._events.new_key("ev")
        begin = _time(start)
        end = begin + timedelta(minutes=minutes)
        people = attendees or ["dana"]
        event = Event(key, title, _written(begin), _written(end), calendar, people, place, "accepted")
        return self._events.put(key, event)

    @tool("write", "move-event")
    def move_event(self, event_id: str, start: str) -> Event:
        """Reschedules an event; its duration stays.

        Args:
            event_id: Event to move.
            start: New begin.
        """
        event, begin = self._events.get(event_id), _time(start)
        end = begin + (_time(event.end) - _time(event.start))
        return self._events.put(event_id, replace(event, start=_written(begin), end=_written(end)))

    @tool("write", "update-event")
    def update_event(
        self,
        event_id: str,
        title: str | None = None,
        place: str | None = None,
        add_attendees: list[str] | None = None,
    ) -> Event:
        """Changes title or place of an event, or invites more people.

        Args:
            event_id: Event to change.
            title: New title.
            place: New place.
            add_attendees: People to add to those already invited.
        """
        event = self._events.get(event_id)
        people = [*event.attendees, *(name for name in add_attendees or [] if name not in event.attendees)]
        changed = replace(event, title=title or event.title, place=place or event.place, attendees=people)
        return self._events.put(event_id, changed)

    @tool("write", "respond-to-event")
    def respond_to_event(self, event_id: str, answer: Answer) -> Event:
        """Accepts, declines or tentatively accepts an invitation.

        Args:
            event_id: Event one is invited to.
            answer: The response.
        """
        return self._events.put(event_id, replace(self._events.get(event_id), answer=answer))

    @tool("delete", "delete-event")
    def delete_event(self, event_id: str) -> str:
        """Deletes an event and cancels it for all attendees.

        Args:
            event_id: Event to delete.
        """
        return f"Deleted {self._events.remove(event_id).title!r}."

    @tool("read", "find-free-slots")
    def find_free_slots(self, day: str, minutes: Minutes = 30, attendees: list[str] | None = None) -> list[Slot]:
        """Finds free time within working hours on one day, for one person or for several people at once.

        Args:
            day: The day, e.g. 2026-03-05.
            minutes: Shortest useful slot.
            attendees: People who must all be free; Dana if omitted.
        """
        people = set(attendees or ["dana"])
        busy = [
            e for e in self._sorted() if e.start[:10] == day and people & set(e.attendees) and e.answer != "declined"
        ]
        return [slot for slot in _gaps(_time(day), busy) if slot.minutes >= minutes]

    @tool("read", "find-conflicts")
    def find_conflicts(self, attendee: str = "dana") -> list[list[str]]:
        """Finds pairs of events that overlap for a person, so that double bookings can be resolved.

        Args:
            attendee: Whose events are compared.
        """
        mine = [event for event in self._sorted() if attendee in event.attendees and event.answer != "declined"]
        pairs = ((a, b) for i, a in enumerate(mine) for b in mine[i + 1 :])
        return [[a.id, b.id] for a, b in pairs if a.start < b.end and b.start < a.end]

    @tool("read", "export-ics")
    def export_ics(self, first_day: str, last_day: str) -> str:
        """Exports events as an iCalendar (.ics) document.

        Args:
            first_day: First day of the export.
            last_day: Last day of the export.
        """
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//parcelbird//demo//EN"]
        for event in self.list_events(first_day, last_day):
            times = [f"{key}:{_time(at):%Y%m%dT%H%M%S}" for key, at in (("DTSTART", event.start), ("DTEND", event.end))]
            lines += [
                "BEGIN:VEVENT",
                f"UID:{event.id}@parcelbird.example",
                *times,
                f"SUMMARY:{event.title}",
                "END:VEVENT",
            ]
        return "\r\n".join([*lines, "END:VCALENDAR"])

    def _sorted(self) -> list[Event]:
        return sorted(self._events.all().values(), key=lambda event: event.start)


def _gaps(day: datetime, busy: list[Event]) -> Iterator[Slot]:
    """Free stretches of a working day between events that are in order of time."""
    free_from, closing = (day.replace(hour=hour, minute=0) for hour in _WORKDAY_HOURS)
    for event in busy:
        yield _slot(free_from, min(_time(event.start), closing))
        free_from = max(free_from, _time(event.end))
    yield _slot(free_from, closing)


def _slot(start: datetime, end: datetime) -> Slot:
    return Slot(_written(start), _written(end), int((end - start).total_seconds()) // 60)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError as error:
        raise ToolFailedError(f"{text!r} is not a time; write it like 2026-03-05T14:00.") from error


def _written(time: datetime) -> str:
    return time.isoformat(timespec="minutes")
