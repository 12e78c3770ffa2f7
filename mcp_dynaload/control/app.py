"""The ASGI application: MCP over streamable HTTP and SSE, and what load balancers ask; REST routers go in here."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from functools import partial

import anyio
from fastapi import FastAPI
from mcp.server.transport_security import RequestBodyLimitMiddleware
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from mcp_dynaload import __version__
from mcp_dynaload.api.dynaload import open_api
from mcp_dynaload.api.options import Options, without_client
from mcp_dynaload.control.access import Access
from mcp_dynaload.control.dashboard import dashboard
from mcp_dynaload.control.demo_runs import Runs, demo_runs
from mcp_dynaload.control.exposition import Exposition
from mcp_dynaload.control.gate import Gate
from mcp_dynaload.control.health import health
from mcp_dynaload.control.journal_watch import JournalWatch
from mcp_dynaload.control.oauth import issuer_of, metadata_routes
from mcp_dynaload.control.preparing import prepare
from mcp_dynaload.control.problems import tell_errors
from mcp_dynaload.control.rest import rest
from mcp_dynaload.control.shared_rates import open_rates
from mcp_dynaload.control.state import Serving, serving_of
from mcp_dynaload.control.watching import watching
from mcp_dynaload.logs import set_up_logs
from mcp_dynaload.runtime import Configuration, log_problems, open_proxy, read_configuration
from mcp_dynaload.server.endpoints import MESSAGES_PATH, Endpoints, open_endpoints
from mcp_dynaload.store.opening import open_journal_store, open_tokens


def create_app(configuration: Configuration | None = None) -> FastAPI:
    """The application; without a configuration it is read as `mcp-dynaload serve` reads it, from the environment.

    While it runs, `app.state.serving` holds the front with its sessions and what they share, for all routers.

    Raises:
        ConfigError: The settings are wrong.
    """
    chosen = configuration or read_configuration(os.environ)
    if configuration is None:
        set_up_logs(chosen.settings.log_level, chosen.locations.logs_dir, to_stderr=True)

    settings, issuer = chosen.settings, issuer_of(chosen.settings)

    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncGenerator[None]:
        log_problems(chosen)
        headless = replace(chosen, environ=without_client(chosen.environ))  # a client's environment comes with it
        url = settings.store_url
        with (
            open_tokens(url, chosen.locations.database_file) as tokens,
            open_rates(url, settings.rate_limit_per_minute) as rates,
        ):
            access = Access(tokens, issuer, rates)
            await access.are_required()
            async with (
                _watch(chosen) as watch,
                open_proxy(headless, is_service=True) as front,
                open_endpoints(front, settings) as endpoints,
                open_api(headless, front, Options()) as api,
                anyio.create_task_group() as tasks,
            ):
                exposition = Exposition()
                front.shared.facts.observe(exposition)
                app.state.demo_runs = Runs(tasks)
                app.state.serving = Serving(chosen, front, endpoints, api, watch, exposition, access)
                tasks.start_soon(prepare, chosen, front.live)
                yield
                tasks.cancel_scope.cancel()

    app = FastAPI(title="mcp-dynaload", version=__version__, lifespan=run, docs_url=None, redoc_url=None)
    app.router.routes += [
        Route("/mcp", _Endpoint(lambda endpoints: endpoints.mcp)),
        Route("/sse", _Endpoint(lambda endpoints: endpoints.sse), methods=["GET"]),
        Route(MESSAGES_PATH, _Endpoint(lambda endpoints: endpoints.post_message)),
        *metadata_routes(settings),
    ]
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=settings.max_request_bytes)
    app.add_middleware(Gate, settings=settings)  # the last one added is the first that a request meets
    app.include_router(health)
    app.include_router(rest)
    app.include_router(demo_runs)
    app.include_router(watching)
    app.include_router(dashboard)
    tell_errors(app)
    return app


@asynccontextmanager
async def _watch(configuration: Configuration) -> AsyncGenerator[JournalWatch]:
    settings, file = configuration.settings, configuration.locations.journal_file
    days, rows = settings.journal_days, settings.journal_rows
    opening = partial(open_journal_store, settings.store_url, file, days, rows)
    with closing(JournalWatch(opening, settings.metrics_collection_enabled)) as watch:
        yield watch


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """One of the running application's endpoints; an object, because a route takes a function for one of a request."""

    pick: Callable[[Endpoints], Callable[[Scope, Receive, Send], Awaitable[None]]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.pick(serving_of(scope["app"]).endpoints)(scope, receive, send)
