"""The dashboard's files, as they lie in the package; the endpoints' description, and Prometheus' text."""

from importlib.resources import files
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from mcp_dynaload.http.dependencies import exposition_of
from mcp_dynaload.http.errors import NotFoundError
from mcp_dynaload.http.prometheus import CONTENT_TYPE, Exposition
from mcp_dynaload.http.routes import PUBLIC, guarded_router, needs
from mcp_dynaload.store.tokens import Scope

TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}

dashboard = guarded_router(PUBLIC, in_schema=False)
"""Empty without the REST endpoints, which ask for a token."""

description = guarded_router(needs(Scope.CONTROL), in_schema=False)
"""What programs read of us."""


@dashboard.get("/")
def page() -> Response:
    """The dashboard."""
    return _file("index.html")


@dashboard.get("/docs")
def docs() -> Response:
    """The REST endpoints, for people."""
    return _file("docs.html")


@dashboard.get("/dashboard/{name}")
def part(name: str) -> Response:
    """A file of its."""
    return _file(name)


@description.get("/metrics")
def metrics(exposition: Annotated[Exposition, Depends(exposition_of)]) -> PlainTextResponse:
    """What Prometheus reads."""
    return PlainTextResponse(exposition.text(), media_type=CONTENT_TYPE)


@description.get("/openapi.json")
def openapi(request: Request) -> JSONResponse:
    """The REST endpoints, for programs, under the path at which they are reached."""
    app: FastAPI = request.app
    schema, root = app.openapi(), str(request.scope.get("root_path", "")).rstrip("/")
    return JSONResponse({**schema, "servers": [{"url": root}]} if root else schema)


def _file(name: str) -> Response:
    folder = files("mcp_dynaload.http") / "static"
    if name not in {file.name for file in folder.iterdir()}:
        raise NotFoundError(f"the dashboard has no file {name!r}")
    kind = TYPES[name.rpartition(".")[2]]
    return Response((folder / name).read_bytes(), media_type=kind, headers={"Cache-Control": "no-cache"})
