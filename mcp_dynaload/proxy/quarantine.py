"""Holds back what servers have changed or added since the user approved it, and what the user has denied."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import anyio.to_thread
import structlog

from mcp_dynaload.catalog.access import Denial, ToolAccess, by_name
from mcp_dynaload.catalog.catalog import is_included
from mcp_dynaload.catalog.names import MAX_NAME_LENGTH
from mcp_dynaload.catalog.ownership import Prefixes
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
from mcp_dynaload.catalog.tool import Json, Tool, json_object
from mcp_dynaload.config.upstream_config import Pinning, UpstreamConfig, prefixes_of
from mcp_dynaload.errors import StoreError
from mcp_dynaload.masking import Masker
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.proxy.aggregate import matches_template
from mcp_dynaload.proxy.held_definitions import Held, without_denied, without_held
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


class Quarantine:
    """The one gate through which listings come: leaves out what the servers file denies or the user has not approved.

    Its methods that say so block, for the store; any thread may call it.
    """

    def __init__(
        self,
        store: DefinitionStore | None,
        masker: Masker,
        default: Pinning,
        project_dir: Path,
        *,
        scan: Scan = nothing_found,
        room: int = MAX_NAME_LENGTH,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._definitions, self._masker = store, masker
        self._default: Pinning = default
        self._project_dir = project_dir
        self._upstreams: Mapping[str, PinnedUpstream] = {}
        self._scan, self._room, self._clock = scan, room, clock
        self._lock = threading.RLock()
        self._offered: dict[str, Listing] = {}
        self._held: dict[str, Held] = {}
        self._listed: dict[str, Mapping[str, Sequence[Json]]] = {}
        """The tools by name that servers listed last, over whatever connection; of those whose tools are limited."""

        self._prefixes = Prefixes()
        self._foreseen: dict[str, frozenset[Key]] = {}
        """Tools that a connection listed and that are held back, until its whole listing is here."""

        self._stored: tuple[HeldDefinition, ...] | None = None
        self._version = ""

    def configure(self, configs: Iterable[UpstreamConfig]) -> None:
        """Judge the definitions of these servers from now on; of one whose entry differs, anew."""
        configs = tuple(configs)
        now = self._pinned(configs)
        with self._lock:
            before, self._upstreams = self._upstreams, now
            self._prefixes = prefixes_of(configs, self._room)
            for name in [name for name, pinned in before.items() if now.get(name) != pinned]:
                for known in (self._held, self._foreseen, self._listed):
                    known.pop(name, None)
                if not before[name].is_as_reached(now.get(name)):
                    self._offered.pop(name, None)

    def _pinned(self, configs: Iterable[UpstreamConfig]) -> dict[str, PinnedUpstream]:
        return {
            config.name: PinnedUpstream(
                config,
                (config.options.pinning or self._default) if self._definitions is not None else "off",
                config.entry_digest(),
                config.entry_digest(self._project_dir),
            )
            for config in configs
        }

    @property
    def store(self) -> DefinitionStore:
        """The place where approved and held definitions are kept."""
        assert self._definitions is not None, "definitions are compared with nothing"
        return self._definitions

    @property
    def held(self) -> dict[str, Held]:
        """The definitions held back, or used with a warning, by server; without those that have none."""
        return {name: held for name, held in list(self._held.items()) if held.elements or held.is_unknown}

    def admit(self, upstream: str, listing: Listing) -> Listing:
        """Return what of a listing is allowed, and approved or joining what is; blocks."""
        pinned = self._upstreams.get(upstream)
        if pinned is None:
            return listing
        with self._lock:
            known = self._offered.get(upstream)
            if listing.may_be_early and known is not None:  # its tools are yet to come: as they were
                listing = replace(listing, tools=known.tools, digest="")
            self._note_tools(pinned, listing.tools)
            held = self._compared(pinned, listing) if pinned.mode != "off" else Held()
            self._offered[upstream], self._held[upstream] = listing, held
            self._foreseen.pop(upstream, None)
        allowed = without_denied(listing, self.denied_of(upstream))
        return without_held(allowed, held) if pinned.mode == "enforce" else allowed

    def denied_of(self, upstream: str) -> Mapping[str, str]:
        """Return the tools of a server's last list that its entry denies, by its own names, with the rule of each."""
        pinned, listed = self._upstreams.get(upstream), self._listed.get(upstream, {})
        if pinned is None:
            return {}
        return pinned.access.denied(one for same in listed.values() for one in same)

    @property
    def denied(self) -> dict[str, Mapping[str, str]]:
        """The same of all servers that have such tools."""
        found = {name: self.denied_of(name) for name in sorted(self._upstreams)}
        return {name: denied for name, denied in found.items() if denied}

    def is_denied(self, tool: Tool) -> bool:
        """Return whether a tool must not be shown that somebody still has from an earlier list."""
        pinned = self._upstreams.get(tool.upstream)
        if pinned is None or not pinned.access.is_limited:
            return False
        return bool(pinned.access.rule_against(tool.original_name, [tool.definition]))

    def denied_tool(self, name: str) -> Denial | None:
        """Return why a tool is not there that is asked for by our name; None if that is not because it is denied."""
        for upstream, denied in self.denied.items():
            prefix = self._upstreams[upstream].config.prefix
            for original, rule in denied.items():
                if self._prefixes.name(upstream, prefix, original) == name:
                    return Denial(upstream, original, rule)
        return None

    def denial(self, upstream: str, method: str, params: Mapping[str, Any]) -> Denial | None:
        """Return why the servers file lets a request not be sent; None if it does."""
        pinned, name = self._upstreams.get(upstream), params.get("name")
        if method != "tools/call" or pinned is None or not pinned.access.is_limited or not isinstance(name, str):
            return None
        rule = pinned.access.rule_against(name, self._listed.get(upstream, {}).get(name, ()))
        return Denial(upstream, name, rule) if rule else None

    def _note_tools(self, pinned: PinnedUpstream, tools: Sequence[Json]) -> None:
        if pinned.access.is_limited:
            self._listed[pinned.config.name] = by_name(tools)

    async def foresee(self, upstream: str, tools: Sequence[Json]) -> None:
        """Compare the tools that a connection has just listed, before its other lists are read."""
        await anyio.to_thread.run_sync(self._foresee, upstream, tools)

    def is_enforced(self, upstream: str) -> bool:
        """Return whether the upstream must be listed over its connection before it is asked for anything."""
        pinned = self._upstreams.get(upstream)
        return pinned is not None and (pinned.mode == "enforce" or pinned.access.is_limited)

    def refusal(self, upstream: str, method: str, params: Mapping[str, Any]) -> str:
        """Return why a request must not be sent; empty if it may."""
        pinned = self._upstreams.get(upstream)
        if pinned is None or pinned.mode != "enforce":
            return ""
        held = self._held.get(upstream, Held())
        if held.is_unknown:
            return "is not used: what you approved of it cannot be read now; `mcp-dynaload logs` says why"
        key = next((key for key in self._withheld(upstream) if _is_meant(key, method, params)), None)
        return "" if key is None else self.refusal_of(upstream, key)

    def _withheld(self, upstream: str) -> frozenset[Key]:
        """Return what is held back of a server, by its last listing and by one that is being read."""
        return self._held.get(upstream, Held()).keys | self._foreseen.get(upstream, frozenset())

    def refusal_of(self, upstream: str, key: Key) -> str:
        """Return why a definition is not used, and what the user can do; nothing of what it says."""
        named = f"{key[0]} {printable(key[1])!r}"
        held = self._held.get(upstream, Held()).elements
        if any(one.element.key == key and one.is_suspicious for one in held):
            what = f"has a suspicious definition of the {named}"
        else:
            what = f"has changed or added the {named} since its definitions were approved"
        command = f"mcp-dynaload quarantine show {upstream}"
        return f"{what}, so it is held back until the user has looked at it in a terminal: `{command}`"

    def held_tool(self, name: str) -> str:
        """Return why a tool is not there that is asked for by our name; empty if it is not one that is held back."""
        for upstream, pinned in self._upstreams.items():
            for kind, original in self._withheld(upstream) if pinned.mode == "enforce" else ():
                if kind == "tool" and self._prefixes.name(upstream, pinned.config.prefix, original) == name:
                    return f"MCP server {upstream!r} {self.refusal_of(upstream, (kind, original))}"
        return ""

    def outdated(self) -> tuple[str, ...]:
        """Return the servers to admit again, as another process has written the user's answer meanwhile; blocks."""
        with self._lock:
            if not self.held:
                return ()
            try:
                version = self.store.version()
            except StoreError:
                return ()
            is_new, self._version = version != self._version, version
            if not is_new and not any(held.is_unknown for held in self._held.values()):
                return ()
            return self.forget_answers()

    def forget_answers(self) -> tuple[str, ...]:
        """Compare anew what is held back, with the user's answers of by now; returns the servers to admit again."""
        with self._lock:
            self._stored = None
            names = tuple(self.held)
            for name in names:
                self._held[name] = replace(self._held[name], key="")
            return names

    def offered(self, upstream: str) -> Listing | None:
        """Return the last listing of a server as it gave it."""
        return self._offered.get(upstream)

    def _foresee(self, upstream: str, tools: Sequence[Json]) -> None:
        pinned = self._upstreams.get(upstream)
        if pinned is None or not tools:
            return
        with self._lock:
            self._note_tools(pinned, tools)
            if pinned.mode != "enforce":
                return
            offered, held = self._offered.get(upstream), self._held.get(upstream, Held())
            if offered is not None and list(offered.tools) == list(tools) and not held.is_unknown:
                self._foreseen[upstream] = frozenset(key for key in held.keys if key[0] == "tool")
                return
            try:
                if self.store.server(upstream) is None:
                    return  # first sight
                baseline = Baseline(self.store.approved(upstream))
                judgement = self._judged(upstream, self._elements(pinned, tools), baseline)
                self._foreseen[upstream] = frozenset(one.element.key for one in judgement.held)
            except StoreError as error:
                log.warning("definitions_unreadable", upstream=upstream, error=str(error))

    def _compared(self, pinned: PinnedUpstream, listing: Listing) -> Held:
        name, key = pinned.config.name, pinned.key_of(listing)
        last = self._held.get(name)
        if last is not None and key and last.key == key and not last.is_unknown:
            return last
        try:
            return self._compared_with_store(pinned, listing, key)
        except StoreError as error:
            offered = self._offered.get(name)
            if last is not None and not last.is_unknown and offered is not None and _is_alike(offered, listing):
                return replace(last, key=key)
            log.warning(
                "definitions_unreadable", upstream=name, error=str(error), consequence="it is not used until then"
            )
            return Held(is_unknown=True)

    def _compared_with_store(self, pinned: PinnedUpstream, listing: Listing, key: str) -> Held:
        name = pinned.config.name
        known = self.store.server(name)
        if known is not None and key and known.clean == key and pinned.entry in known.entries:
            self._hold(pinned, ())
            return Held(key)
        lists: dict[DefinitionKind, Sequence[Json]] = {
            "prompt": listing.prompts,
            "resource template": listing.templates,
        }
        elements = [*self._elements(pinned, listing.tools), *elements_of(lists, listing.instructions)]
        approved = self.store.approved(name)
        baseline = Baseline(approved, _open_kinds(known, approved, listing, self._clock()))
        judgement = self._judged(name, elements, baseline)
        denied = self.denied_of(name)  # what is denied is remembered as it is at first sight, and never asked about
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

    def _elements(self, pinned: PinnedUpstream, tools: Sequence[Json]) -> list[DefinitionElement]:
        return [element_of("tool", tool["name"], tool) for tool in tools if pinned.concerns(tool["name"])]

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


def _is_alike(one: Listing, other: Listing) -> bool:
    """Return whether two listings have the same definitions, whatever else differs."""
    parts = ((each.tools, each.prompts, each.templates, each.instructions) for each in (one, other))
    return len({json.dumps(part, sort_keys=True) for part in parts}) == 1


def _is_meant(key: Key, method: str, params: Mapping[str, Any]) -> bool:
    """Return whether a request asks for the definition."""
    kind, name = key
    ref = json_object(params.get("ref"))
    match kind:
        case "tool":
            return method == "tools/call" and params.get("name") == name
        case "prompt":
            return name == (params.get("name") if method == "prompts/get" else ref.get("name"))
        case "resource template":
            uri = params.get("uri") if method.startswith("resources/") else ref.get("uri")
            return isinstance(uri, str) and (uri == name or matches_template(name, uri))
        case "instructions":
            return False


def unpinned() -> Quarantine:
    """Return a gate that lets everything through."""
    return Quarantine(None, Masker(), "off", Path())
