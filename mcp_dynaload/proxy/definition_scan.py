"""Scans what servers define: before the quarantine lets it in, and for commands that tell of it."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from mcp_dynaload.catalog.catalog import is_included
from mcp_dynaload.catalog.pinning import DefinitionElement, DefinitionKind, Key
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.known_listings import KnownListings
from mcp_dynaload.upstream.listing import Listing

# The rules are imported where something is scanned: their patterns take a tenth of a second to compile, and a start
# after which every definition is known as approved has nothing to scan.
if TYPE_CHECKING:
    from mcp_dynaload.scanning import DefinitionFinding, PeerTools

log = structlog.get_logger()

MAX_KEPT = 20_000
"""Results that are kept, one for each version of a definition."""


class DefinitionScan:
    """The scan of definitions that nobody has approved, each version once, among the tools that servers have in use."""

    def __init__(self, in_use: Callable[[], Mapping[str, Listing]]) -> None:
        self._peers = PeersInUse(in_use)
        self._found: dict[tuple[str, Key, str], str] = {}

    def __call__(self, server: str, element: DefinitionElement, own_tools: frozenset[str]) -> str:
        """Return the first hard finding in a server's definition; empty if there is none."""
        known = (server, element.key, element.digest)
        if known not in self._found:
            if len(self._found) >= MAX_KEPT:
                self._found.clear()
            self._found[known] = self._scanned(server, element, own_tools)
        return self._found[known]

    def _scanned(self, server: str, element: DefinitionElement, own_tools: frozenset[str]) -> str:
        from mcp_dynaload.scanning import ScannedElement, reason_to_hold

        try:
            scanned = ScannedElement(element.kind, element.name, json.loads(element.content))
            return reason_to_hold(server, scanned, self._peers.of(server, own_tools))
        except Exception as error:  # whatever is wrong with one definition: it is held back, and others are scanned
            log.exception("definition_not_scanned", upstream=server, kind=element.kind, name=element.name)
            return f"it could not be scanned ({type(error).__name__})"


class PeersInUse:
    """The tools that servers have in use, kept up with their listings."""

    def __init__(self, in_use: Callable[[], Mapping[str, Listing]]) -> None:
        self._in_use = in_use
        self._peers: PeerTools | None = None
        self._put: dict[str, Sequence[Json]] = {}
        self._asked_for: tuple[str, frozenset[str]] = "", frozenset()

    def of(self, server: str, own_tools: frozenset[str]) -> "PeerTools":
        """Return the tools of all servers, of which this one offers those of these names."""
        from mcp_dynaload.scanning import PeerTools

        if self._peers is None:
            self._peers = PeerTools()
        last, same = self._asked_for
        if not own_tools or server != last or same is not own_tools:  # the next definition of a listing has the same
            self._asked_for = server, own_tools
            self._keep_up(self._peers)
            self._peers.offers(server, own_tools)
        return self._peers

    def _keep_up(self, peers: "PeerTools") -> None:
        from mcp_dynaload.scanning import peer_tools

        now: dict[str, Sequence[Json]] = {name: listing.tools for name, listing in dict(self._in_use()).items()}
        for name in self._put.keys() - now.keys():
            peers.put(name, ())
        for name, tools in now.items():
            if self._put.get(name) is not tools:
                peers.put(name, peer_tools(name, tools))
        self._put = now


def scan_servers(listings: KnownListings, names: Iterable[str] | None = None) -> "dict[str, list[DefinitionFinding]]":
    """Return all findings in what servers last offered, all servers unless some are named; blocks.

    Of a server that is not known yet there are none. Tools that its entry leaves out are not scanned, and resources
    are not: they come and go.
    """
    peers = PeersInUse(lambda: listings.by_name)
    chosen = sorted(listings.by_name if names is None else names)
    return {name: _scan_server(listings, name, peers) for name in chosen if name in listings.by_name}


def _scan_server(listings: KnownListings, server: str, peers: PeersInUse) -> "list[DefinitionFinding]":
    from mcp_dynaload.scanning import findings, scanned_elements

    listing = _of_interest(listings, server)
    lists: dict[DefinitionKind, Sequence[Json]] = {
        "tool": listing.tools,
        "prompt": listing.prompts,
        "resource template": listing.templates,
    }
    own = frozenset(tool["name"] for tool in listing.tools)
    return findings(server, scanned_elements(lists, listing.instructions), peers.of(server, own))


def _of_interest(listings: KnownListings, server: str) -> Listing:
    """Return a server's listing as it gave it, without the tools that its entry leaves out or denies."""
    listing = listings.quarantine.offered(server) or listings.by_name[server]
    options, denied = listings.configs[server].options, listings.quarantine.access.denied_of(server)
    kept = [tool for tool in listing.tools if is_included(tool["name"], options.include, options.exclude)]
    return replace(listing, tools=tuple(tool for tool in kept if tool["name"] not in denied))
