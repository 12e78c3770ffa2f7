"""Who may do what: tokens of ours and an issuer's, and the scope that a path needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from fastapi import Depends, HTTPException
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.authentication import AuthCredentials, BaseUser, UnauthenticatedUser
from starlette.requests import HTTPConnection

from mcp_dynaload.control.rates import RateLimit
from mcp_dynaload.loopback import is_loopback
from mcp_dynaload.store.tokens import PREFIX, Scope, Tokens

PUBLIC_PATHS = frozenset({"/healthz", "/readyz", "/", "/docs"})
PUBLIC_FOLDERS = ("/.well-known/", "/dashboard/")
"""What needs no token: load balancers, browsers that get the empty dashboard, clients that look for the issuer."""

USE_PATHS = ("/mcp", "/sse", "/messages/")
"""What a token for use opens; all else needs `control` or, where a router says so, more."""


class Verifier(Protocol):
    """Knows the tokens of an issuer."""

    async def verify_token(self, token: str) -> AccessToken | None:
        """What a token says, if it is valid and for us."""
        ...


@dataclass(slots=True)
class Access:
    """Decides who a request comes from."""

    tokens: Tokens
    issuer: Verifier | None
    rates: RateLimit
    _are_required: bool = False

    async def are_required(self) -> bool:
        """Whether there are tokens; once there were, losing them opens nothing."""
        self._are_required = self._are_required or self.issuer is not None or await self.tokens.has_any()
        return self._are_required

    async def identify(self, connection: HTTPConnection) -> tuple[BaseUser, AuthCredentials] | None:
        """The sender and what it may do; None if it has to show a token."""
        token = bearer_token(connection)
        if not token:
            is_open = _comes_from_here(connection) and not await self.are_required()
            return (UnauthenticatedUser(), AuthCredentials(list(Scope))) if is_open else None
        known = await (self._own(token) if token.startswith(PREFIX) else self._issued(token))
        self._are_required = self._are_required or known is not None
        return (AuthenticatedUser(known), AuthCredentials(known.scopes)) if known else None

    async def _own(self, token: str) -> AccessToken | None:
        record = await self.tokens.find(token)
        if record is None:
            return None
        return AccessToken(
            token="", client_id=record.name, scopes=[*map(str, record.scope.included)], subject=record.name
        )

    async def _issued(self, token: str) -> AccessToken | None:
        return await self.issuer.verify_token(token) if self.issuer else None


def bearer_token(connection: HTTPConnection) -> str:
    """The token of a request, if it has one."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def needed_scope(path: str) -> Scope | None:
    """What a path needs at least; None: nothing."""
    if path in PUBLIC_PATHS or path.startswith(PUBLIC_FOLDERS):
        return None
    return Scope.USE if path.startswith(USE_PATHS) else Scope.CONTROL


def needs(scope: Scope) -> Callable[[HTTPConnection], None]:
    """A dependency for routers whose functions need more than their path: `dependencies=[needs(Scope.ADMIN)]`."""

    def check(connection: HTTPConnection) -> None:
        if scope not in connection.auth.scopes:
            raise HTTPException(403, f"this needs a token with the scope {scope!r}")

    return Depends(check)


def _comes_from_here(connection: HTTPConnection) -> bool:
    """Whether the sender is on this machine, and so is everybody for whom it passes the request on."""
    passed_on_for = connection.headers.get("x-forwarded-for", "").split(",")
    senders = [address.strip() for address in passed_on_for if address.strip()]
    senders.append(connection.client.host if connection.client else "")
    return "forwarded" not in connection.headers and all(is_loopback(sender) for sender in senders)
