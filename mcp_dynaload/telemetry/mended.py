"""Whether the journal has it already that a server's listing was mended."""

from collections.abc import Iterable

from mcp_dynaload.store.journal import JournalStore, Wanted
from mcp_dynaload.telemetry.codec import facts_of, kind_name
from mcp_dynaload.telemetry.events import ListingMended


def untold(store: JournalStore, mended: Iterable[ListingMended]) -> tuple[ListingMended, ...]:
    """Those of the facts that differ from what the journal tells last of the same server. Blocks."""
    entries = store.read(Wanted(kinds=(kind_name(ListingMended),)))
    last = {fact.upstream: fact for _, fact in facts_of(entries) if isinstance(fact, ListingMended)}
    return tuple(fact for fact in mended if last.get(fact.upstream) != fact)
