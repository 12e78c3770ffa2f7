"""Whether the journal has it already that a server's listing was mended."""

from collections.abc import Iterable

from mcp_dynaload.store.journal import JournalStore, Wanted
from mcp_dynaload.telemetry.codec import events_of, kind_name
from mcp_dynaload.telemetry.events import ListingMended


def untold(store: JournalStore, mended: Iterable[ListingMended]) -> tuple[ListingMended, ...]:
    """Return the events that differ from what the journal tells last of the same server. Blocks."""
    entries = store.read(Wanted(kinds=(kind_name(ListingMended),)))
    last = {event.upstream: event for _, event in events_of(entries) if isinstance(event, ListingMended)}
    return tuple(event for event in mended if last.get(event.upstream) != event)
