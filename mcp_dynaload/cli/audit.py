"""`mcp-dynaload audit`: what happened, from the journal of all processes."""

import json
import re
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from mcp_dynaload.cli.common import JsonOption, configuration_of
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.masking.printable import printable

if TYPE_CHECKING:
    from mcp_dynaload.catalog.tool import Json
    from mcp_dynaload.masking import Masker
    from mcp_dynaload.store.journal import Row

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
MANY = 10_000_000
SHORT_SESSION = 8

_AGO = re.compile(r"(\d{1,12})\s*([smhdw])")


def audit(
    since: Annotated[
        str, typer.Option("--since", help="How long ago (90s, 30m, 2h, 7d) or a date or time (2026-11-25).")
    ] = "24h",
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help="Only this kind of entry, such as tool_called; repeatable."),
    ] = None,
    session: Annotated[
        str, typer.Option("--session", help="Only sessions whose id begins so, as the table shows it.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many, the newest.")] = 200,
    as_json: JsonOption = False,
) -> None:
    """Show tool calls, list changes, commands, configuration changes and fallbacks of all sessions, oldest first.

    Each with time, server, outcome, duration and size, never with what was said.

    Example: mcp-dynaload audit --since 2h --kind tool_called --json
    """
    from mcp_dynaload.store.backends import open_journal_store
    from mcp_dynaload.store.journal import Wanted
    from mcp_dynaload.telemetry.codec import KINDS

    if wrong := sorted(set(kind or ()) - KINDS.keys()):
        raise ConfigError(f"--kind {wrong[0]} is no kind of entry; there are: {', '.join(sorted(KINDS))}")
    start = parse_since(since, time.time())
    configuration = configuration_of(None, False)
    url, file = configuration.settings.store_url, configuration.locations.journal_file
    place = "the Redis of store_url" if url else str(file)
    wanted = Wanted(since=start, kinds=tuple(kind or ()), session=session, limit=limit)
    rows: list[Row] = []
    if not url and file.exists() and not file.is_file():
        raise ConfigError(f"{file}: cannot be read (it is no regular file); move it away, it is made anew")
    if url or file.exists():
        before = None if url else file.stat().st_ino
        with closing(open_journal_store(url, file, MANY, MANY)) as journal:
            masker = configuration.masker
            rows = [_masked(entry.row, masker) for entry in journal.read(wanted)]
        if before is not None and file.stat().st_ino != before:
            moved = f"it is now {file.name}.broken, and a new one was begun; what it held is not shown"
            print(printable(f"{file} was damaged: {moved}"), file=sys.stderr)
    if as_json:
        print(json.dumps({"journal": place, "entries": [_as_json(row) for row in rows]}, indent=2))
    else:
        _show(rows, place, since)


def _masked(row: "Row", masker: "Masker") -> "Row":
    """Return the row without known secrets and tokens: a process that knew others may have written it."""
    event = json.dumps(masker.tokens_in(json.loads(row.fact)))
    return replace(row, session=masker.tokens(row.session), tool=masker.tokens(row.tool), fact=event)


def parse_since(text: str, now: float) -> float:
    """Return the seconds since 1970 of a time ago or a date; a date without a zone is in the user's own.

    Raises:
        ConfigError: It is neither.
    """
    if found := _AGO.fullmatch(text.strip()):
        return now - int(found[1]) * UNITS[found[2]]
    try:
        return datetime.fromisoformat(text.strip()).astimezone(UTC).timestamp()
    except (ValueError, OverflowError) as error:
        raise ConfigError(
            f"--since {text!r} is no time; write 90s, 30m, 2h or 7d, or a date: 2026-11-25 or 2026-11-25T14:30"
        ) from error


def in_words(since: str) -> str:
    """Return how a time that `parse_since` takes stands in a sentence."""
    return f"in the last {since.strip()}" if _AGO.fullmatch(since.strip()) else f"since {since.strip()}"


def _as_json(row: "Row") -> "Json":
    """Return the entry with its time and all fields of its event."""
    event: Json = json.loads(row.fact)
    who = event.pop("who")
    at = datetime.fromtimestamp(row.at, UTC).isoformat(timespec="milliseconds")
    return {"at": at, "kind": row.kind, **who, **event}


def _show(rows: "list[Row]", file: str, since: str) -> None:
    from mcp_dynaload.cli.screen import console, show_table  # rich, which --json does without

    if not rows:
        console.print(f"Nothing {in_words(since)} in {file}.", markup=False)
        return
    heads = ("time", "session", "kind", "outcome", "ms", "what", "details")
    show_table("", heads, [_line(row, _time_format(rows)) for row in rows], ("ms",))


def _time_format(rows: "list[Row]") -> str:
    """Return how times are shown: with the day where it is not always today."""
    today = datetime.now(UTC).astimezone().date()
    is_today = all(datetime.fromtimestamp(row.at, UTC).astimezone().date() == today for row in rows)
    return "%H:%M:%S" if is_today else "%m-%d %H:%M:%S"


def _line(row: "Row", time_format: str) -> tuple[str, ...]:
    at = datetime.fromtimestamp(row.at, UTC).astimezone().strftime(time_format)
    ms = "" if row.ms is None else f"{row.ms:.1f}"
    what = row.tool or row.upstream
    event: Mapping[str, object] = json.loads(row.fact)
    return at, row.session[:SHORT_SESSION], row.kind, row.outcome, ms, what, _details(event)


def _details(event: Mapping[str, object]) -> str:
    """Return the few words that tell most about an event."""
    parts: list[str] = []
    for name in ("why", "reason", "detail"):
        if text := event.get(name):
            parts.append(str(text))
            break
    for name in ("added", "removed", "found"):
        names = event.get(name)
        if isinstance(names, list) and names:
            parts.append(f"{name} {', '.join(map(str, names))}")  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - JSON
    if event.get("error"):
        parts.append(f"error: {event['error']}")
    return "; ".join(parts)
