"""The work of a service before its first client comes, so that clients do not wait for it."""

from collections.abc import Awaitable, Callable
from functools import partial

import anyio
import structlog

from mcp_dynaload.app import refresh_catalog
from mcp_dynaload.configuration import Configuration
from mcp_dynaload.logins.user_logins import UserLogins
from mcp_dynaload.proxy.catalog_state import CatalogState

POLL_SECONDS = 2.0
"""How soon a login of the service's own is noticed, which somebody makes at its machine."""

AGAIN_SECONDS = 3600.0

log = structlog.get_logger()


async def prepare(configuration: Configuration, live: CatalogState, user_logins: UserLogins | None = None) -> None:
    """List what was never listed, and keep the index in step with the catalog."""
    async with anyio.create_task_group() as tasks:
        if user_logins is not None:
            tasks.start_soon(_guarded, partial(_list_with_own_logins, configuration, live, user_logins))
        tasks.start_soon(_guarded, partial(_list_unlisted, configuration, live))
        tasks.start_soon(_guarded, live.keep_index)


async def _guarded(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception:  # sessions do the same for themselves: the service must not end for this
        log.exception("preparation_failed")


async def _list_unlisted(configuration: Configuration, live: CatalogState) -> None:
    """List the upstreams that were never listed in this project; their sessions' own connections come later."""
    if unlisted := live.listings.unlisted:
        await refresh_catalog(configuration, live, unlisted)


async def _list_with_own_logins(configuration: Configuration, live: CatalogState, user_logins: UserLogins) -> None:
    """List, for ever, the servers to which the service has a login: of these no user's login lists any for others."""
    logins, listed_at = configuration.logins, dict[str, float]()
    while True:
        remote = [config for config in live.listings.configs.values() if logins.can_log_in(config)]
        own = {config.name for config in remote if (login := await logins.login_of(config)) and login.has_tokens}
        for name in user_logins.listers.keys() - own:
            if not user_logins.listers[name]:
                del user_logins.listers[name]
                listed_at.pop(name, None)
        user_logins.listers.update(dict.fromkeys(own, ""))
        now = anyio.current_time()
        if due := [name for name in own if now - listed_at.get(name, float("-inf")) > AGAIN_SECONDS]:
            listed_at.update(dict.fromkeys(due, now))
            await refresh_catalog(configuration, live, due)
        await anyio.sleep(POLL_SECONDS)
