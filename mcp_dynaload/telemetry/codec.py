"""Turns events into journal rows, and back."""

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, get_args

import structlog

from mcp_dynaload.store.journal import Entry, Row
from mcp_dynaload.telemetry.events import Event

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")

log = structlog.get_logger()


def kind_name(event: type[Event]) -> str:
    """Return the journal's name for events of this class: `tool_called`."""
    return _WORD_START.sub("_", event.__name__).lower()


KINDS: Mapping[str, type[Event]] = {kind_name(event): event for event in get_args(Event)}

_TIMES = ("total_ms", "ms")


def row_of(at: float, event: Event) -> Row:
    """Return the row of an event; fields that all kinds may have are columns, too, for those who ask with SQL."""
    values = dataclasses.asdict(event)
    who = values["who"]
    ms = next((values[name] for name in _TIMES if name in values), None)
    if "upstream_ms" in values:
        ms = values["own_ms"] + values["upstream_ms"]
    return Row(
        at=at,
        kind=kind_name(type(event)),
        session=_fit(who["session"]),
        user=_fit(who["user"]),
        project=_fit(who["project"]),
        upstream=_fit(values.get("upstream", "")),
        tool=_fit(values.get("tool", "") or values.get("command", "")),
        outcome=str(_outcome(values)),
        ms=ms,
        request_bytes=values.get("request_bytes"),
        result_bytes=values.get("result_bytes"),
        fact=json.dumps(values),
    )


def events_of(entries: Iterable[Entry]) -> list[tuple[float, Event]]:
    """Return the events of entries with their times; one that another version wrote and we cannot read is left out."""
    read = ((entry.row.at, event_of(entry.row)) for entry in entries)
    return [(at, event) for at, event in read if event is not None]


def event_of(row: Row) -> Event | None:
    """Return the event that a row tells."""
    if (kind := KINDS.get(row.kind)) is None:
        log.debug("journal_entry_unknown", kind=row.kind)
        return None
    try:
        return _adapter(kind).validate_json(row.fact)
    except ValueError as error:
        log.debug("journal_entry_unreadable", kind=row.kind, error=str(error))
        return None


@cache  # making one costs a millisecond
def _adapter(kind: type[Event]) -> "TypeAdapter[Event]":
    from pydantic import TypeAdapter  # where a journal is read: those who only write it do without

    return TypeAdapter(kind)


def _fit(text: str) -> str:
    """Return a text without lone surrogates, which JSON may bring and no database takes."""
    return text.encode("utf-8", "replace").decode()


def _outcome(values: Mapping[str, object]) -> object:
    for name in ("outcome", "step", "kind", "what", "alert"):
        if name in values:
            return values[name]
    if "success" in values:
        return "ok" if values["success"] else "refused"
    return ""
