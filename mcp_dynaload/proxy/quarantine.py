"""Holds back what servers have changed or added since the user approved it, and what the user has denied."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import structlog

from mcp_dynaload.catalog.access import Denial
from mcp_dynaload.catalog.names import MAX_NAME_LENGTH
from mcp_dynaload.catalog.ownership import Prefixes
from mcp_dynaload.catalog.pinning import Key, Scan
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.config.upstream_config import Pinning, UpstreamConfig, prefixes_of
from mcp_dynaload.errors import StoreError
from mcp_dynaload.masking import Masker
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.proxy.access_gate import AccessGate
from mcp_dynaload.proxy.aggregate import matches_template
from mcp_dynaload.proxy.held_definitions import Held, without_denied, without_held
from mcp_dynaload.proxy.pinned_definitions import PinnedDefinitions, PinnedUpstream, nothing_found
from mcp_dynaload.store.definitions import DefinitionStore
from mcp_dynaload.upstream.listing import Listing

log = structlog.get_logger()


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
        self.access = AccessGate()
        self._definitions = None if store is None else PinnedDefinitions(store, masker, scan, clock)
        self._default: Pinning = default
        self._project_dir = project_dir
        self._upstreams: Mapping[str, PinnedUpstream] = {}
        self._room = room
        self._lock = threading.RLock()
        self._offered: dict[str, Listing] = {}
        self._held: dict[str, Held] = {}
        self._prefixes = Prefixes()
        self._foreseeing = anyio.CapacityLimiter(1)
        """Comparisons come one after the other; those that wait hold none of the threads that all share."""

        self._foreseen: dict[str, frozenset[Key]] = {}
        """Tools that a connection listed and that are held back, until its whole listing is here."""

    def configure(self, configs: Iterable[UpstreamConfig]) -> None:
        """Judge the definitions of these servers from now on; of one whose entry differs, anew."""
        configs = tuple(configs)
        now = self._pinned(configs)
        with self._lock:
            before, self._upstreams = self._upstreams, now
            self._prefixes = prefixes_of(configs, self._room)
            self.access.configure(configs, self._prefixes)
            for name in [name for name, pinned in before.items() if now.get(name) != pinned]:
                for known in (self._held, self._foreseen):
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
        return self._pinned_definitions.store

    @property
    def _pinned_definitions(self) -> PinnedDefinitions:
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
            self.access.note(upstream, listing.tools)
            held = self._compared(pinned, listing) if pinned.mode != "off" else Held()
            self._offered[upstream], self._held[upstream] = listing, held
            self._foreseen.pop(upstream, None)
        allowed = without_denied(listing, self.access.denied_of(upstream))
        return without_held(allowed, held) if pinned.mode == "enforce" else allowed

    def has_seen(self, upstream: str) -> bool:
        """Return whether definitions under this name were seen before, as far as that matters; blocks."""
        pinned = self._upstreams.get(upstream)
        if pinned is None or pinned.mode == "off":
            return True
        try:
            return self._pinned_definitions.has_seen(upstream)
        except StoreError as error:
            log.warning("definitions_unreadable", upstream=upstream, error=str(error))
            return False

    async def foresee(self, upstream: str, tools: Sequence[Json]) -> None:
        """Compare the tools that a connection has just listed, before its other lists are read."""
        await anyio.to_thread.run_sync(self._foresee, upstream, tools, limiter=self._foreseeing)

    def is_enforced(self, upstream: str) -> bool:
        """Return whether the upstream must be listed over its connection before it is asked for anything."""
        pinned = self._upstreams.get(upstream)
        return self.access.is_limited(upstream) or (pinned is not None and pinned.mode == "enforce")

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

    def denial(self, upstream: str, method: str, params: Mapping[str, Any]) -> Denial | None:
        """Return why the servers file lets a request not be sent; None if it does."""
        return self.access.denial(upstream, method, params)

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
                is_new = self._pinned_definitions.is_answered_elsewhere()
            except StoreError:
                return ()
            if not is_new and not any(held.is_unknown for held in self._held.values()):
                return ()
            return self.forget_answers()

    def forget_answers(self) -> tuple[str, ...]:
        """Compare anew what is held back, with the user's answers of by now; returns the servers to admit again."""
        with self._lock:
            if self._definitions is not None:
                self._definitions.forget_held()
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
            self.access.note(upstream, tools)
            if pinned.mode != "enforce":
                return
            offered, held = self._offered.get(upstream), self._held.get(upstream, Held())
            if offered is not None and list(offered.tools) == list(tools) and not held.is_unknown:
                self._foreseen[upstream] = frozenset(key for key in held.keys if key[0] == "tool")
                return
            try:
                foreseen = self._pinned_definitions.foresee(pinned, tools)
            except StoreError as error:
                log.warning("definitions_unreadable", upstream=upstream, error=str(error))
            else:
                if foreseen is not None:
                    self._foreseen[upstream] = foreseen

    def _compared(self, pinned: PinnedUpstream, listing: Listing) -> Held:
        name, key = pinned.config.name, pinned.key_of(listing)
        last = self._held.get(name)
        if last is not None and key and last.key == key and not last.is_unknown:
            return last
        try:
            return self._pinned_definitions.compare(pinned, listing, self.access.denied_of(name))
        except StoreError as error:
            offered = self._offered.get(name)
            if last is not None and not last.is_unknown and offered is not None and _is_alike(offered, listing):
                return replace(last, key=key)
            log.warning(
                "definitions_unreadable", upstream=name, error=str(error), consequence="it is not used until then"
            )
            return Held(is_unknown=True)


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
