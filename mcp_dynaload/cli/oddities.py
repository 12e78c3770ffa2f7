"""How commands tell of definitions that were repaired, left out or renamed, and of those that are held back."""

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_dynaload.catalog.tool import Json
    from mcp_dynaload.proxy.definition_repair import Oddities
    from mcp_dynaload.proxy.held_definitions import Held

MAX_LINES = 20
"""For one server; the journal has more of them."""


def in_words(server: str, oddities: "Oddities") -> str:
    """Return the numbers, and a line for each of the first elements."""
    lines = [f"  {sentence}" for sentence in oddities.sentences[:MAX_LINES]]
    more = oddities.repaired + oddities.left_out + oddities.renamed - len(lines)
    what = "or names that are another server's" if oddities.renamed else "that Claude Code would not take as they are"
    head = f"server {server}: definitions {what}: {oddities}"
    return "\n".join([head, *lines, *([f"  and {more} more"] if more > 0 else [])])


def in_json(oddities: "Oddities") -> "Json":
    """Return the numbers and elements for programs."""
    return {
        "repaired": oddities.repaired,
        "left_out": oddities.left_out,
        **({"renamed": oddities.renamed} if oddities.renamed else {}),
        "elements": list(oddities.sentences[:MAX_LINES]),
    }


def held_in_words(server: str, held: "Held") -> str:
    """Return how many definitions of a server are held back, or used with a warning."""
    what = "used all the same" if held.is_in_use else "not used until you have looked"
    if held.is_suspicious:
        return f"server {server}: definitions have something wrong in them: {held.counts}; {what}"
    entry = "its entry and " if held.is_entry_changed else ""
    return f"server {server}: {entry}definitions differ from those that you approved: {held.counts}; {what}"


def held_fix(server: str) -> str:
    """Return what to do about them."""
    return f"mcp-dynaload quarantine show {shlex.quote(server)}"
