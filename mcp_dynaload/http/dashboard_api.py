"""REST endpoints of the dashboard: the past of all processes, live, and servers to steer."""

import dataclasses
import json
from collections.abc import AsyncGenerator
from enum import StrEnum
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import Depends, Request, Response
from pydantic import BaseModel

from mcp_dynaload.api.dynaload import Dynaload
from mcp_dynaload.http.auth import acting, is_admin
from mcp_dynaload.http.dependencies import api_of, watch_of
from mcp_dynaload.http.ending import End
from mcp_dynaload.http.errors import NOT_FOUND, RESPONSES, NotFoundError
from mcp_dynaload.http.rest import PREFIX
from mcp_dynaload.http.routes import guarded_router, needs
from mcp_dynaload.proxy.client import user_of
from mcp_dynaload.store.tokens import Scope
from mcp_dynaload.telemetry.journal_overview import JournalWatch, Overview

DASHBOARD_SESSION = "dashboard"
"""The conversation in which the dashboard starts servers and gives commands."""

POLL_SECONDS = 1.0

watching = guarded_router(needs(Scope.CONTROL), prefix=PREFIX, tags=["watching"])

Api = Annotated[Dynaload, Depends(api_of)]
Watch = Annotated[JournalWatch, Depends(watch_of)]


class UpstreamAction(StrEnum):
    """An action on a server."""

    START = "start"
    STOP = "stop"
    RESTART = "restart"


class UpstreamActed(BaseModel):
    """The action that was carried out on a server."""

    upstream: str
    action: UpstreamAction
    sessions: int
    """In how many sessions."""


@watching.get("/overview")
async def overview(watch: Watch, request: Request) -> Overview:
    """Return the last day of all processes that write this journal: sums, times, sessions, misses, alerts.

    Sessions and misses are the token's own; those of all for an admin's.
    """
    return _visible(request, await anyio.to_thread.run_sync(watch.overview))


@watching.get("/overview/live", include_in_schema=False)
async def live_overview(watch: Watch, end: End, request: Request) -> Response:
    """Send the overview as server-sent events, one at once and one after each change."""
    return end.stream(_overviews(watch, request))


@watching.post("/upstreams/{name}/{action}", responses={**RESPONSES, **NOT_FOUND}, dependencies=[needs(Scope.ADMIN)])
async def act_on_upstream(name: str, action: UpstreamAction, api: Api, request: Request) -> UpstreamActed:
    """Start a server, or stop or restart it in all sessions of this process."""
    if name not in api.proxy.live.listings.configs:
        raise NotFoundError(f"there is no server {name!r}; there are: {', '.join(api.proxy.live.listings.configs)}")
    pools = [session.pool for session in api.proxy.sessions if session.pool[name].is_running]
    if action is not UpstreamAction.START:
        for pool in pools:
            await pool[name].stopped()
    if action is UpstreamAction.STOP:
        return UpstreamActed(upstream=name, action=action, sessions=len(pools))
    if action is UpstreamAction.START or not pools:
        async with api.session(acting(request, None), DASHBOARD_SESSION) as session:
            pools = [session.pool]
    for pool in pools:
        await pool.start(name)
    return UpstreamActed(upstream=name, action=action, sessions=len(pools))


def _visible(request: Request, told: Overview) -> Overview:
    """Return the overview as far as the sender may see it."""
    if is_admin(request):
        return told
    own = user_of(request)
    sessions = tuple(one for one in told.sessions if one.who.user == own)
    known = {one.who.session for one in sessions}
    misses = tuple(miss for miss in told.misses if miss.session in known)
    return dataclasses.replace(told, sessions=sessions, misses=misses)


async def _overviews(watch: JournalWatch, request: Request) -> AsyncGenerator[dict[str, str]]:
    told = -1
    while True:
        now = await anyio.to_thread.run_sync(watch.overview)
        if now.entries != told:
            told = now.entries
            yield {"event": "overview", "data": json.dumps(dataclasses.asdict(_visible(request, now)))}
        await anyio.sleep(POLL_SECONDS)
