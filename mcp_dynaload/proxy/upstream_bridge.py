"""A client session as its upstreams see it: requests go to them here, and what they ask and say goes to the client."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import anyio
import anyio.to_thread
import structlog
from mcp.shared.exceptions import MCPError
from mcp_types import URL_ELICITATION_REQUIRED

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.profiles import Profile
from mcp_dynaload.errors import UpstreamLoginError
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.proxy.aggregate import Aggregate
from mcp_dynaload.proxy.attribution import (
    ELICITED,
    LOG_MESSAGE,
    PROGRESS,
    asked_by,
    is_sayable,
    links_of,
    logged_by,
    refused_by,
)
from mcp_dynaload.proxy.client import Client, Request
from mcp_dynaload.proxy.log_level import tell_log_level
from mcp_dynaload.proxy.personal_listings import PersonalListings
from mcp_dynaload.proxy.process_context import ProcessContext
from mcp_dynaload.proxy.progress import ProgressRouter
from mcp_dynaload.proxy.shared_upstreams import SharedUpstreams
from mcp_dynaload.proxy.sign_in import SignIns
from mcp_dynaload.telemetry.events import ErrorKind, Event, UpstreamFailed, UpstreamStarted, UpstreamStopped
from mcp_dynaload.upstream.connection import UPDATED, ClientProfile
from mcp_dynaload.upstream.listing import Listing
from mcp_dynaload.upstream.pool import Pool

LISTING_DELAY_SECONDS = 3.0
"""The client's own start comes first."""

LISTING_INTERVAL_SECONDS = 3600.0

MAX_LINKS = 100
"""Pages that servers want the user to open, remembered at a time."""

MAX_METHOD = 100

log = structlog.get_logger()


@dataclass(slots=True)
class UpstreamBridge:
    """The `UpstreamCallbacks` of a session's upstreams; changes nothing of what the session has loaded."""

    client: Client
    shared: ProcessContext
    shared_upstreams: SharedUpstreams
    """The upstreams that are not the session's own."""

    aggregate: Aggregate
    """Prompts, resources and templates of all upstreams by now."""

    emit: Callable[[Event], None]
    """Tells what happens in the session."""

    progress: ProgressRouter | None = None
    """Set where the session stands for many requests that know nothing of each other."""

    sign_ins: SignIns | None = None
    """The logins of the session's user; None where nobody knows who that is."""

    personal: PersonalListings | None = None
    """Keeps lists of the user's own from others; None where there are no others."""

    log_level: str | None = None
    """The level that the client asked for with `logging/setLevel`."""

    _pool: Pool | None = None
    _links: dict[str, str] = field(default_factory=dict[str, str])
    """Upstreams that want the user to open a page, by the page's id, oldest first."""

    @property
    def pool(self) -> Pool:
        """The session's upstreams."""
        assert self._pool is not None, "the pool is used before the session was opened"
        return self._pool

    def attach(self, pool: Pool) -> None:
        """Take the session's upstreams."""
        self._pool = pool

    def only_upstream(self) -> str | None:
        """Return the upstream for which we stand in transparently: the only one, with names of its own."""
        configs = [*self.shared.live.listings.configs.values()]
        return configs[0].name if len(configs) == 1 and configs[0].options.prefix == "" else None

    async def forward(self, upstream: str, request: Request, method: str, params: Json) -> Json:
        """Have an upstream answer a request of the client.

        Raises:
            UpstreamError: It could not.
            MCPError: Its own error answer, unchanged but for the server's name in what it asks of the user.
        """
        try:
            return await self._forwarded(upstream, request, method, params)
        except MCPError as error:
            if error.error.code != URL_ELICITATION_REQUIRED or self.only_upstream() is not None:
                raise
            refusal = refused_by(upstream, error)
            self._note_links(upstream, links_of(refusal))
            raise refusal from error

    async def is_logged_in(self, upstream: str, request: Request, error: UpstreamLoginError) -> bool:
        """Return whether the user has logged in to an upstream, asked because it refused a request for want of that."""
        return self.sign_ins is not None and await self.sign_ins.is_made(upstream, request, error.demand)

    async def _forwarded(self, upstream: str, request: Request, method: str, params: Json) -> Json:
        progress = self.shared_upstreams.progress if self.shared_upstreams.has(upstream) else self.progress
        if progress is not None:
            with progress.passing(upstream, request, params) as passed:
                return await self.pool.request(upstream, method, passed)
        with self.client.serving(upstream, request):
            return await self.pool.request(upstream, method, params)

    async def subscribe(self, upstream: str, uri: str, request: Request, params: Json) -> Json:
        """Have the client told of changes of a resource, after a restart of the upstream too.

        Raises:
            UpstreamError: It could not.
            MCPError: Its own error answer, unchanged.
        """
        result = await self.forward(upstream, request, "resources/subscribe", params)
        self.pool[upstream].subscriptions.add(uri)
        if self.shared_upstreams.has(upstream):
            self.shared_upstreams.subscribe(self.client, upstream, uri, self.aggregate.uri_of(upstream, uri))
        return result

    async def unsubscribe(self, upstream: str, uri: str, request: Request, params: Json) -> Json:
        """Undo `subscribe`; an upstream that others share goes on telling them, and none is started only for that.

        Raises:
            UpstreamError: It could not.
            MCPError: Its own error answer, unchanged.
        """
        if self.shared_upstreams.has(upstream) and not self.shared_upstreams.unsubscribe(self.client, upstream, uri):
            return {}
        is_ours = uri in self.pool[upstream].subscriptions
        self.pool[upstream].subscriptions.discard(uri)
        if is_ours and not self.pool[upstream].is_running:
            return {}
        return await self.forward(upstream, request, "resources/unsubscribe", params)

    async def set_log_level(self, level: str) -> None:
        """Tell the running upstreams, and each that starts later."""
        self.log_level = level
        async with anyio.create_task_group() as tasks:
            for upstream in self.pool.running:
                tasks.start_soon(tell_log_level, upstream, level)

    async def keep_lists_young(self) -> None:
        """List in the background, for ever, what was listed long ago: it may depend on what stands outside of it."""
        await self.client.connection.initialized.wait()
        await anyio.sleep(LISTING_DELAY_SECONDS)
        while True:
            await self.pool.list_again(await anyio.to_thread.run_sync(self.shared.live.listings.due))
            await anyio.sleep(LISTING_INTERVAL_SECONDS)

    def profile(self) -> ClientProfile:
        """Return the client's own `initialize` fields, for upstreams."""
        return self.client.profile()

    async def ask(self, upstream: str, method: str, params: Json | None) -> Json:
        """Put an upstream's question to the client; where there are others it says which one asks."""
        if self.only_upstream() is not None:
            return await self.client.ask(upstream, method, params)
        asked = asked_by(upstream, method, params)
        if isinstance(link := asked.get("elicitationId"), str):
            self._note_links(upstream, [link])
        return await self.client.ask(upstream, method, asked)

    async def tell(self, upstream: str, method: str, params: Json | None) -> None:
        """Pass on what an upstream says by itself; where there are others, only what it can say of itself."""
        if self.progress is not None:
            await self.progress.tell(upstream, method, params)
        elif self.only_upstream() is not None:
            await self.client.tell(upstream, method, params)
        elif params is not None and self._may_say(upstream, method, params):
            await self.client.tell(upstream, method, self._attributed(upstream, method, params))
        else:
            log.debug("notification_dropped", upstream=upstream, method=printable(method)[:MAX_METHOD])

    def _may_say(self, upstream: str, method: str, params: Json) -> bool:
        if not is_sayable(method, params):
            return False
        if method == PROGRESS:
            return self.client.awaits_progress(upstream, params["progressToken"])
        return method != ELICITED or self._links.get(params["elicitationId"]) == upstream

    def _attributed(self, upstream: str, method: str, params: Json) -> Json:
        if method == UPDATED:
            return {**params, "uri": self.aggregate.uri_of(upstream, params["uri"])}
        return logged_by(upstream, params) if method == LOG_MESSAGE else params

    def _note_links(self, upstream: str, links: Iterable[str]) -> None:
        """Remember who wants the user to open pages: nobody else can say that this is done."""
        for link in links:
            self._links.setdefault(link, upstream)
        for link in list(self._links)[: max(0, len(self._links) - MAX_LINKS)]:
            del self._links[link]

    async def upstream_listed(self, upstream: str, listing: Listing) -> None:
        """Take a listing of an upstream of ours, as far as it is not the user's own alone."""
        shared = listing if self.personal is None else self.personal.shared_part(upstream, listing)
        if shared is not None:
            await self.shared.live.update(upstream, shared)

    def upstream_started(self, upstream: str, seconds: float) -> None:
        """Note that a connection was opened, which took so long."""
        self.emit(UpstreamStarted(upstream=upstream, ms=1000 * seconds))

    def upstream_stopped(self, upstream: str) -> None:
        """Note that we have ended a connection."""
        self.emit(UpstreamStopped(upstream=upstream))

    def upstream_failed(self, upstream: str, reason: str, *, had_started: bool) -> None:
        """Note that a connection could not be opened, or ended by itself."""
        kind = ErrorKind.DIED if had_started else ErrorKind.START
        self.emit(UpstreamFailed(upstream=upstream, kind=kind, detail=reason))

    def upstream_unlisted(self, upstream: str, reason: str) -> None:
        """Note that an upstream that runs could not be listed."""
        self.emit(UpstreamFailed(upstream=upstream, kind=ErrorKind.LISTING, detail=reason))

    async def aggregate_changed(self) -> None:
        """Tell the client of prompts and resources that it can see, when these differ from before."""
        before, self.aggregate = self.aggregate, self.shared.live.aggregate()
        await self._announce(before, self.aggregate)

    async def profile_changed(self, before: Profile, after: Profile) -> None:
        """Tell the client of the same when another profile shows others of them."""
        await self._announce(self.aggregate.narrowed(before.has), self.aggregate.narrowed(after.has))

    async def _announce(self, before: Aggregate, after: Aggregate) -> None:
        if before.prompts != after.prompts:
            await self.client.announcements.tell("prompts")
        if (before.resources, before.templates) != (after.resources, after.templates):
            await self.client.announcements.tell("resources")
