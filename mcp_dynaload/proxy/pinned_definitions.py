"""A server's definitions compared with those that the user has approved, and kept: in the store of all projects."""

import hashlib
import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import structlog

from mcp_dynaload.catalog.access import ToolAccess
from mcp_dynaload.catalog.catalog import is_included
from mcp_dynaload.catalog.pinning import (
    ALL_KINDS,
    Baseline,
    DefinitionElement,
    DefinitionJudgement,
    DefinitionKind,
    HeldElement,
    Key,
    Scan,
    element_of,
    elements_of,
    judge,
)
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.upstream_config import Pinning, UpstreamConfig
from mcp_dynaload.errors import StoreError
from mcp_dynaload.masking import Masker
from mcp_dynaload.proxy.held_definitions import Held
from mcp_dynaload.store.definitions import MAX_CONTENT, DefinitionStore, HeldDefinition, PinnedServer
from mcp_dynaload.upstream.listing import Listing

YOUNG_SECONDS = 600.0
"""So long after first sight what a starting server registers late, or could not be read of it, joins unasked."""

MAX_ENTRIES = 20
"""Entries of a server that are remembered, the latest."""

_KIND_OF_LIST: Mapping[str, DefinitionKind] = {"tools": "tool", "prompts": "prompt", "templates": "resource template"}

log = structlog.get_logger()


def nothing_found(server: str, element: DefinitionElement, own_tools: frozenset[str]) -> str:
    """Return that nothing is wrong with a definition: the scan where there is none."""
    return ""


@dataclass(frozen=True, slots=True)
class PinnedUpstream:
    """A configured server: whether its definitions are compared, and which of its tools are allowed."""

    config: UpstreamConfig
    mode: Pinning
    entry: str
    """A digest of its entry, whatever the project."""

    source: str
    """A digest of entry and project."""

    @property
    def access(self) -> ToolAccess:
        """The tools that the entry allows."""
        return self.config.options.access

    def is_as_reached(self, other: "PinnedUpstream | None") -> bool:
        """Return whether it is the same server by both entries, whatever else they say of it."""
        return other is not None and (self.entry, self.source) == (other.entry, other.source)

    def concerns(self, tool: str) -> bool:
        """Return whether the entry lets a tool of this name into the catalog."""
        return is_included(tool, self.config.options.include, self.config.options.exclude)

    def key_of(self, listing: Listing) -> str:
        """Return what is the same exactly where a listing is; empty where that cannot be told."""
        options: tuple[object, ...] = (self.config.options.include, self.config.options.exclude)
        if self.access.is_limited:
            options = (*options, asdict(self.access))
        rest = hashlib.sha256(json.dumps([listing.instructions, options]).encode()).hexdigest()
        return f"{listing.digest} {rest}" if listing.digest else ""


class PinnedDefinitions:
    """The approved definitions of all servers, and those held back; each method blocks, for the store."""

    def __init__(
        self, store: DefinitionStore, masker: Masker, scan: Scan = nothing_found, clock: Callable[[], float] = time.time
    ) -> None:
        self.store = store
        self._masker, self._scan, self._clock = masker, scan, clock
        self._stored: tuple[HeldDefinition, ...] | None = None
        self._version = ""

    def compare(self, pinned: PinnedUpstream, listing: Listing, denied: Collection[str]) -> Held:
        """Return what of a listing is not as approved, and keep that; what joins is approved from now on.

        `denied` are tools remembered as they are at first sight, and never asked about.

        Raises:
            StoreError: What is approved cannot be read.
        """
        name, key = pinned.config.name, pinned.key_of(listing)
        known = self.store.server(name)
        if known is not None and key and known.clean == key and pinned.entry in known.entries:
            self._hold(pinned, ())
            return Held(key)
        lists: dict[DefinitionKind, Sequence[Json]] = {
            "prompt": listing.prompts,
            "resource template": listing.templates,
        }
        elements = [*_tools_of(pinned, listing.tools), *elements_of(lists, listing.instructions)]
        approved = self.store.approved(name)
        baseline = Baseline(approved, _open_kinds(known, approved, listing, self._clock()))
        judgement = self._judged(name, elements, baseline)
        held = tuple(one for one in judgement.held if one.element.kind != "tool" or one.element.name not in denied)
        judgement = replace(judgement, held=held)
        is_entry_changed = bool(judgement.held and known and pinned.entry not in known.entries)
        if not judgement.held:
            self._settle(pinned, known, listing, key, judgement)
        elif known is None or judgement.joined:
            self._settle(pinned, known, listing, known.clean if known else "", judgement)
        stored = self._hold(pinned, [self._as_held(pinned, one, is_entry_changed) for one in judgement.held])
        rejected = {(one.key, one.digest) for one in stored if one.server == name and one.is_rejected}
        is_old = all((one.element.key, one.element.digest) in rejected for one in judgement.held)
        is_in_use = pinned.mode == "warn"
        return Held(key, judgement.held, is_entry_changed, is_in_use=is_in_use, is_old=is_old)

    def foresee(self, pinned: PinnedUpstream, tools: Sequence[Json]) -> frozenset[Key] | None:
        """Return those of some tools that are not as approved, and keep nothing; None at first sight.

        Raises:
            StoreError: What is approved cannot be read.
        """
        name = pinned.config.name
        if self.store.server(name) is None:
            return None
        judgement = self._judged(name, _tools_of(pinned, tools), Baseline(self.store.approved(name)))
        return frozenset(one.element.key for one in judgement.held)

    def has_seen(self, upstream: str) -> bool:
        """Return whether anything of the upstream was seen, in whatever project.

        Raises:
            StoreError: It cannot be told.
        """
        return self.store.server(upstream) is not None

    def is_answered_elsewhere(self) -> bool:
        """Return whether another process has written since what was held was read here last.

        Raises:
            StoreError: It cannot be told.
        """
        version = self.store.version()
        is_new, self._version = version != self._version, version
        return is_new

    def forget_held(self) -> None:
        """Read anew what is held, with the user's answers of by now."""
        self._stored = None

    def _judged(self, upstream: str, elements: Sequence[DefinitionElement], baseline: Baseline) -> DefinitionJudgement:
        own = frozenset(one.name for one in elements if one.kind == "tool")
        return judge(elements, baseline, lambda one: self._scan(upstream, one, own))

    def _settle(
        self,
        pinned: PinnedUpstream,
        known: PinnedServer | None,
        listing: Listing,
        clean: str,
        judgement: DefinitionJudgement,
    ) -> None:
        """Store what joins, and that this entry has brought nothing but approved definitions."""
        if listing.is_borrowed:
            return  # a part of what was judged in another project, and no word of the server's in this one
        before = known or PinnedServer(pinned.config.name, self._clock(), unsettled=ALL_KINDS)
        entries = tuple(entry for entry in before.entries if entry != pinned.entry)
        now = replace(
            before,
            entries=(*entries, pinned.entry)[-MAX_ENTRIES:],
            unsettled=tuple(kind for kind in before.unsettled if kind in _unsettled(listing)),
            clean=clean,
        )
        if now == known and not judgement.joined:
            return
        try:
            self.store.keep(now, [self._masked(one) for one in judgement.joined])
        except StoreError as error:  # a full disk: what is offered now is used, and is first sight again next time
            log.warning("definitions_not_kept", upstream=pinned.config.name, error=str(error))

    def _hold(self, pinned: PinnedUpstream, held: Sequence[HeldDefinition]) -> tuple[HeldDefinition, ...]:
        """Have the store hold exactly these as this entry in this project offers them; returns all that it holds."""
        if self._stored is None:
            self._version, self._stored = self.store.version(), self.store.held()
        name, source = pinned.config.name, pinned.source
        if held or any((one.server, one.source) == (name, source) for one in self._stored):
            try:
                self.store.hold(name, source, held)
            except StoreError as error:  # it is held back all the same, but no command can show it
                log.warning("definitions_not_kept", upstream=name, error=str(error))
            self._stored = self.store.held()
        return self._stored

    def _as_held(self, pinned: PinnedUpstream, one: HeldElement, is_entry_changed: bool) -> HeldDefinition:
        element = self._masked(one.element)
        return HeldDefinition(
            server=pinned.config.name,
            source=pinned.source,
            kind=element.kind,
            name=element.name,
            digest=element.digest,
            content=element.content,
            reason=self._masker.tokens(one.reason),
            is_entry_changed=is_entry_changed,
            at=self._clock(),
        )

    def _masked(self, element: DefinitionElement) -> DefinitionElement:
        """Return the element with secrets masked in what is kept for showing; the digest is of the whole."""
        content = element.content
        if (
            self._masker.tokens(content) != content
        ):  # once for the whole: for each of its texts takes five times as long
            shown = self._masker.tokens_in(json.loads(content))
            content = json.dumps(shown, sort_keys=True, separators=(",", ":"))
        if len(content) > MAX_CONTENT:
            content = json.dumps({"name": element.name, "too long to be kept, it begins": content[:MAX_CONTENT]})
        return replace(element, content=content)


def _tools_of(pinned: PinnedUpstream, tools: Sequence[Json]) -> list[DefinitionElement]:
    return [element_of("tool", tool["name"], tool) for tool in tools if pinned.concerns(tool["name"])]


def _open_kinds(
    known: PinnedServer | None, approved: Collection[Key], listing: Listing, now: float
) -> Collection[DefinitionKind]:
    """Return the kinds of which new definitions join unasked."""
    is_young = known is not None and now - known.seen_at < YOUNG_SECONDS
    if known is None or (is_young and listing.is_settling and not listing.is_first):
        return ALL_KINDS  # it is seen for the first time, or goes on registering what it has
    seen = {kind for kind, _ in approved}
    return [kind for kind in known.unsettled if is_young or kind not in seen]


def _unsettled(listing: Listing) -> set[DefinitionKind]:
    """Return the kinds of which a listing has not all."""
    named = (gap.partition(":")[0] for gap in listing.gaps)
    found = set[DefinitionKind](_KIND_OF_LIST[name] for name in named if name in _KIND_OF_LIST)
    if "tools" in (listing.capabilities or {}) and not listing.tools:
        found.add("tool")
    return found
