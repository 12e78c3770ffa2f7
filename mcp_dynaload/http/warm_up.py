"""The work of a service before its first client comes, so that clients do not wait for it."""

from collections.abc import Awaitable, Callable
from functools import partial

import anyio
import structlog

from mcp_dynaload.app import Configuration, refresh_catalog
from mcp_dynaload.proxy.catalog_state import CatalogState

log = structlog.get_logger()


async def prepare(configuration: Configuration, live: CatalogState) -> None:
    """List what was never listed, and keep the index in step with the catalog."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_guarded, partial(_list_unseen, configuration, live))
        tasks.start_soon(_guarded, live.keep_index)


async def _guarded(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception:  # sessions do the same for themselves: the service must not end for this
        log.exception("preparation_failed")


async def _list_unseen(configuration: Configuration, live: CatalogState) -> None:
    """List the upstreams of which nothing is known yet; their sessions' own connections come later."""
    if live.listings.unseen:
        await refresh_catalog(configuration, live, live.listings.unseen)
