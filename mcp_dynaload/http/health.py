"""The answers to load balancers and supervisors."""

from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel

from mcp_dynaload.http.dependencies import ServiceState, serving
from mcp_dynaload.http.routes import PUBLIC, guarded_router

health = guarded_router(PUBLIC, tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The answer whether new sessions are taken."""

    status: Literal["ready", "draining"]
    sessions: int


@health.get("/healthz")
async def is_alive() -> Alive:
    """Answer that the process is alive."""
    return Alive()


@health.get("/readyz", responses={503: {"model": Readiness, "description": "It is shutting down"}})
async def is_ready(state: Annotated[ServiceState, Depends(serving)], response: Response) -> Readiness:
    """Answer whether new sessions are taken; 503 while shutting down."""
    if state.endpoints.is_draining:
        response.status_code = 503
    return Readiness(
        status="draining" if state.endpoints.is_draining else "ready", sessions=state.endpoints.open_sessions
    )
