"""The tools of each upstream and what they cost: made again only where a listing has changed."""

import hashlib
from collections.abc import Mapping, Sequence

from mcp_dynaload.catalog.catalog import build_tools
from mcp_dynaload.catalog.cost import Count, wire_text
from mcp_dynaload.catalog.names import Registration
from mcp_dynaload.catalog.ownership import Prefixes
from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.config.servers_file import UpstreamConfig
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.upstream.listing import Listing


class KnownTools:
    """The tools, costs and documents made of the last catalog's listings; blocks, as the store does."""

    def __init__(self, records: CatalogCache, count: Count, prefixes: Prefixes, registration: Registration) -> None:
        self._records = records
        self._count = count
        self._prefixes = prefixes
        self._client_prefix = registration.prefix
        self._tools: dict[str, tuple[tuple[Json, ...], tuple[Tool, ...]]] = {}
        self._costs: dict[str, tuple[Tool, int]] = {}

    def tools_of(self, config: UpstreamConfig, listing: Listing) -> tuple[Tool, ...]:
        """Return the tools of an upstream; the same objects as long as its listing is the same."""
        known = self._tools.get(config.name)
        if known is None or known[0] is not listing.tools:
            known = self._tools[config.name] = listing.tools, _tools(config, listing, self._prefixes)
        return known[1]

    def costs_of(self, tools: Sequence[Tool]) -> dict[str, int]:
        """Return the tokens of each tool by name; counted only where the tool is another than the last time."""
        kept = {tool.name: cost for tool in tools if (cost := self._costs.get(tool.name)) and cost[0] is tool}
        new = [tool for tool in tools if tool.name not in kept]
        counted = self.counted({tool.name: self._wire_text(tool) for tool in new})
        self._costs = kept | {tool.name: (tool, counted[tool.name]) for tool in new}
        return {name: tokens for name, (_, tokens) in self._costs.items()}

    def _wire_text(self, tool: Tool) -> str:
        return wire_text(tool.name, tool.description, tool.input_schema, self._client_prefix)

    def counted(self, texts: Mapping[str, str]) -> dict[str, int]:
        """Return the tokens of each text by name: from the store, counted only where a text is new."""
        hashes = {name: hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() for name, text in texts.items()}
        known = self._records.costs(set(hashes.values()))
        counted = {hashes[name]: self._count(text) for name, text in texts.items() if hashes[name] not in known}
        if counted:
            self._records.keep_costs(counted)
        return {name: (known | counted)[digest] for name, digest in hashes.items()}


def _tools(config: UpstreamConfig, listing: Listing, prefixes: Prefixes) -> tuple[Tool, ...]:
    options = config.options
    return build_tools(
        config.name,
        listing.tools,
        prefix=config.prefix,
        include=options.include,
        exclude=options.exclude,
        always_load=config.always_load,
        pin=options.pin,
        categories=options.categories,
        prefixes=prefixes,
    )
