"""The program as an authorization server knows it: named by the entry, as it was, by a document, or registered anew.

Imports the SDK's OAuth client, so it is imported only where a login is made.
"""

import json
from dataclasses import dataclass, field, replace
from typing import cast
from urllib.parse import urlsplit

from mcp.client.auth.exceptions import OAuthRegistrationError
from mcp.client.auth.oauth2 import check_registration_usable
from mcp.client.auth.utils import issuers_match, should_use_client_metadata_url
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, TokenEndpointAuthMethod
from pydantic import AnyUrl, ValidationError

from mcp_dynaload.catalog.tool import json_object
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.errors import LoginDemand, LoginError
from mcp_dynaload.logins.discovery import AuthorizationServer
from mcp_dynaload.logins.login import Login, RegisteredClient
from mcp_dynaload.logins.returned import CALLBACK_PATH
from mcp_dynaload.logins.tokens import refusal_of
from mcp_dynaload.logins.web import Web
from mcp_dynaload.machine.loopback import is_loopback

PROGRAM = "mcp-dynaload"
_METHODS = ("none", "client_secret_post", "client_secret_basic")
"""Ways to prove itself that we know, best first: a program on the user's machine can keep no secret."""


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """The login that is wanted, and how the program is known."""

    config: UpstreamConfig
    demand: LoginDemand | None = None
    """None: the server is asked."""

    client_metadata_url: str = ""
    client_secret: str = field(default="", repr=False)


def known_client(
    request: LoginRequest, server: AuthorizationServer, redirect_uri: str, before: Login | None, scope: str
) -> RegisteredClient | None:
    """Return the client that the entry names, or the one that registered itself for a login that still holds.

    Of one whose login is over nobody knows whether the authorization server has forgotten it.

    Raises:
        LoginError: the entry's client has a secret, and the authorization server is not the one that it was for.
    """
    config, secret = request.config, request.client_secret
    if config.oauth.client_id is None:
        return before.client if before is not None and _fits(before, server, redirect_uri, scope) else None
    is_same = before is not None and before.client.client_id == config.oauth.client_id
    kept = before.client.client_secret if is_same and before is not None else ""
    if kept and not secret and before is not None and not issuers_match(before.issuer, server.issuer):
        raise LoginError(
            f"its authorization server was {before.issuer} and is {server.issuer} now, which must not get the "
            f"client's secret; if that is right, run `mcp-dynaload logout {config.name}` and log in again"
        )
    return RegisteredClient(
        client_id=config.oauth.client_id,
        client_secret=secret or kept,
        auth_method=_method(server, has_secret=bool(secret or kept)),
        redirect_uri=redirect_uri,
        is_own=False,
    )


async def registered(
    web: Web, server: AuthorizationServer, redirect_uri: str, document: str, scope: str
) -> RegisteredClient:
    """Return a client by the address of its document, or registered now (RFC 7591).

    Raises:
        LoginError: the authorization server takes neither.
    """
    if document and should_use_client_metadata_url(server.metadata, document):
        return RegisteredClient(client_id=document, redirect_uri=redirect_uri)
    endpoint = server.metadata.registration_endpoint
    if endpoint is None:
        raise LoginError(
            f"its authorization server ({server.issuer}) registers no programs by itself; {_by_hand(redirect_uri)}"
        )
    method = _method(server, has_secret=False)
    wanted = OAuthClientMetadata(
        client_name=PROGRAM,
        redirect_uris=[AnyUrl(redirect_uri)],
        scope=scope or None,
        token_endpoint_auth_method=cast(TokenEndpointAuthMethod, method),
    )
    answer = await web.post(
        str(endpoint), "registration endpoint", document=wanted.model_dump(mode="json", exclude_none=True)
    )
    if answer.status not in (200, 201):
        if not server.is_described and answer.status in (404, 405):
            raise LoginError(
                "it names no authorization server, so nobody can log in to it; check 'headers' of its entry"
            )
        raise LoginError(
            f"its authorization server refused to register us: {refusal_of(answer)}; {_by_hand(redirect_uri)}"
        )
    return replace(_client(answer.body, redirect_uri), scope=scope)


def _client(body: bytes, redirect_uri: str) -> RegisteredClient:
    try:
        given = OAuthClientInformationFull.model_validate(json_object(json.loads(body)))
        check_registration_usable(given)
    except (ValidationError, ValueError, OAuthRegistrationError) as error:
        raise LoginError(
            f"its authorization server registered us in a way that cannot be used; {_by_hand(redirect_uri)}"
        ) from error
    return RegisteredClient(
        client_id=given.client_id,
        client_secret=given.client_secret or "",
        auth_method=given.token_endpoint_auth_method or ("client_secret_basic" if given.client_secret else "none"),
        redirect_uri=redirect_uri,
    )


def _fits(before: Login, server: AuthorizationServer, redirect_uri: str, scope: str) -> bool:
    client = before.client
    return (
        client.is_own
        and before.has_tokens
        and client.redirect_uri == redirect_uri
        and set(scope.split()) <= set(client.scope.split())
        and issuers_match(before.issuer, server.issuer)
    )


def _method(server: AuthorizationServer, *, has_secret: bool) -> str:
    """Return how to prove itself: with the secret if there is one, else as the authorization server wants it."""
    supported = server.metadata.token_endpoint_auth_methods_supported
    if has_secret:
        # RFC 8414: a server that names none takes this one.
        return next((one for one in _METHODS[1:] if one in (supported or ())), "client_secret_basic")
    known = [one for one in _METHODS if supported is None or one in supported]
    return known[0] if known else "none"


def _by_hand(redirect_uri: str) -> str:
    is_local = is_loopback(urlsplit(redirect_uri).hostname or "") and urlsplit(redirect_uri).path == CALLBACK_PATH
    back = f"http://localhost:PORT{CALLBACK_PATH}" if is_local else redirect_uri
    entry = '{"clientId": ID, "callbackPort": PORT}' if is_local else '{"clientId": ID}'
    return (
        f'register a program there by hand, with a redirect to {back}, and put its id into the entry: "oauth": {entry}'
    )
