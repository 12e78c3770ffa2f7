"""Routes that say which scope opens them; one that does not say it cannot be made."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, params
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.http.dependencies import serving_of
from mcp_dynaload.http.errors import UNFIT
from mcp_dynaload.http.request_body import take_json, take_message
from mcp_dynaload.store.tokens import Scope


class UndeclaredRouteError(DynaloadError):
    """A route does not say who may use it."""


@dataclass(frozen=True, slots=True)
class Need:
    """The scope that opens a route, declared with it; None: it is open to everybody."""

    scope: Scope | None

    async def __call__(self, connection: HTTPConnection) -> None:
        """Be a dependency: the guard has looked before anything of the request was read."""
        assert self.scope is None or self.scope in connection.auth.scopes


def needs(scope: Scope) -> Any:
    """Declare a router or a route: `dependencies=[needs(Scope.CONTROL)]`; of several the strongest counts."""
    return Depends(Need(scope))


PUBLIC: Any = Depends(Need(None))
"""Declares what is open to everybody: load balancers, browsers that get the empty dashboard."""


class GuardedApiRoute(APIRoute):
    """A route of a router that is made with `guarded_router`."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Make it.

        Raises:
            UndeclaredRouteError: Neither it nor its router has `needs(…)` or `PUBLIC` among its dependencies.
        """
        super().__init__(path, endpoint, **options)
        self.need = _declared(path, self.dependencies)

    async def handle(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer whom the scope allows."""
        take = take_json if scope["method"] in (self.methods or ()) else None
        await serving_of(scope["app"]).guard.serve(
            super().handle, scope, receive, send, needed=self.need.scope, take=take
        )


class GuardedRoute(Route):
    """A route to an ASGI application that takes JSON-RPC messages, if it takes anything."""

    def __init__(self, path: str, app: ASGIApp, need: Scope | None, methods: Collection[str] | None = None) -> None:
        super().__init__(path, app, methods=methods, include_in_schema=False)
        if methods is not None and self.methods is not None:
            self.methods.intersection_update(methods)  # HEAD is no GET here: it would begin a stream
        self.need = Need(need)

    async def handle(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer whom the scope allows."""
        take = take_message if self.methods is None or scope["method"] in self.methods else None
        await serving_of(scope["app"]).guard.serve(
            super().handle, scope, receive, send, needed=self.need.scope, take=take
        )


@dataclass(frozen=True, slots=True)
class GuardedDefault:
    """An answer where there is no route: strangers are not told that."""

    app: ASGIApp

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer whom the least scope of the REST endpoints allows."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await serving_of(scope["app"]).guard.serve(self.app, scope, receive, send, needed=Scope.CONTROL, take=None)


def guarded_router(*needed: Any, prefix: str = "", tags: Sequence[str] = (), in_schema: bool = True) -> APIRouter:
    """Make a router whose routes are declared with what is given, or each for itself."""
    return APIRouter(
        prefix=prefix,
        tags=list(tags),
        dependencies=list(needed),
        include_in_schema=in_schema,
        responses=UNFIT,
        route_class=GuardedApiRoute,
    )


def check_declared(routes: Sequence[BaseRoute]) -> None:
    """See that every route is one of ours.

    Raises:
        UndeclaredRouteError: One is not.
    """
    for route in routes:
        if not isinstance(route, GuardedApiRoute | GuardedRoute):
            raise UndeclaredRouteError(f"{route!r} does not say which scope opens it: make it with guarded_router")


def _declared(path: str, dependencies: Sequence[params.Depends]) -> Need:
    needs = [depends.dependency for depends in dependencies if isinstance(depends.dependency, Need)]
    if not needs:
        raise UndeclaredRouteError(f"{path!r} does not say which scope opens it: give it needs(Scope.…) or PUBLIC")
    return max(needs, key=lambda need: len(need.scope.included) if need.scope else 0)
