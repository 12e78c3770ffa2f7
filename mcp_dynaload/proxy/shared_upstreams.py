"""Upstreams that all sessions of a service use over one connection, because their entry says `"shared": true`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_REQUEST

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.client import Client
from mcp_dynaload.proxy.process_context import ProcessContext
from mcp_dynaload.proxy.progress import ProgressRouter
from mcp_dynaload.telemetry.event_bus import EventBus
from mcp_dynaload.telemetry.events import NOBODY, ErrorKind, UpstreamFailed, UpstreamStarted, UpstreamStopped
from mcp_dynaload.upstream.connection import UPDATED, ClientProfile
from mcp_dynaload.upstream.listing import Listing
from mcp_dynaload.upstream.pool import Pool, open_pool
from mcp_dynaload.version import __version__

_NOT_SHARED = 'to it when "shared" is taken out of its entry: a login is a user\'s own here'

log = structlog.get_logger()


class SharedUpstreams:
    """The `UpstreamCallbacks` of shared upstreams: nobody in particular, so it cannot be asked anything."""

    log_level: str | None = None

    def __init__(self, live: CatalogState, event_bus: EventBus) -> None:
        self.progress = ProgressRouter()
        self._live = live
        self._event_bus = event_bus
        self._pool: Pool | None = None
        self._subscribers: dict[tuple[str, str], list[tuple[Client, str]]] = {}

    @property
    def pool(self) -> Pool | None:
        """The shared upstreams; None where none is."""
        return self._pool

    def attach(self, pool: Pool) -> None:
        """Take them."""
        self._pool = pool

    def has(self, upstream: str) -> bool:
        """Return whether all sessions share this upstream."""
        return self._pool is not None and upstream in self._pool.names

    def profile(self) -> ClientProfile:
        """Return ourselves as the upstreams' client, able to answer nothing."""
        return ClientProfile({"name": "mcp-dynaload", "version": __version__}, {})

    async def ask(self, upstream: str, method: str, params: Json | None) -> Json:
        """Refuse a question.

        Raises:
            MCPError: Always: it could be for any of the sessions.
        """
        log.warning("question_of_shared_upstream_refused", upstream=upstream, method=method)
        raise MCPError(
            code=INVALID_REQUEST,
            message=f"{method!r} is refused: the server {upstream!r} is shared by many clients, so its questions reach "
            f'nobody; take "shared" out of its entry, and each client gets a connection of its own.',
        )

    async def tell(self, upstream: str, method: str, params: Json | None) -> None:
        """Pass on what an upstream says by itself."""
        if method == UPDATED:
            for client, uri in list(self._subscribers.get((upstream, str((params or {}).get("uri"))), ())):
                await client.tell(upstream, method, {**(params or {}), "uri": uri})
        else:
            await self.progress.tell(upstream, method, params)

    async def upstream_listed(self, upstream: str, listing: Listing) -> None:
        """Take a listing of a shared upstream."""
        await self._live.update(upstream, listing)

    def upstream_started(self, upstream: str, seconds: float) -> None:
        """Note that a connection was opened, which took so long."""
        self._event_bus.emit(UpstreamStarted(who=NOBODY, upstream=upstream, ms=1000 * seconds))

    def upstream_stopped(self, upstream: str) -> None:
        """Note that we have ended a connection."""
        self._event_bus.emit(UpstreamStopped(who=NOBODY, upstream=upstream))

    def upstream_failed(self, upstream: str, reason: str, *, had_started: bool) -> None:
        """Note that a connection could not be opened, or ended by itself."""
        kind = ErrorKind.DIED if had_started else ErrorKind.START
        self._event_bus.emit(UpstreamFailed(who=NOBODY, upstream=upstream, kind=kind, detail=reason))

    def upstream_unlisted(self, upstream: str, reason: str) -> None:
        """Note that an upstream that runs could not be listed."""
        self._event_bus.emit(UpstreamFailed(who=NOBODY, upstream=upstream, kind=ErrorKind.LISTING, detail=reason))

    def subscribe(self, client: Client, upstream: str, uri: str, shown: str) -> None:
        """Tell this client of changes of a resource, under the URI that it is shown."""
        subscribers = self._subscribers.setdefault((upstream, uri), [])
        if (client, shown) not in subscribers:
            subscribers.append((client, shown))

    def unsubscribe(self, client: Client, upstream: str, uri: str) -> bool:
        """Tell it no more; whether nobody else wants to be told either."""
        others = [one for one in self._subscribers.get((upstream, uri), ()) if one[0] is not client]
        if others:
            self._subscribers[upstream, uri] = others
            return False
        self._subscribers.pop((upstream, uri), None)
        if self._pool is not None:
            self._pool[upstream].subscriptions.discard(uri)
        return True

    def leave(self, client: Client) -> None:
        """Forget a client that is gone."""
        for (upstream, uri), subscribers in list(self._subscribers.items()):
            if any(one[0] is client for one in subscribers):
                self.unsubscribe(client, upstream, uri)


@asynccontextmanager
async def open_shared_upstreams(shared: ProcessContext, logs_dir: Path) -> AsyncGenerator[SharedUpstreams]:
    """Open the shared upstreams of a service; at exit all have ended."""
    live, shared_upstreams = shared.live, SharedUpstreams(shared.live, shared.event_bus)
    configs = [config for config in live.listings.configs.values() if config.options.shared]
    most = shared.settings.max_running_upstreams
    async with open_pool(
        configs,
        shared_upstreams,
        live.listings.project_dir,
        logs_dir,
        most,
        masker=shared.masker,
        guard=live.listings.quarantine,
        logins=shared.logins if shared.user_logins is None else shared.user_logins.of_nobody(_NOT_SHARED),
    ) as pool:
        shared_upstreams.attach(pool)
        yield shared_upstreams
