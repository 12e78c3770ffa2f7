"""A session from its handshake to the end of its connection, with all that runs meanwhile."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.abc

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.machine.background import kept_up, surviving
from mcp_dynaload.machine.browser import open_page
from mcp_dynaload.proxy.caller import is_claude_code
from mcp_dynaload.proxy.catalog_view import CatalogView
from mcp_dynaload.proxy.client import Client, ListRefresh, is_following, is_named
from mcp_dynaload.proxy.client_plugin import ClientPlugin
from mcp_dynaload.proxy.personal_listings import PersonalListings
from mcp_dynaload.proxy.process_context import ProcessContext
from mcp_dynaload.proxy.progress import ProgressRouter
from mcp_dynaload.proxy.resuming import ResumableSession
from mcp_dynaload.proxy.serving_role import ServingRole
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.shared_upstreams import SharedUpstreams
from mcp_dynaload.proxy.shown_line import ShownLine
from mcp_dynaload.proxy.sign_in import SignIns
from mcp_dynaload.proxy.surfaces.surface import Surface
from mcp_dynaload.proxy.upstream_bridge import LISTING_DELAY_SECONDS, UpstreamBridge
from mcp_dynaload.selection.actions import PromptSubmitted
from mcp_dynaload.selection.policy import Strategy
from mcp_dynaload.selection.state import initial_state
from mcp_dynaload.telemetry.events import SessionClosed
from mcp_dynaload.upstream.pool import open_pool

TRYING_SECONDS = 2.0
"""How often it is looked whether an upstream is to be tried again."""

MIN_PINS_SECONDS = 1.0
MAX_PINS_SECONDS = 30.0
"""Between two questions for the pins that a store did not give, each time twice as long."""

_WITHOUT_TOKEN = "in an MCP session with an access token of their own"


@asynccontextmanager
async def open_session(
    client: Client,
    surface: Surface,
    shared: ProcessContext,
    logs_dir: Path,
    shared_upstreams: SharedUpstreams,
    crowd: ProgressRouter | None = None,
) -> AsyncGenerator[Session]:
    """Open the session of a client that has shaken hands, or of stateless ones; at exit its own upstreams are gone."""
    settings, environment, live = shared.settings, client.environment, shared.live
    listings = live.listings
    plugin = ClientPlugin()
    async with anyio.create_task_group() as tasks:
        session = Session(
            UpstreamBridge(
                client, shared, shared_upstreams, shared.live.aggregate(), lambda event: session.emit(event), crowd
            ),
            surface,
            ServingRole(
                shared.peers,
                client,
                _list_refresh(client, settings),
                plugin,
            ),
            initial_state(Strategy(settings.default_loading_strategy), environment.model),
            environment.session_id,
            shared.learning(client.user, environment.session_id),
            ShownLine(shared.status_lines),
            CatalogView(live, shared.profile, is_claude_code=is_claude_code(client.name)),
            plugin,
            ResumableSession(shared, client.user),
        )
        if shared.notice:
            session.flagged[shared.notice] = None
        logins, guard = _logins_of(session), listings.quarantine
        session.host.sign_ins = _sign_ins(session, logins, tasks)
        if logins is not None and shared.user_logins is not None:
            guard = session.host.personal = PersonalListings(guard, logins, shared.user_logins, client.login_owner)
        most = settings.max_running_upstreams
        async with open_pool(
            listings.configs.values(),
            session.host,
            listings.project_dir,
            logs_dir,
            most,
            shared_upstreams.pool,
            shared.masker,
            guard,
            logins,
        ) as pool:
            await session.attach(pool)
            live.observe(session.on_catalog_changed)
            _start_background(session, tasks)
            try:
                yield session
            finally:
                live.forget(session.on_catalog_changed)
                shared_upstreams.leave(client)
                tasks.cancel_scope.cancel()
                session.emit(SessionClosed())
                await session.leave()


def _start_background(session: Session, tasks: anyio.abc.TaskGroup) -> None:
    """Start what goes on beside the client's requests as long as the session lasts."""
    tasks.start_soon(surviving, _start_upstreams, session)
    tasks.start_soon(surviving, _list_borrowed, session)
    tasks.start_soon(kept_up, _keep_index, session)
    tasks.start_soon(kept_up, session.live.keep_approved)
    tasks.start_soon(kept_up, session.role.keep_looking)
    if is_following(session.client.name, session.settings.following_clients):  # to others each word is news
        tasks.start_soon(kept_up, session.client.announcements.repeat)
    tasks.start_soon(kept_up, session.host.keep_lists_young)
    tasks.start_soon(kept_up, _keep_trying, session)
    tasks.start_soon(kept_up, _read_missing_pins, session)


def _list_refresh(client: Client, settings: Settings) -> ListRefresh:
    is_sure = is_named(client.name, settings.following_clients)
    return ListRefresh(client.environment.is_interactive, settings.loading_timeout_ms / 1000, is_sure=is_sure)


async def _start_upstreams(session: Session) -> None:
    """List the upstreams that were never seen, and start the eager ones."""
    await session.client.is_ready()
    await session.role.serves.wait()
    listings, pool = session.live.listings, session.pool
    pool.warm(name for name, config in listings.configs.items() if config.options.eager)
    was_unseen, failed = listings.unseen, frozenset(listings.failures)
    listings.failures |= await pool.list_all(name for name in was_unseen if name not in failed)
    session.first_listing.end()
    listings.failures |= await pool.list_all(name for name in was_unseen if name in failed)  # once more
    if was_unseen and session.state.memory:  # the user typed before the servers were known: choose for that again
        await session.decide(PromptSubmitted(session.state.memory[0]))


async def _list_borrowed(session: Session) -> None:
    """List those, too, of which another project's tools are known: soon, or once more than that is asked for."""
    await session.client.is_ready()
    await session.role.serves.wait()
    listings, first_listing = session.live.listings, session.first_listing
    with anyio.move_on_after(LISTING_DELAY_SECONDS):
        await first_listing.wanted.wait()
    names = [name for name in listings.borrowed if name not in listings.failures]
    listings.failures |= await session.pool.list_all(names)
    await first_listing.ended.wait()
    first_listing.end_whole()


async def _keep_trying(session: Session) -> None:
    """List, for ever, those upstreams once more that could not be listed; one that wants a login waits for that."""
    await session.first_listing.ended.wait()
    listings, pool = session.live.listings, session.pool
    while True:
        await anyio.sleep(TRYING_SECONDS)
        due = listings.failing() if pool.has_room else ()
        names = [name for name in due if name not in pool.logins_needed]
        if names:
            listings.failures |= await pool.list_all(names)


async def _read_missing_pins(session: Session) -> None:
    """Ask for the user's pins until the store gives them."""
    pause = MIN_PINS_SECONDS
    while session.lacks_pins:
        await anyio.sleep(pause)
        await session.read_pins()
        pause = min(2 * pause, MAX_PINS_SECONDS)


async def _keep_index(session: Session) -> None:
    """Have the index built once the client is served, and kept in step with the catalog."""
    await session.client.is_ready()
    await session.role.serves.wait()
    await session.live.keep_index()


def _logins_of(session: Session) -> Logins | None:
    """Return the logins that the session's servers get: of its user alone, where a service has such."""
    shared, owner = session.shared, session.client.login_owner
    if shared.user_logins is None:
        return shared.logins
    return shared.user_logins.of(owner) if owner else shared.user_logins.of_nobody(_WITHOUT_TOKEN)


def _sign_ins(session: Session, logins: Logins | None, tasks: anyio.abc.TaskGroup) -> SignIns | None:
    """Return how the user logs in: at this machine, or at the pages of a service that knows who it is."""
    shared, client = session.shared, session.client
    is_here = shared.user_logins is None and client.environment is shared.environment
    if logins is None or not (is_here or (client.login_owner and shared.user_logins is not None)):
        return None
    page = partial(open_page, environ=logins.environ) if is_here else _no_page
    return SignIns(client, logins, shared.live.listings, lambda: session.pool, tasks, page)


def _no_page(url: str) -> bool:
    """Open nothing: the user's browser is on another machine."""
    return False
