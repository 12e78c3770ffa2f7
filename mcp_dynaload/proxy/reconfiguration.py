"""Changes of the servers while clients are connected: calls in flight go on, only what differs is restarted."""

from collections.abc import Collection, Mapping, Sequence

import structlog

from mcp_dynaload.config.servers_watch import ServersChange, change_between
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.shared_upstreams import SharedUpstreams
from mcp_dynaload.selection.actions import CatalogChanged

log = structlog.get_logger()


async def reconfigure(
    live: CatalogState,
    shared_upstreams: SharedUpstreams,
    sessions: Sequence[Session],
    configs: Mapping[str, UpstreamConfig],
) -> ServersChange:
    """Have these servers behind the proxy from now on, in all sessions; returns how they differ from those of before.

    A server that is new, or is reached in another way, is listed: in the first session, or at the start of the next.
    """
    change = change_between(live.listings.configs, configs)
    if not change:
        return change
    if shared_upstreams.pool is not None:
        shared_upstreams.pool.configure(config for config in configs.values() if config.options.shared)
    for session in sessions:
        session.pool.configure(configs.values())
    unlisted = await live.reconfigure(configs, change)
    log.info("servers_changed", change=str(change))
    for session in sessions:
        await _tell(session, {*change.removed, *change.restarted, *change.adjusted})
    if (session := next((one for one in sessions if not one.role.stands_by and one.pool.is_open), None)) is not None:
        session.pool.start_listing(unlisted, live.listings.failures)
        session.pool.warm(_to_warm(configs, change, sessions))
    else:
        live.forget_listings(unlisted)
    return change


async def _tell(session: Session, upstreams: Collection[str]) -> None:
    """Tell a client of entries that have changed, or are gone; tools that it has in its list stay there.

    Taking one away in a running session saves nothing, and the client then refuses it in words of its own. What an
    entry denies is taken away all the same.
    """
    catalog, is_denied = session.catalog, session.live.listings.quarantine.access.is_denied
    lost = [tool for tool in session.announced if tool.upstream in upstreams and catalog.get(tool.name) is None]
    gone = session.gone | {tool.name: tool for tool in lost}
    session.gone = {name: tool for name, tool in gone.items() if not is_denied(tool)}
    session.first_listing.note_one()
    await session.host.aggregate_changed()
    await session.decide(CatalogChanged(tuple(session.gone)))


def _to_warm(
    configs: Mapping[str, UpstreamConfig], change: ServersChange, sessions: Sequence[Session]
) -> Collection[str]:
    """Return the servers that are to run without being called: the eager ones, and those with subscriptions."""
    anew = (*change.added, *change.restarted)
    return [
        name
        for name in anew
        if configs[name].options.eager or any(session.pool[name].subscriptions for session in sessions)
    ]
