"""How commands tell of definitions that were repaired or left out."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_dynaload.catalog.tool import Json
    from mcp_dynaload.server.acceptance import Oddities

MAX_LINES = 20
"""For one server; the journal has more of them."""


def in_words(server: str, oddities: "Oddities") -> str:
    """The numbers, and a line for each of the first elements."""
    lines = [f"  {sentence}" for sentence in oddities.sentences[:MAX_LINES]]
    more = oddities.repaired + oddities.left_out - len(lines)
    head = f"server {server}: definitions that Claude Code would not take as they are: {oddities}"
    return "\n".join([head, *lines, *([f"  and {more} more"] if more > 0 else [])])


def in_json(oddities: "Oddities") -> "Json":
    """The same for programs."""
    return {
        "repaired": oddities.repaired,
        "left_out": oddities.left_out,
        "elements": list(oddities.sentences[:MAX_LINES]),
    }
