"""Which authorization server a server belongs to, and what it can do (RFC 9728, RFC 8414).

Imports the SDK's OAuth client, so it is imported only where a login is made.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from mcp.client.auth.exceptions import OAuthFlowError
from mcp.client.auth.utils import (
    build_oauth_authorization_server_metadata_discovery_urls,
    build_protected_resource_metadata_discovery_urls,
    get_client_metadata_scopes,
    issuers_match,
    union_scopes,
    validate_metadata_issuer,
)
from mcp.shared.auth import DEFAULT_GRANT_TYPES, OAuthMetadata, ProtectedResourceMetadata
from mcp.shared.auth_utils import check_resource_allowed, resource_url_from_server_url
from pydantic import AnyHttpUrl, ValidationError

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.config.upstream_config import UpstreamConfig
from mcp_dynaload.errors import LoginDemand, LoginError
from mcp_dynaload.logins.challenge import demand_in
from mcp_dynaload.logins.login import Login
from mcp_dynaload.logins.web import Web

_PING: Json = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
"""Asked of a server to hear what login it wants: it makes no session."""

_UNAVAILABLE = frozenset({429, *range(500, 600)})
PKCE = "S256"


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """The authorization server of one MCP server."""

    metadata: OAuthMetadata
    resource: str
    """The MCP server as tokens are to name it (RFC 8707)."""

    resource_metadata: ProtectedResourceMetadata | None
    is_described: bool = True
    """It says itself what it can do; otherwise its addresses are those of revision 2025-03-26."""

    @property
    def issuer(self) -> str:
        """Its name."""
        return str(self.metadata.issuer)


async def demand_of_server(web: Web, config: UpstreamConfig) -> LoginDemand:
    """Return the login that the server wants from somebody who has none.

    Raises:
        LoginError: it does not answer.
    """
    headers = {"Accept": "application/json, text/event-stream", **config.headers}
    is_sse = config.transport == "sse"
    answer = await web.challenge("GET" if is_sse else "POST", config.url, None if is_sse else _PING, headers)
    return demand_in(answer.status, answer.headers.get("www-authenticate", "")) or LoginDemand()


async def discover(web: Web, config: UpstreamConfig, demand: LoginDemand, before: Login | None) -> AuthorizationServer:
    """Find the authorization server; of several the one of the login before.

    Raises:
        LoginError: there is none, it cannot be reached, or what is said of it does not fit together.
    """
    described = await _resource_metadata(web, config.url, demand.metadata_url)
    resource = resource_url_from_server_url(config.url)
    if described is not None and not check_resource_allowed(resource, str(described.resource)):
        raise LoginError(f"it describes itself as another server ({described.resource}); check 'url' of its entry")
    if described is not None:
        resource = str(described.resource)
    if config.oauth.metadata_url:
        metadata = await _configured(web, config.oauth.metadata_url)
        return _usable(AuthorizationServer(metadata, resource, described))
    named = _named(described, before)
    metadata = await _server_metadata(web, named, config.url)
    if metadata is None and named is not None:
        raise LoginError(f"its authorization server ({named}) does not describe itself (RFC 8414)")
    if metadata is None:
        return AuthorizationServer(_undescribed(web, config.url), resource, described, is_described=False)
    return _usable(AuthorizationServer(metadata, resource, described))


def asked_scope(config: UpstreamConfig, server: AuthorizationServer, demand: LoginDemand, before: Login | None) -> str:
    """Return the scopes to ask for; a login that allows too little keeps what it allows."""
    pinned = config.oauth.scopes
    chosen = pinned or get_client_metadata_scopes(
        demand.scope or None, server.resource_metadata, server.metadata, DEFAULT_GRANT_TYPES
    )
    wanted = union_scopes(demand.scope if demand.is_step_up else None, before.wanted_scope if before else None)
    if not wanted:
        return chosen or ""
    return union_scopes(union_scopes(before.scope if before else None, chosen), wanted) or ""


async def _resource_metadata(web: Web, url: str, named: str) -> ProtectedResourceMetadata | None:
    failed = 0
    for address in build_protected_resource_metadata_discovery_urls(named or None, url):
        answer = await web.get(address, "description as a protected resource")
        if answer.status in _UNAVAILABLE:
            failed = answer.status
        if answer.status == 200:
            try:
                return ProtectedResourceMetadata.model_validate_json(answer.body)
            except ValidationError:
                continue  # a page for everything that is not there, as some servers have
    if failed:
        # It says nothing about whether there is a description, so no other way may be taken.
        raise LoginError(f"it answered with HTTP {failed} when asked for its authorization server; try again later")
    return None


def _named(described: ProtectedResourceMetadata | None, before: Login | None) -> str | None:
    if described is None:
        return None
    named = [str(url) for url in described.authorization_servers]
    known = [url for url in named if before is not None and issuers_match(url, before.issuer)]
    return (known or named)[0]


async def _server_metadata(web: Web, named: str | None, url: str) -> OAuthMetadata | None:
    expected = named or _origin(url)
    for address in build_oauth_authorization_server_metadata_discovery_urls(named, url):
        metadata = await _metadata_at(web, address)
        if metadata is None:
            continue
        if named is None and issuers_match(str(metadata.issuer), expected):
            expected = str(metadata.issuer)  # with or without the blank path
        try:
            validate_metadata_issuer(metadata, expected)
        except OAuthFlowError:
            raise LoginError(
                f"its authorization server should be {expected} and calls itself {metadata.issuer}; "
                "no login is made with one that takes another's name"
            ) from None
        return metadata
    return None


async def _configured(web: Web, url: str) -> OAuthMetadata:
    metadata = await _metadata_at(web, url)
    if metadata is None:
        raise LoginError(f"'authServerMetadataUrl' of its entry ({url}) is no description of an authorization server")
    if _origin(str(metadata.issuer)) != _origin(url):
        raise LoginError(f"'authServerMetadataUrl' of its entry describes a server elsewhere ({metadata.issuer})")
    return metadata


async def _metadata_at(web: Web, url: str) -> OAuthMetadata | None:
    answer = await web.get(url, "authorization server")
    if answer.status in _UNAVAILABLE:
        raise LoginError(f"its authorization server answered with HTTP {answer.status}; try again later")
    if answer.status != 200:
        return None
    try:
        return OAuthMetadata.model_validate_json(answer.body)
    except ValidationError:
        return None


def _usable(server: AuthorizationServer) -> AuthorizationServer:
    methods = server.metadata.code_challenge_methods_supported
    if methods is not None and PKCE not in methods:
        raise LoginError(f"its authorization server ({server.issuer}) has no PKCE ({PKCE}), without which none is safe")
    return server


def _undescribed(web: Web, url: str) -> OAuthMetadata:
    """Return the addresses that revision 2025-03-26 has for a server that describes nothing."""
    origin = web.checked(_origin(url), "address")
    return OAuthMetadata(
        issuer=AnyHttpUrl(origin),
        authorization_endpoint=AnyHttpUrl(f"{origin}/authorize"),
        token_endpoint=AnyHttpUrl(f"{origin}/token"),
        registration_endpoint=AnyHttpUrl(f"{origin}/register"),
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
