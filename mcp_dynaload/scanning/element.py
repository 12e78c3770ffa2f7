"""A definition that is scanned, what is found in it, and how that is shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mcp_dynaload.catalog.pinning import IDENTITIES, DefinitionKind
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.masking import masked_prose
from mcp_dynaload.masking.printable import quoted

EXCERPT_BEFORE = 20
EXCERPT_CHARACTERS = 100
"""So much of a text is quoted, from a little before what was found."""

MAX_PLACE = 120
"""Characters of the keys that lead to a text; a server may have chosen them."""


class Severity(StrEnum):
    """How sure a rule is: what is hard is kept from the model, what is soft is shown."""

    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True, slots=True)
class ScannedElement:
    """One thing that a server has the model read."""

    kind: DefinitionKind
    name: str
    """By which it is asked for; empty for instructions."""

    definition: Json
    """As the server gave it; of instructions `{"instructions": text}`."""


@dataclass(frozen=True, slots=True)
class DefinitionFinding:
    """One reason to mistrust an element."""

    severity: Severity
    rule: str
    """A word or two for the kind of attack, the same for all findings of a rule."""

    reason: str
    """A sentence's end: the element, or its text, …"""

    server: str
    kind: DefinitionKind
    name: str
    place: str
    """The keys that lead to the text in the definition."""

    excerpt: str
    """A few words around it, secrets masked, as one line of JSON in which nothing is invisible."""

    @property
    def is_hard(self) -> bool:
        """Whether the element is to be kept from the model."""
        return self.severity is Severity.HARD

    @property
    def title(self) -> str:
        """Kind and name of the element."""
        return "instructions" if self.kind == "instructions" else f"{self.kind} {quoted(self.name)}"

    @property
    def detail(self) -> str:
        """Where in the element and what, on one line."""
        return f"{self.place}: {self.reason} ({self.rule}): {self.excerpt}"

    def __str__(self) -> str:
        """Return it on one line."""
        return f"{self.severity}: server {self.server}, {self.title}, {self.detail}"


def scanned_elements(
    lists: Mapping[DefinitionKind, Sequence[Json]], instructions: str = ""
) -> Iterator[ScannedElement]:
    """Yield all elements of one server's lists, and its instructions if it has any."""
    for kind, definitions in lists.items():
        for definition in definitions:
            yield ScannedElement(kind, str(definition.get(IDENTITIES[kind], "")), definition)
    if instructions:
        yield ScannedElement("instructions", "", {"instructions": instructions})


def excerpt(text: str, start: int = 0) -> str:
    """Return a few words of a text from a little before `start`, safe to show anywhere."""
    first = max(0, start - EXCERPT_BEFORE)
    piece = text[first : first + EXCERPT_CHARACTERS]
    whole = f"{'…' if first else ''}{masked_prose(piece)}{'…' if first + EXCERPT_CHARACTERS < len(text) else ''}"
    return quoted(" ".join(whole.split()))


def shortened(place: str) -> str:
    """Return keys that a server wrote, on one line and short."""
    text = quoted(place)[1:-1]
    return text if len(text) <= MAX_PLACE else f"…{text[-MAX_PLACE:]}"
