"""Who sends a request: tokens of ours and an issuer's, and whose name it may act in."""

from dataclasses import dataclass
from typing import Protocol

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.authentication import AuthCredentials, BaseUser, UnauthenticatedUser
from starlette.requests import HTTPConnection

from mcp_dynaload.http.errors import NotAllowedError
from mcp_dynaload.http.rate_limit import RateLimit
from mcp_dynaload.http.wrong_tokens import WrongTokens
from mcp_dynaload.logins.user_logins import MADE_AT
from mcp_dynaload.machine.loopback import is_loopback
from mcp_dynaload.proxy.client import user_of
from mcp_dynaload.store.tokens import PREFIX, Scope, TokenStore


class Verifier(Protocol):
    """A verifier of the tokens of an issuer."""

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return a token's claims, if it is valid and for us."""
        ...


@dataclass(slots=True)
class Access:
    """The decision about who a request comes from."""

    tokens: TokenStore
    issuer: Verifier | None
    rates: RateLimit
    failures: WrongTokens
    _are_required: bool = False

    async def are_required(self) -> bool:
        """Return whether tokens are required; once there were any, losing or revoking them opens nothing.

        While nobody can tell they are, too, but no longer than that.
        """
        if self._are_required or self.issuer is not None:
            return True
        were_made = await self.tokens.were_made()
        self._are_required = self._are_required or were_made is True
        return self._are_required or were_made is None

    async def identify(self, connection: HTTPConnection) -> tuple[BaseUser, AuthCredentials] | None:
        """Return the sender and its scopes; None if it has to show a token.

        Raises:
            StoreAwayError: Nobody can tell whether its token is one.
        """
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
            token="",
            client_id=record.name,
            scopes=[*map(str, record.scope.included)],
            subject=record.name,
            claims={MADE_AT: record.created_at},
        )

    async def _issued(self, token: str) -> AccessToken | None:
        return await self.issuer.verify_token(token) if self.issuer else None


def bearer_token(connection: HTTPConnection) -> str:
    """Return the token of a request, if it has one."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def acting(connection: HTTPConnection, given: str | None) -> str | None:
    """Return who acts: the token's user, or the one that the request names, for which a token must be an admin's.

    Raises:
        NotAllowedError: It names somebody else.
    """
    own = user_of(connection)
    if not own or given in (None, "", own):
        return own or given
    if not is_admin(connection):
        raise NotAllowedError(
            f"the token is {own!r}'s: to act for {given!r} takes one with the scope {str(Scope.ADMIN)!r}"
        )
    return given


def is_admin(connection: HTTPConnection) -> bool:
    """Return whether the sender may see and do all: by its token, or because none is asked for."""
    return Scope.ADMIN in connection.auth.scopes


def _comes_from_here(connection: HTTPConnection) -> bool:
    """Return whether the sender, and everybody for whom it passes the request on, is on this machine."""
    passed_on_for = connection.headers.get("x-forwarded-for", "").split(",")
    senders = [address.strip() for address in passed_on_for if address.strip()]
    senders.append(connection.client.host if connection.client else "")
    return "forwarded" not in connection.headers and all(is_loopback(sender) for sender in senders)
