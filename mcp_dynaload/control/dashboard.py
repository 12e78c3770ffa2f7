"""The dashboard's files, as they lie in the package, and Prometheus' text."""

from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import PlainTextResponse

from mcp_dynaload.control.exposition import CONTENT_TYPE, Exposition
from mcp_dynaload.control.problems import NotFoundError
from mcp_dynaload.control.state import exposition_of

TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}

dashboard = APIRouter(include_in_schema=False)


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


@dashboard.get("/metrics")
def metrics(exposition: Annotated[Exposition, Depends(exposition_of)]) -> PlainTextResponse:
    """What Prometheus reads."""
    return PlainTextResponse(exposition.text(), media_type=CONTENT_TYPE)


def _file(name: str) -> Response:
    folder = files("mcp_dynaload.control") / "static"
    if name not in {file.name for file in folder.iterdir()}:
        raise NotFoundError(f"the dashboard has no file {name!r}")
    kind = TYPES[name.rpartition(".")[2]]
    return Response((folder / name).read_bytes(), media_type=kind, headers={"Cache-Control": "no-cache"})
