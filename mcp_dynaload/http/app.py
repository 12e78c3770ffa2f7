"""The ASGI application: MCP over streamable HTTP and SSE, and what load balancers ask; REST routers go in here."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from functools import partial

import anyio
from fastapi import FastAPI
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from mcp_dynaload.api.dynaload import open_api
from mcp_dynaload.api.options import Options, without_client
from mcp_dynaload.app import log_problems, open_proxy
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.configuration import Configuration, read_configuration
from mcp_dynaload.http import wrong_tokens as failures
from mcp_dynaload.http.auth import Access
from mcp_dynaload.http.dashboard import dashboard, description
from mcp_dynaload.http.dashboard_api import watching
from mcp_dynaload.http.demo_runs import PlayedRuns, demo_runs
from mcp_dynaload.http.dependencies import ServiceState, serving_of
from mcp_dynaload.http.errors import tell_errors
from mcp_dynaload.http.guard import Guard
from mcp_dynaload.http.health import health
from mcp_dynaload.http.host_guard import HostGuard
from mcp_dynaload.http.mcp_endpoints import MESSAGES_PATH, Endpoints, open_endpoints
from mcp_dynaload.http.oauth import issuer_of, metadata_routes
from mcp_dynaload.http.prometheus import PrometheusMetrics
from mcp_dynaload.http.quarantine import held_definitions
from mcp_dynaload.http.rate_limit import open_rates
from mcp_dynaload.http.rest import rest
from mcp_dynaload.http.routes import GuardedDefault, GuardedRoute, check_declared
from mcp_dynaload.http.user_logins import user_logins as user_logins_router
from mcp_dynaload.http.user_logins import user_logins_of
from mcp_dynaload.http.warm_up import prepare
from mcp_dynaload.machine.logs import set_up_logs
from mcp_dynaload.proxy.process_snapshot import ProcessKind
from mcp_dynaload.proxy.session_control import open_control
from mcp_dynaload.store.backends import open_journal_store, open_tokens
from mcp_dynaload.store.session_counts import open_session_counts
from mcp_dynaload.store.tokens import Scope
from mcp_dynaload.telemetry.journal_overview import JournalWatch
from mcp_dynaload.version import __version__


def create_app(configuration: Configuration | None = None) -> FastAPI:
    """Create the application; without a configuration it reads one as `mcp-dynaload serve` does, from the environment.

    While it runs, `app.state.serving` holds the proxy server with its sessions and what they share, for all routers.

    Raises:
        ConfigError: The settings are wrong.
        UndeclaredRouteError: A route does not say which scope opens it.
    """
    chosen = configuration or read_configuration(os.environ)
    if configuration is None:
        set_up_logs(chosen.settings.log_level, chosen.locations.logs_dir, to_stderr=True, masker=chosen.masker)

    settings, issuer = chosen.settings, issuer_of(chosen.settings)
    open_user_logins = user_logins_of(chosen)

    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncGenerator[None]:
        check_declared(app.routes)  # once more: others may have added some
        log_problems(chosen)
        headless = replace(chosen, environ=without_client(chosen.environ))  # a client's environment comes with it
        url = settings.store_url
        with (
            open_tokens(url, chosen.locations.database_file, chosen.locations.tokens_mark_file) as tokens,
            open_rates(url, settings.rate_limit_per_minute) as rates,
            open_rates(url, failures.MAX_PER_MINUTE) as failing,
            open_session_counts(url) as counts,
            open_user_logins() as user_logins,
        ):
            access = Access(tokens, issuer, rates, failures.WrongTokens(failing), user_logins is not None)
            await access.are_required()
            async with (
                _watch(chosen) as watch,
                open_proxy(headless, is_service=True, user_logins=user_logins) as proxy,
                open_control(proxy, chosen.locations.processes_dir, ProcessKind.SERVICE),
                open_endpoints(proxy, settings, counts) as endpoints,
                open_api(headless, proxy, Options()) as api,
                anyio.create_task_group() as tasks,
            ):
                prometheus_metrics = PrometheusMetrics()
                proxy.shared.event_bus.observe(prometheus_metrics)
                app.state.demo_runs = PlayedRuns(tasks)
                app.state.serving = ServiceState(
                    chosen,
                    proxy,
                    endpoints,
                    api,
                    watch,
                    prometheus_metrics,
                    access,
                    Guard(settings, access),
                    user_logins,
                )
                tasks.start_soon(prepare, chosen, proxy.live, user_logins)
                yield
                tasks.cancel_scope.cancel()

    app = FastAPI(
        title="mcp-dynaload",
        version=__version__,
        lifespan=run,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # it is a route of `description`, declared like the others
        redirect_slashes=False,
    )
    _put_together(app, settings)
    tell_errors(app, chosen.masker)
    return app


def _put_together(app: FastAPI, settings: Settings) -> None:
    """Give the application all its routes, and the guards before them."""
    routers = (health, rest, demo_runs, watching, held_definitions, user_logins_router, description, dashboard)
    # The routes themselves, not the routers: what answers is what was declared.
    app.router.routes += [*_mcp_routes(settings), *(route for router in routers for route in router.routes)]
    app.router.default = GuardedDefault(app.router.default)
    check_declared(app.routes)
    app.add_middleware(HostGuard, settings=settings)


def _mcp_routes(settings: Settings) -> list[GuardedRoute]:
    """Return the routes of MCP itself, with and without a slash at the end, and of its issuer's metadata."""
    mcp = _Endpoint(lambda endpoints: endpoints.mcp)
    sse = _Endpoint(lambda endpoints: endpoints.sse)
    messages = _Endpoint(lambda endpoints: endpoints.post_message)
    return [
        *(GuardedRoute(path, mcp, Scope.USE, ["GET", "POST", "DELETE"]) for path in ("/mcp", "/mcp/")),
        *(GuardedRoute(path, sse, Scope.USE, ["GET"]) for path in ("/sse", "/sse/")),
        GuardedRoute(MESSAGES_PATH, messages, Scope.USE, ["POST"]),
        *(GuardedRoute(route.path, route.app, None, route.methods) for route in metadata_routes(settings)),
    ]


@asynccontextmanager
async def _watch(configuration: Configuration) -> AsyncGenerator[JournalWatch]:
    settings, file = configuration.settings, configuration.locations.journal_file
    days, rows = settings.journal_days, settings.journal_rows
    opening = partial(open_journal_store, settings.store_url, file, days, rows)
    with closing(JournalWatch(opening, settings.metrics_collection_enabled)) as watch:
        yield watch


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """An endpoint of the running application; an object, because a route takes a function for one of a request."""

    pick: Callable[[Endpoints], Callable[[AsgiScope, Receive, Send], Awaitable[None]]]

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        await self.pick(serving_of(scope["app"]).endpoints)(scope, receive, send)
