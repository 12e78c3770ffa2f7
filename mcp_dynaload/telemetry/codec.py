"""Facts as journal rows, and back."""

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, get_args

import structlog

from mcp_dynaload.store.journal import Entry, Row
from mcp_dynaload.telemetry.events import Fact

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")

log = structlog.get_logger()


def kind_name(fact: type[Fact]) -> str:
    """What the journal calls a fact of this class: `tool_called`."""
    return _WORD_START.sub("_", fact.__name__).lower()


KINDS: Mapping[str, type[Fact]] = {kind_name(fact): fact for fact in get_args(Fact)}

_TIMES = ("total_ms", "ms")


def row_of(at: float, fact: Fact) -> Row:
    """The row of a fact; fields that all kinds of facts may have are columns, too, for those who ask with SQL."""
    values = dataclasses.asdict(fact)
    who = values["who"]
    ms = next((values[name] for name in _TIMES if name in values), None)
    if "upstream_ms" in values:
        ms = values["own_ms"] + values["upstream_ms"]
    return Row(
        at=at,
        kind=kind_name(type(fact)),
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


def facts_of(entries: Iterable[Entry]) -> list[tuple[float, Fact]]:
    """The facts of entries with their times; one that another version wrote and we cannot read is left out."""
    read = ((entry.row.at, fact_of(entry.row)) for entry in entries)
    return [(at, fact) for at, fact in read if fact is not None]


def fact_of(row: Row) -> Fact | None:
    """The fact that a row tells."""
    if (kind := KINDS.get(row.kind)) is None:
        log.debug("journal_entry_unknown", kind=row.kind)
        return None
    try:
        return _adapter(kind).validate_json(row.fact)
    except ValueError as error:
        log.debug("journal_entry_unreadable", kind=row.kind, error=str(error))
        return None


@cache  # making one costs a millisecond
def _adapter(kind: type[Fact]) -> "TypeAdapter[Fact]":
    from pydantic import TypeAdapter  # where a journal is read: those who only write it do without

    return TypeAdapter(kind)


def _fit(text: str) -> str:
    """Without lone surrogates, which JSON may bring and no database takes."""
    return text.encode("utf-8", "replace").decode()


def _outcome(values: Mapping[str, object]) -> object:
    for name in ("outcome", "step", "kind", "what", "alert"):
        if name in values:
            return values[name]
    if "success" in values:
        return "ok" if values["success"] else "refused"
    return ""
