"""Held definitions as the user looks at them: compared with the approved ones, alike ones together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mcp_dynaload.catalog.pinning import Key, counts_of
from mcp_dynaload.catalog.word_diff import FieldDiff, diff_of, is_volatile, shown
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.store.definitions import DefinitionStore, HeldDefinition
from mcp_dynaload.telemetry.events import NOBODY, DefinitionsJudged, Who

MAX_NAMED = 8
"""So many of the definitions that differ in the same way are named."""

MAX_EVENT_ELEMENTS = 50
DIGEST_SHOWN = 12

ENTRY_CHANGED = "the entry in its servers file is another, too"

VOLATILE = (
    "Only numbers, dates or paths differ. If this server writes such into its texts by itself, "
    '"dynaload": {"pinning": "warn"} in its entry has it told and used.'
)


@dataclass(frozen=True, slots=True)
class ReviewGroup:
    """Definitions of a server that differ in the same way from what was approved."""

    reason: str
    held: tuple[HeldDefinition, ...]
    diffs: tuple[FieldDiff, ...]
    """The differences of the first of them; the others change the same words."""

    is_volatile: bool
    """Nothing but numbers, dates or paths differs."""

    is_rejected: bool


@dataclass(frozen=True, slots=True)
class ServerReview:
    """The definitions of one server that the user has not approved."""

    server: str
    groups: tuple[ReviewGroup, ...]
    is_entry_changed: bool

    @property
    def held(self) -> tuple[HeldDefinition, ...]:
        """All of them."""
        return tuple(one for group in self.groups for one in group.held)

    @property
    def counts(self) -> str:
        """The number for each reason, in words."""
        return counts_of(one.reason for one in self.held)

    @property
    def rejected(self) -> int:
        """The number of those that the user has rejected."""
        return sum(one.is_rejected for one in self.held)


def review(store: DefinitionStore, server: str = "", names: Sequence[str] = ()) -> tuple[ServerReview, ...]:
    """Return what is held back of all servers or of one, of that all or what is named; blocks.

    Raises:
        StoreError: It cannot be read now.
    """
    found: dict[str, dict[tuple[Key, str], HeldDefinition]] = {}
    for one in store.held():
        if server in ("", one.server) and (not names or title_of(one) in names or one.name in names):
            found.setdefault(one.server, {}).setdefault((one.key, one.digest), one)
    return tuple(_reviewed(store, name, list(held.values())) for name, held in found.items())


def lines_of(reviewed: ServerReview) -> Iterator[str]:
    """Yield the review as text: a line for each field that differs."""
    entry = f"; {ENTRY_CHANGED}" if reviewed.is_entry_changed else ""
    rejected = f"; {reviewed.rejected} rejected" if reviewed.rejected else ""
    yield f"{reviewed.server}: {reviewed.counts}{entry}{rejected}"
    for group in reviewed.groups:
        yield f"  {_heading(group)}"
        yield from (printable(f"    {diff.path}: {shown(diff)}") for diff in group.diffs)
        if group.is_volatile:
            yield f"    {VOLATILE}"


def title_of(held: HeldDefinition) -> str:
    """Return a definition's kind and name."""
    return f"{held.kind} {held.name}".strip()


def judged_event(held: Sequence[HeldDefinition], outcome: str, who: Who = NOBODY) -> DefinitionsJudged:
    """Return the event that the user has approved or rejected definitions of one server."""
    named = [printable(f"{title_of(one)} {one.digest[:DIGEST_SHOWN]}") for one in held[:MAX_EVENT_ELEMENTS]]
    count = len(held)
    detail = f"{outcome} {count} definition{'s' if count != 1 else ''}"
    return DefinitionsJudged(who=who, upstream=held[0].server, outcome=outcome, detail=detail, elements=tuple(named))


def _reviewed(store: DefinitionStore, server: str, held: Sequence[HeldDefinition]) -> ServerReview:
    before = store.contents(server, [one.key for one in held])
    groups: dict[object, list[tuple[HeldDefinition, tuple[FieldDiff, ...], bool]]] = {}
    for one in held:
        old = before.get(one.key, "")
        diffs = diff_of(old, one.content)
        alike = tuple(diff.change for diff in diffs)
        volatile = is_volatile(diffs, old, one.content)
        groups.setdefault((one.kind, one.reason, one.is_rejected, alike), []).append((one, diffs, volatile))
    found = tuple(_group(members) for members in groups.values())
    return ServerReview(server, found, any(one.is_entry_changed for one in held))


def _group(members: Sequence[tuple[HeldDefinition, tuple[FieldDiff, ...], bool]]) -> ReviewGroup:
    first, diffs, volatile = members[0]
    return ReviewGroup(first.reason, tuple(one for one, _, _ in members), diffs, volatile, first.is_rejected)


def _heading(group: ReviewGroup) -> str:
    first, *_ = group.held
    names = [printable(one.name) for one in group.held]
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    alike = f" ({len(names)} alike)" if len(names) > 1 else ""
    rejected = ", rejected by you" if group.is_rejected else ""
    titled = f"{first.kind} {', '.join(names[:MAX_NAMED])}".strip()
    return f"{titled}{more}{alike}, {printable(group.reason)}{rejected}:"
