"""Repairs a server's lists: an element that the client would refuse is repaired or left out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from mcp_dynaload.catalog.definitions import IDENTITY, SHAPES, Kind
from mcp_dynaload.catalog.shapes import UNFIT, Oddity, shown
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.upstream.listing import READ, Listing

MAX_TOLD = 50
"""So many of a listing's odd elements are told one by one; the others are counted."""

MAX_PLACE = 120
"""Characters of the keys that lead to an odd value."""

LOOKED_AT_ONCE = 100
"""Elements that are looked at together: if one of them is odd, each is looked at by itself."""

MAX_REASONS = 3
"""For one element."""

TOO_DEEP = Oddity("", "is nested too deeply")


@dataclass(frozen=True, slots=True)
class OddElement:
    """An element of a listing that the client would not have taken as it was."""

    kind: Kind
    name: str
    """The name or URI by which it is asked for, as JSON shows it."""

    reasons: tuple[Oddity, ...]
    """The first few."""

    is_left_out: bool
    """It could not be repaired."""

    is_renamed: bool = False
    """Nothing is wrong with it but that its name is another server's."""

    def __str__(self) -> str:
        """Return what was done and why, on one line."""
        done = "left out" if self.is_left_out else "renamed" if self.is_renamed else "repaired"
        reasons = "; ".join(f"{_quoted(odd.place)} {odd.why}".strip() for odd in self.reasons)
        return f"{self.kind} {self.name} {done}: {reasons}"


@dataclass(frozen=True, slots=True)
class Oddities:
    """The odd elements of one listing."""

    repaired: int = 0
    left_out: int = 0
    elements: tuple[OddElement, ...] = ()
    """The first of them, those left out before the others."""

    renamed: int = 0

    def with_renamed(self, renamed: Sequence[OddElement]) -> "Oddities":
        """Return these and the elements that were renamed."""
        return replace(self, renamed=len(renamed), elements=(*self.elements, *renamed)[:MAX_TOLD])

    @property
    def sentences(self) -> tuple[str, ...]:
        """The repairs and their reasons, each on one line."""
        return tuple(map(str, self.elements))

    def __bool__(self) -> bool:
        """Return whether there are any odd elements."""
        return bool(self.repaired or self.left_out or self.renamed)

    def __str__(self) -> str:
        """Return the number of odd elements of each kind."""
        numbers = ((self.repaired, "repaired"), (self.left_out, "left out"), (self.renamed, "renamed"))
        return ", ".join(f"{count} {done}" for count, done in numbers if count) or "nothing odd"


@dataclass(frozen=True, slots=True)
class RepairedListing:
    """A listing as it can be handed on."""

    listing: Listing
    oddities: Oddities


def accept(listing: Listing) -> RepairedListing:
    """Repair or leave out the elements for which the client would refuse the whole list."""
    check = _Check()
    accepted = replace(
        listing,
        tools=check.accepted("tool", listing.tools),
        prompts=check.accepted("prompt", listing.prompts),
        resources=check.accepted("resource", listing.resources),
        templates=check.accepted("resource template", listing.templates),
    )
    return RepairedListing(accepted, check.oddities(listing))


class RepairCache:
    """The list of each server that was accepted last: if it lists the same again, there is nothing to look at."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, RepairedListing]] = {}

    def accept(self, upstream: str, listing: Listing) -> RepairedListing:
        """Do as `accept` does."""
        digest, accepted = self._last.get(upstream, ("", None))
        if accepted is None or not listing.digest or listing.digest != digest:
            accepted = accept(listing)
            self._last[upstream] = listing.digest, accepted
        same = {kind: getattr(accepted.listing, kind) for kind in READ}
        return replace(accepted, listing=replace(listing, **same))


@dataclass(slots=True)
class _Check:
    """The odd elements found so far."""

    odd: list[OddElement] = field(default_factory=list[OddElement])

    def accepted(self, kind: Kind, elements: Sequence[Json]) -> tuple[Json, ...]:
        """Return the usable elements of one list."""
        kept: list[Json] = []
        for start in range(0, len(elements), LOOKED_AT_ONCE):
            some = elements[start : start + LOOKED_AT_ONCE]
            if _fit(kind, some):
                kept += some
            else:
                kept += filter(None, (self._mended(kind, element) for element in some))
        is_each_once = len({element[IDENTITY[kind]] for element in kept}) == len(kept)
        return tuple(kept if is_each_once else self._unique(kind, kept))

    def oddities(self, listing: Listing) -> Oddities:
        """Return all odd elements, with those that were dropped when they were read."""
        nameless = sum(count for count in listing.unnamed.values() if isinstance(count, int))
        self.odd += _too_deep(listing.too_deep)
        left_out = sum(element.is_left_out for element in self.odd)
        elements = sorted([*_without_name(listing.unnamed), *self.odd], key=lambda element: not element.is_left_out)
        return Oddities(len(self.odd) - left_out, left_out + nameless, tuple(elements[:MAX_TOLD]))

    def _mended(self, kind: Kind, element: Json) -> Json | None:
        reasons: list[Oddity] = []
        try:
            if _fit(kind, (element,)):
                return element
            mended = SHAPES[kind].mended(element, "", reasons)
        except RecursionError:
            mended = UNFIT
            reasons = [TOO_DEEP]
        self._note(kind, element, reasons, is_left_out=mended is UNFIT)
        return None if mended is UNFIT else json_object(mended)

    def _unique(self, kind: Kind, elements: Iterable[Json]) -> Iterable[Json]:
        """Yield the first element of each name: a request could not tell them apart."""
        identity, seen = IDENTITY[kind], set[str]()
        for element in elements:
            name: str = element[identity]
            if name not in seen:
                yield element
            else:
                self._note(kind, element, [Oddity(identity, "is that of an earlier one")], is_left_out=True)
            seen.add(name)

    def _note(self, kind: Kind, element: Json, reasons: Sequence[Oddity], *, is_left_out: bool) -> None:
        name = shown(element.get(IDENTITY[kind]))
        # The reason why an element is of no use is found last.
        first = reasons[-MAX_REASONS:] if is_left_out else reasons[:MAX_REASONS]
        self.odd.append(OddElement(kind, name, tuple(first), is_left_out))


def _fit(kind: Kind, elements: Sequence[Json]) -> bool:
    """Return whether the client takes all elements as they are; one nested too deeply is none to tell that of."""
    try:
        return SHAPES[kind].fit(elements)
    except RecursionError:
        return False


def _quoted(place: str) -> str:
    """Return keys that a server wrote, on one line and short."""
    text = repr(place)[1:-1]
    return text if len(text) <= MAX_PLACE else f"…{text[-MAX_PLACE:]}"


_KINDS: dict[str, Kind] = {
    "tools": "tool",
    "prompts": "prompt",
    "resources": "resource",
    "resourceTemplates": "resource template",
}


def _without_name(unnamed: Json) -> Iterable[OddElement]:
    for key, count in unnamed.items():
        if kind := _KINDS.get(key):
            why = f"is no text in {count} of them" if count != 1 else "is no text"
            yield OddElement(kind, "without a name", (Oddity(IDENTITY[kind], why),), is_left_out=True)


def _too_deep(dropped: Json) -> Iterable[OddElement]:
    for key, names in dropped.items():
        if kind := _KINDS.get(key):
            for name in names:
                yield OddElement(kind, shown(name), (TOO_DEEP,), is_left_out=True)
