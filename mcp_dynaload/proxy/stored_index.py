"""The index of a whole catalog, kept in the store so that a start need not build it again."""

import hashlib

import structlog

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.ranking.lexical_index import Documents, Index, build_index, index_recipe, parse_index
from mcp_dynaload.store.catalog_cache import CatalogCache
from mcp_dynaload.version import __version__

log = structlog.get_logger()


def built_key(kind: str, catalog: Catalog, recipe: str) -> str:
    """Return the store's key of an index built from this catalog in this way by this version."""
    parts = (kind, __version__, recipe, catalog.version, *(tool.upstream for tool in catalog.tools))
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def read_or_build_index(records: CatalogCache, catalog: Catalog, known: Documents | None = None) -> Index:
    """Return the lexical index of a catalog: from the store, or built, which takes many times as long."""
    content = records.built(_index_key(catalog))
    if content is not None:
        try:
            return _fitting(parse_index(content), catalog)
        except ValueError as error:
            log.warning("stored_index_unusable", error=str(error), consequence="it is built anew")
    return build_index(catalog, known)


def keep_index(records: CatalogCache, catalog: Catalog, index: Index) -> None:
    """Store the index of a catalog unless this very one is there."""
    key, content = _index_key(catalog), index.as_bytes()
    if records.built(key) != content:
        records.keep_built(key, content)


def _index_key(catalog: Catalog) -> str:
    return built_key("index", catalog, index_recipe())


def _fitting(index: Index, catalog: Catalog) -> Index:
    if len(index.tools) != len(catalog.tools):
        raise ValueError(f"it has {len(index.tools)} tools, the catalog {len(catalog.tools)}")
    return index
