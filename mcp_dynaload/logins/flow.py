"""A login from its begin to its end: found out, asked of the user, brought back, exchanged for tokens, kept.

Imports the SDK's OAuth client, so it is imported only where a login is made.
"""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import anyio
from mcp.client.auth.exceptions import OAuthFlowError
from mcp.client.auth.oauth2 import PKCEParameters
from mcp.client.auth.utils import validate_authorization_response_iss
from mcp.shared.auth import OAuthMetadata

from mcp_dynaload.errors import LoginDemand, LoginError
from mcp_dynaload.logins.callback import CallbackListener, open_listener
from mcp_dynaload.logins.discovery import AuthorizationServer, asked_scope, demand_of_server, discover
from mcp_dynaload.logins.keeper import LoginKeeper
from mcp_dynaload.logins.login import Login, LoginKey, RegisteredClient, key_of
from mcp_dynaload.logins.registration import LoginRequest, known_client, registered
from mcp_dynaload.logins.returned import Returned, read_pasted, read_returned, redirect_uri
from mcp_dynaload.logins.tokens import CodeGrant, exchanged
from mcp_dynaload.logins.web import Web

LOGIN_SECONDS = 300.0
"""For the user to log in: passwords are looked up, telephones unlocked. Nothing waits longer."""

_OFFLINE = "offline_access"
"""The scope for which OpenID Connect wants the user's consent each time."""


@dataclass(frozen=True, slots=True)
class BegunLogin:
    """A login whose page is to be opened: all that is needed to finish it, wherever it comes back."""

    login: Login
    """The login to be, without tokens."""

    asked: str
    """The scopes that are asked for."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)
    metadata: str = field(repr=False)
    """The authorization server's description of itself, by which what comes back is checked."""


@dataclass(frozen=True, slots=True)
class FoundServer:
    """The authorization server for a login that is wanted."""

    request: LoginRequest
    before: Login | None
    """The login that there was."""

    demand: LoginDemand
    server: AuthorizationServer
    web: Web


@dataclass(slots=True)
class PendingLogin:
    """A login that waits for the user; made by `open_login`."""

    url: str
    """The page that the user must open."""

    _begun: BegunLogin
    _key: LoginKey
    _listener: CallbackListener
    _store: LoginKeeper

    @property
    def issuer(self) -> str:
        """The authorization server whose page it is."""
        return self._begun.login.issuer

    def paste(self, text: str) -> None:
        """Take the address, or the code, that the user has pasted.

        Raises:
            LoginError: it does not belong to this login; another may be pasted.
        """
        self._listener.take(read_pasted(text, self._begun.state))

    async def wait(self) -> Login:
        """Return the login when it has come back, been exchanged for tokens and been kept.

        Raises:
            LoginError: it was refused, did not come back in time, or brought no token.
            StoreError: it cannot be kept.
        """
        with anyio.move_on_after(LOGIN_SECONDS):
            await self._listener.arrived.wait()
        if (refusal := self._listener.refusal) is not None:
            raise refusal
        if (returned := self._listener.returned) is None:
            raise LoginError(f"the login did not come back within {LOGIN_SECONDS / 60:g} minutes")
        return await finished_login(self._key, self._begun, returned, self._store)


@asynccontextmanager
async def open_login(request: LoginRequest, store: LoginKeeper) -> AsyncGenerator[PendingLogin]:
    """Begin a login that comes back to this machine: at exit nothing listens for it any more.

    Raises:
        LoginError: the server takes no login, or none that can be made here.
        StoreError: what is kept cannot be read.
    """
    config, state = request.config, secrets.token_urlsafe(32)
    found = await find_server(request, store)
    async with open_listener(
        config.oauth.callback_port, _port_of(found.before), lambda target: read_returned(target, state)
    ) as listener:
        url, begun = await begun_login(found, redirect_uri(listener.port), state)
        yield PendingLogin(url, begun, key_of(config), listener, store)


async def find_server(request: LoginRequest, store: LoginKeeper) -> FoundServer:
    """Find out where a login is to be made.

    Raises:
        LoginError: the server takes no login, or none that can be made here.
        StoreError: what is kept cannot be read.
    """
    config = request.config
    web, before = Web(config.url), await store.read(key_of(config))
    demand = request.demand or await demand_of_server(web, config)
    return FoundServer(request, before, demand, await discover(web, config, demand, before), web)


async def begun_login(found: FoundServer, back: str, state: str) -> tuple[str, BegunLogin]:
    """Return the address of the page for the user, and what finishes the login when it has come back to an address.

    Raises:
        LoginError: the authorization server knows us not, and does not want to.
    """
    request, server, before, web = found.request, found.server, found.before, found.web
    scope, pkce = asked_scope(request.config, server, found.demand, before), PKCEParameters.generate()
    client = known_client(request, server, back, before, scope)
    if client is None:
        client = await registered(web, server, back, request.client_metadata_url, scope)
    url = web.checked(str(server.metadata.authorization_endpoint), "authorization endpoint")
    metadata = server.metadata.model_dump_json(exclude_none=True)
    begun = BegunLogin(_login_to_be(client, server, web), scope, state, pkce.code_verifier, metadata)
    return _with_query(url, _asked(client, server, scope, state, pkce.code_challenge)), begun


async def finished_login(key: LoginKey, begun: BegunLogin, returned: Returned, store: LoginKeeper) -> Login:
    """Return the login that has come back, exchanged for tokens and kept.

    Raises:
        LoginError: it brought no token, or comes from another authorization server.
        StoreError: it cannot be kept.
    """
    _check_issuer(begun, returned)
    login = await exchanged(Web(key.url), begun.login, CodeGrant(returned.code, begun.verifier), begun.asked)
    async with store.alone(key):
        await store.write(key, login)
    return login


def _check_issuer(begun: BegunLogin, returned: Returned) -> None:
    """Refuse an answer of another authorization server (RFC 9207)."""
    try:
        validate_authorization_response_iss(returned.iss, OAuthMetadata.model_validate_json(begun.metadata))
    except OAuthFlowError:
        if returned.iss is None:
            said = "the login came back without the name of its authorization server; if you pasted a code, paste the"
            raise LoginError(f"{said} whole address instead") from None
        said = f"the login came back from another authorization server than {begun.login.issuer}"
        raise LoginError(f"{said}; nothing was sent to it") from None


def _login_to_be(client: RegisteredClient, server: AuthorizationServer, web: Web) -> Login:
    metadata = server.metadata
    ends = metadata.revocation_endpoint
    return Login(
        issuer=server.issuer,
        token_endpoint=web.checked(str(metadata.token_endpoint), "token endpoint"),
        revocation_endpoint=web.checked(str(ends), "revocation endpoint") if ends else "",
        resource=server.resource,
        client=client,
    )


def _asked(
    client: RegisteredClient, server: AuthorizationServer, scope: str, state: str, challenge: str
) -> dict[str, str]:
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "resource": server.resource,
    }
    if scope:
        asked["scope"] = scope
    if _OFFLINE in scope.split():
        asked["prompt"] = "consent"
    return asked


def _with_query(url: str, asked: dict[str, str]) -> str:
    """Return the address with these parameters behind those that it has."""
    parts = urlsplit(url)
    return parts._replace(query="&".join(part for part in (parts.query, urlencode(asked)) if part)).geturl()


def _port_of(before: Login | None) -> int | None:
    return urlsplit(before.client.redirect_uri).port if before is not None else None
