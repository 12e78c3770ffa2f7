"""How it all is doing now: components, sessions, servers."""

from collections.abc import Callable, Iterable
from typing import Literal

import anyio.to_thread

from mcp_dynaload.api.options import IntegrationMode
from mcp_dynaload.api.results import Answer
from mcp_dynaload.catalog.cost import reduction
from mcp_dynaload.logins.login import login_advice, login_command
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.proxy.commands.layout import counted
from mcp_dynaload.proxy.definition_repair import Oddities
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.selection.policy import Strategy
from mcp_dynaload.version import __version__

Health = Literal["healthy", "degraded", "unhealthy"]
"""Degraded: all works, some of it worse than it should; unhealthy: something does not work."""

UpstreamState = Literal["running", "stopped", "failing", "needs login", "unlisted"]
"""Stopped: it is started when needed. Needs login: the user is to run `mcp-dynaload login`. Unlisted: nothing is known
of its tools yet."""

_WORST: tuple[Health, ...] = ("unhealthy", "degraded", "healthy")


class ComponentStatus(Answer):
    """The condition of one component."""

    health: Health
    detail: str
    """In words for the user: what is wrong and what to do."""


class SessionStatus(Answer):
    """A client's session."""

    session_id: str
    user_id: str | None
    client: str
    strategy: Strategy
    prompts: int
    """Since the session's start or the last `/clear`."""

    tools: tuple[str, ...]
    """The loaded ones."""

    loaded_tokens: int
    """The tokens of its list: what the user unloaded is in a client's list until `/clear`."""

    reduction_percentage: float
    running_upstreams: tuple[str, ...]


class UpstreamStatus(Answer):
    """A configured server."""

    name: str
    transport: str
    state: UpstreamState
    running_in: int
    """Sessions in which it runs."""

    tools: int
    tokens: int
    repaired: int
    """Definitions that the client would have refused as they are."""

    left_out: int
    """Definitions that the client would have refused and that could not be repaired."""

    error: str | None
    """Why it failed last, where it has not answered since."""


class SystemStatus(Answer):
    """All of it."""

    integration_health: Health
    version: str
    mode: IntegrationMode
    uptime_seconds: float
    components: dict[str, ComponentStatus]
    sessions: tuple[SessionStatus, ...]
    upstreams: tuple[UpstreamStatus, ...]
    catalog_tools: int
    catalog_tokens: int


def session_statuses(sessions: Iterable[Session]) -> tuple[SessionStatus, ...]:
    """Return the condition of every open session, oldest first."""
    return tuple(map(_session_status, sessions))


def upstream_statuses(
    live: CatalogState, sessions: Iterable[Session], logins: Logins | None = None
) -> tuple[UpstreamStatus, ...]:
    """Return the condition of every configured server, in name order."""
    open_sessions, configs = tuple(sessions), live.listings.configs
    wanting = {name for name, config in configs.items() if logins is not None and logins.is_wanted(config)}
    return tuple(_upstream_status(name, live, open_sessions, wants_login=name in wanting) for name in configs)


async def component_statuses(
    live: CatalogState, upstreams: Iterable[UpstreamStatus], sessions: int, limit: int
) -> dict[str, ComponentStatus]:
    """Return the condition of every component, by name."""
    return {
        "catalog": _catalog(live),
        "ranking": _ranking(live),
        "upstreams": _upstreams(tuple(upstreams)),
        "store": await anyio.to_thread.run_sync(_store, live),
        "cache": _cache(live),
        "sessions": _sessions(sessions, limit),
    }


def overall(components: Iterable[ComponentStatus]) -> Health:
    """Return the health of the worst component."""
    found = {component.health for component in components}
    for health in _WORST:
        if health in found:
            return health
    return "healthy"


def system_status(
    *,
    mode: IntegrationMode,
    started_at: float,
    clock: Callable[[], float],
    components: dict[str, ComponentStatus],
    sessions: tuple[SessionStatus, ...],
    upstreams: tuple[UpstreamStatus, ...],
    live: CatalogState,
) -> SystemStatus:
    """Return the whole status in one answer; times are in seconds of the clock."""
    return SystemStatus(
        integration_health=overall(components.values()),
        version=__version__,
        mode=mode,
        uptime_seconds=clock() - started_at,
        components=components,
        sessions=sessions,
        upstreams=upstreams,
        catalog_tools=len(live.catalog.tools),
        catalog_tokens=live.catalog.total_cost,
    )


def _session_status(session: Session) -> SessionStatus:
    catalog, listed = session.live.catalog, session.listed()
    used = session.live.overhead_tokens + sum(catalog.costs[tool.name] for tool in listed)
    return SessionStatus(
        session_id=session.id,
        user_id=session.client.user or None,
        client=session.client.name,
        strategy=session.state.strategy,
        prompts=session.history.prompts,
        tools=tuple(tool.name for tool in session.loaded()),
        loaded_tokens=used,
        reduction_percentage=reduction(catalog.total_cost, used) * 100,
        running_upstreams=tuple(upstream.name for upstream in session.pool.running),
    )


def _upstream_status(
    name: str, live: CatalogState, sessions: tuple[Session, ...], *, wants_login: bool
) -> UpstreamStatus:
    mine = [session.pool[name] for session in sessions]
    running = sum(upstream.is_running for upstream in mine)
    errors = [error for upstream in mine if (error := upstream.failure)]
    if wants_login:
        errors = [f"it wants a login: run `{login_command(name)}`"]
    elif name in live.listings.unlisted and name in live.listings.failures:
        errors.append(live.listings.failures[name])
    tools = [tool for tool in live.catalog.tools if tool.upstream == name]
    odd = live.oddities.get(name, Oddities())
    state: UpstreamState = "running" if running else "unlisted" if name in live.listings.unseen else "stopped"
    return UpstreamStatus(
        name=name,
        transport=live.listings.configs[name].transport,
        state="needs login" if wants_login else "failing" if errors else state,
        running_in=running,
        tools=len(tools),
        tokens=sum(live.catalog.costs[tool.name] for tool in tools),
        repaired=odd.repaired,
        left_out=odd.left_out,
        error=errors[0] if errors else None,
    )


def _catalog(live: CatalogState) -> ComponentStatus:
    tools, unseen = len(live.catalog.tools), live.listings.unseen
    waiting, known = [name for name in unseen if name not in live.listings.failures], counted(tools, "tool")
    if waiting:
        return ComponentStatus(health="degraded", detail=f"{known}; being listed: {', '.join(waiting)}")
    if not tools:
        return ComponentStatus(health="unhealthy", detail="no tool is known: `mcp-dynaload doctor` says why")
    if unseen:
        return ComponentStatus(health="degraded", detail=f"{known}; could not be listed: {', '.join(unseen)}")
    return ComponentStatus(health="healthy", detail=f"{known} of {counted(len(live.listings.by_name), 'server')}")


def _ranking(live: CatalogState) -> ComponentStatus:
    if not live.index.ready.is_set():
        return ComponentStatus(health="degraded", detail="the index is being built")
    if not live.index.knows_meanings:
        return ComponentStatus(health="degraded", detail="by words alone: the encoder is not there yet, or is missing")
    return ComponentStatus(health="healthy", detail="by words and meaning")


def _upstreams(upstreams: tuple[UpstreamStatus, ...]) -> ComponentStatus:
    failing = [upstream.name for upstream in upstreams if upstream.state == "failing"]
    wanting = [upstream.name for upstream in upstreams if upstream.state == "needs login"]
    if failing and len(failing) == len(upstreams):
        return ComponentStatus(health="unhealthy", detail="every server fails: run `mcp-dynaload doctor`")
    if failing:
        detail = f"failing: {', '.join(failing)}; `mcp-dynaload doctor` says why"
        return ComponentStatus(health="degraded", detail=detail)
    if wanting:
        return ComponentStatus(health="degraded", detail=login_advice(wanting))
    running = sum(upstream.running_in > 0 for upstream in upstreams)
    return ComponentStatus(health="healthy", detail=f"{counted(len(upstreams), 'server')}, {running} of them running")


def _store(live: CatalogState) -> ComponentStatus:
    trouble = live.listings.records.trouble()
    if trouble is None:
        return ComponentStatus(health="healthy", detail="the database is sound and can be written")
    return ComponentStatus(health="unhealthy", detail=trouble)


def _cache(live: CatalogState) -> ComponentStatus:
    counts = live.index.rankings.counts()
    if not live.index.rankings.is_enabled:
        return ComponentStatus(health="healthy", detail="off")
    return ComponentStatus(health="healthy", detail=f"{counts.rankings} rankings kept, {counts.hit_rate:.0%} hits")


def _sessions(open_now: int, limit: int) -> ComponentStatus:
    health: Health = "degraded" if open_now >= limit else "healthy"
    return ComponentStatus(health=health, detail=f"{open_now} open, at most {limit}")
