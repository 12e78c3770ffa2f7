"""Tokens of an OAuth 2.1 issuer, for which this service is a protected resource."""

import math
import time
from collections.abc import Mapping
from typing import Any, cast

import anyio
import anyio.to_thread
import httpx2
import jwt
import structlog
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.routes import create_protected_resource_routes
from pydantic import AnyHttpUrl
from starlette.routing import Route

from mcp_dynaload.catalog.tool import json_object
from mcp_dynaload.config.settings import Settings
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.store.tokens import Scope

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
"""Signatures that only the issuer can make; none with a shared secret."""

ISSUER_SECONDS = 5.0
INTROSPECTED_SECONDS = 30.0
"""How long an introspected token is not asked about again."""

MAX_INTROSPECTED = 10_000

ISSUER_THREADS = 8
"""Look-ups at a time: an issuer that does not answer holds up nothing else."""

ODD_CLAIMS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""The errors that the library lets through for a header or claim of another type than it expects."""

log = structlog.get_logger()


class SignedTokens:
    """A verifier of JWTs by the issuer's published keys."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = settings.oauth_issuer
        self._resource = settings.oauth_resource
        self._keys = jwt.PyJWKClient(settings.oauth_jwks_url, timeout=ISSUER_SECONDS)
        self._threads = anyio.CapacityLimiter(ISSUER_THREADS)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return a token's claims, if it is the issuer's, not expired, and for us."""
        try:
            claims = await anyio.to_thread.run_sync(self._claims, token, limiter=self._threads)
        except (jwt.PyJWTError, *ODD_CLAIMS) as error:  # a wrong token, or an issuer that does not answer
            log.info("token_refused", reason=type(error).__name__)
            return None
        return access_of(claims)

    def _claims(self, token: str) -> Mapping[str, Any]:
        key = self._keys.get_signing_key_from_jwt(token)
        return jwt.decode(
            token,
            key,
            algorithms=list(ALGORITHMS),
            audience=self._resource,
            issuer=self._issuer,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )


class IntrospectedTokens:
    """A verifier that asks the issuer about each token."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, tuple[float, AccessToken]] = {}

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the issuer's answer about a token, if it is active and for us."""
        asked_at, known = self._known.pop(token, (float("-inf"), None))
        if known is None or anyio.current_time() - asked_at > INTROSPECTED_SECONDS:
            asked_at, known = anyio.current_time(), await self._ask(token)
        if known is not None and (known.expires_at or 0) > time.time():
            self._known[token] = asked_at, known
            if len(self._known) > MAX_INTROSPECTED:
                del self._known[next(iter(self._known))]
            return known
        return None

    async def _ask(self, token: str) -> AccessToken | None:
        settings = self._settings
        secret = (settings.oauth_client_id, settings.oauth_client_secret) if settings.oauth_client_id else None
        try:
            async with httpx2.AsyncClient(auth=secret, timeout=ISSUER_SECONDS) as http:
                answer = await http.post(settings.oauth_introspection_url, data={"token": token})
                answer.raise_for_status()
                said = json_object(answer.json())
        except (httpx2.HTTPError, ValueError) as error:
            log.warning("issuer_unavailable", error=type(error).__name__, consequence="the token is refused")
            return None
        audience = said.get("aud")
        audiences: list[str] = cast("list[str]", audience) if isinstance(audience, list) else [str(audience)]
        is_ours = settings.oauth_resource in audiences and said.get("iss") == settings.oauth_issuer
        return access_of(said) if said.get("active") is True and is_ours else None


def issuer_of(settings: Settings) -> SignedTokens | IntrospectedTokens | None:
    """Return the verifier that the settings ask for; None where no issuer is named.

    Raises:
        ConfigError: Only some of the settings are there.
    """
    if not settings.oauth_issuer:
        return None
    if not settings.oauth_resource:
        raise ConfigError("oauth_issuer needs oauth_resource: the address of this service's /mcp as clients know it")
    if settings.oauth_jwks_url:
        return SignedTokens(settings)
    if settings.oauth_introspection_url:
        return IntrospectedTokens(settings)
    raise ConfigError("oauth_issuer needs oauth_jwks_url or oauth_introspection_url: how its tokens are verified")


def metadata_routes(settings: Settings) -> list[Route]:
    """Return the routes at which clients find the issuer (RFC 9728)."""
    if not settings.oauth_issuer:
        return []
    return create_protected_resource_routes(
        AnyHttpUrl(settings.oauth_resource), [AnyHttpUrl(settings.oauth_issuer)], [*map(str, Scope)], "mcp-dynaload"
    )


def access_of(claims: Mapping[str, object]) -> AccessToken | None:
    """Return the access that claims give, if they name somebody; an issuer may put anything into them."""
    subject, expires_at = claims.get("sub"), claims.get("exp")
    if not isinstance(subject, str) or not subject:
        return None
    return AccessToken(
        token="",
        client_id=subject,
        scopes=_scopes(claims.get("scope", claims.get("scp"))),
        expires_at=_time(expires_at),
        subject=subject,
        claims={"iss": claims.get("iss")},
    )


def _time(said: object) -> int | None:
    return int(said) if isinstance(said, int | float) and math.isfinite(said) else None


def _scopes(said: object) -> list[str]:
    """Return our scopes among the token's, with those they include; none if it says nothing that could be scopes."""
    named = said.split() if isinstance(said, str) else cast("list[object]", said) if isinstance(said, list) else []
    granted = {str(included) for scope in Scope if scope in named for included in scope.included}
    return sorted(granted)
