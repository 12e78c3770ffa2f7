"""Catalogs as the server keeps them, over a store in a test's folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import anyio

from mcp_dynaload.catalog.catalog import Catalog, build_catalog
from mcp_dynaload.catalog.names import Registration
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.proxy.catalog_index import CatalogIndex, open_rankings
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.known_listings import KnownListings
from mcp_dynaload.proxy.model_text import own_texts
from mcp_dynaload.proxy.quarantine import Quarantine, unpinned
from mcp_dynaload.store.catalog_cache import CatalogCache


@dataclass(slots=True)
class IndexByWords(CatalogIndex):
    """An index that ranks by words until a test wants meanings: which of the two ranks is no matter of time."""

    wants_meanings: anyio.Event = field(default_factory=anyio.Event)

    async def keep_meanings(self) -> None:
        self.ready.set()
        await self.wants_meanings.wait()
        await super(IndexByWords, self).keep_meanings()  # a class with slots is made anew: plain `super()` knows it not


def stored_catalog(
    configs: Mapping[str, UpstreamConfig],
    records: CatalogCache,
    folder: Path,
    *,
    is_dynamic: bool = True,
    registration: Registration | None = None,
    quarantine: Quarantine | None = None,
) -> CatalogState:
    """Return the catalog of what the store knows of these servers; a token is a character."""
    is_alone = not is_dynamic and len(configs) == 1
    listings = KnownListings(configs, records, folder, is_alone, quarantine or unpinned())
    listings.read()
    known = registration or Registration()
    own = own_texts("", known.prefix) if is_dynamic else {}
    return CatalogState(listings, IndexByWords(records, open_rankings(0, 0)), len, own, registration=known)


def catalog_index(records: CatalogCache, catalog: Catalog | None = None) -> CatalogIndex:
    """Return the rankers of a catalog, with a cache of rankings."""
    return CatalogIndex(records, open_rankings(60, 10), catalog or build_catalog((), {}))
