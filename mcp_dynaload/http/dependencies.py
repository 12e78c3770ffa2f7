"""The objects that a running application gives its routers."""

from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import HTTPConnection

from mcp_dynaload.api.dynaload import Dynaload
from mcp_dynaload.configuration import Configuration
from mcp_dynaload.http.auth import Access
from mcp_dynaload.http.guard import Guard
from mcp_dynaload.http.mcp_endpoints import Endpoints
from mcp_dynaload.http.prometheus import PrometheusMetrics
from mcp_dynaload.logins.user_logins import UserLogins
from mcp_dynaload.proxy.server import ProxyServer
from mcp_dynaload.telemetry.journal_overview import JournalWatch


@dataclass(frozen=True, slots=True)
class ServiceState:
    """The state of a service, from the application's start to its end."""

    configuration: Configuration
    proxy: ProxyServer
    endpoints: Endpoints
    api: Dynaload
    watch: JournalWatch
    prometheus_metrics: PrometheusMetrics
    access: Access
    guard: Guard
    user_logins: UserLogins | None = None
    """The logins of its users; None: all use the service's own."""


def serving_of(app: FastAPI) -> ServiceState:
    """Return the state with which an application serves, once it has started."""
    serving: object = app.state.serving
    assert isinstance(serving, ServiceState)
    return serving


def serving(request: HTTPConnection) -> ServiceState:
    """Return the same as a dependency of a router's functions: `Annotated[ServiceState, Depends(serving)]`."""
    return serving_of(request.app)


def api_of(request: HTTPConnection) -> Dynaload:
    """Return the Python API over the same proxy server, as a dependency."""
    return serving_of(request.app).api


def watch_of(request: HTTPConnection) -> JournalWatch:
    """Return the watch of the journal, as a dependency."""
    return serving_of(request.app).watch


def exposition_of(request: HTTPConnection) -> PrometheusMetrics:
    """Return the metrics of this process, as a dependency."""
    return serving_of(request.app).prometheus_metrics
