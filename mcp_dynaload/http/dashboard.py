"""The dashboard's files, as they lie in the package; the endpoints' description, and Prometheus' text."""

from importlib.resources import files
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from mcp_dynaload.http.dependencies import exposition_of
from mcp_dynaload.http.errors import NotFoundError
from mcp_dynaload.http.prometheus import CONTENT_TYPE, PrometheusMetrics
from mcp_dynaload.http.routes import PUBLIC, guarded_router, needs
from mcp_dynaload.store.tokens import Scope

TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}

dashboard = guarded_router(PUBLIC, in_schema=False)
"""Empty without the REST endpoints, which ask for a token."""

description = guarded_router(needs(Scope.CONTROL), in_schema=False)
"""The router of the pages that programs read of us."""


@dashboard.get("/")
def page() -> Response:
    """Serve the dashboard."""
    return _file("index.html")


@dashboard.get("/docs")
def docs() -> Response:
    """Describe the REST endpoints, for people."""
    return _file("docs.html")


@dashboard.get("/dashboard/{name}")
def part(name: str) -> Response:
    """Serve one of the dashboard's files."""
    return _file(name)


@description.get("/metrics")
def metrics(prometheus_metrics: Annotated[PrometheusMetrics, Depends(exposition_of)]) -> PlainTextResponse:
    """Give Prometheus what it reads."""
    return PlainTextResponse(prometheus_metrics.text(), media_type=CONTENT_TYPE)


@description.get("/openapi.json")
def openapi(request: Request) -> JSONResponse:
    """Return the REST endpoints' description, for programs, under the path at which they are reached."""
    app: FastAPI = request.app
    schema, root = app.openapi(), str(request.scope.get("root_path", "")).rstrip("/")
    return JSONResponse({**schema, "servers": [{"url": root}]} if root else schema)


def _file(name: str) -> Response:
    folder = files("mcp_dynaload.http") / "static"
    if name not in {file.name for file in folder.iterdir()}:
        raise NotFoundError(f"the dashboard has no file {name!r}")
    kind = TYPES[name.rpartition(".")[2]]
    return Response((folder / name).read_bytes(), media_type=kind, headers={"Cache-Control": "no-cache"})
