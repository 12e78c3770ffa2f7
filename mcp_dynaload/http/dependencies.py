"""What a running application has at hand for its routers."""

from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import HTTPConnection

from mcp_dynaload.api.dynaload import Dynaload
from mcp_dynaload.app import Configuration
from mcp_dynaload.http.auth import Access
from mcp_dynaload.http.guard import Guard
from mcp_dynaload.http.mcp_endpoints import Endpoints
from mcp_dynaload.http.prometheus import Exposition
from mcp_dynaload.proxy.server import Front
from mcp_dynaload.telemetry.journal_overview import JournalWatch


@dataclass(frozen=True, slots=True)
class Serving:
    """From the application's start to its end."""

    configuration: Configuration
    front: Front
    endpoints: Endpoints
    api: Dynaload
    watch: JournalWatch
    exposition: Exposition
    access: Access
    guard: Guard


def serving_of(app: FastAPI) -> Serving:
    """What an application serves with, once it has started."""
    serving: object = app.state.serving
    assert isinstance(serving, Serving)
    return serving


def serving(request: HTTPConnection) -> Serving:
    """The same as a dependency of a router's functions: `Annotated[Serving, Depends(serving)]`."""
    return serving_of(request.app)


def api_of(request: HTTPConnection) -> Dynaload:
    """The Python API over the same front, as a dependency."""
    return serving_of(request.app).api


def watch_of(request: HTTPConnection) -> JournalWatch:
    """What the journal says, as a dependency."""
    return serving_of(request.app).watch


def exposition_of(request: HTTPConnection) -> Exposition:
    """The metrics of this process, as a dependency."""
    return serving_of(request.app).exposition
