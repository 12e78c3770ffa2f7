"""An authorization server and MCP servers that it protects, in this process, with the SDK's own server side."""

import json
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from mcp.server import Server
from mcp.server.auth.provider import (
    AccessToken,
    AuthorizationCode,
    AuthorizationParams,
    AuthorizeError,
    OAuthAuthorizationServerProvider,
    ProviderTokenVerifier,
    RefreshToken,
    RegistrationError,
    TokenError,
    construct_redirect_uri,
)
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions, RevocationOptions
from mcp.server.sse import SseServerTransport
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from mcp_types import CallToolResult, ListToolsResult, TextContent, Tool
from pydantic import AnyHttpUrl
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_dynaload.config.upstream_config import Transport
from tests.ports import free_port
from tests.transparency.serving import served

SCOPES = ["read", "admin"]


@dataclass
class Issuer(OAuthAuthorizationServerProvider[AuthorizationCode, RefreshToken, AccessToken]):
    """The authorization server's memory, and how it behaves."""

    lifetime: int = 3600
    """Seconds of an access token, as it says."""

    grants: frozenset[str] | None = None
    """The scopes that it grants at most."""

    refuses_registration: bool = False
    denies: bool = False
    rotates: bool = True
    names_itself: str | None = None
    """The `iss` that it puts into what comes back (RFC 9207)."""

    clients: dict[str, OAuthClientInformationFull] = field(default_factory=dict[str, OAuthClientInformationFull])
    codes: dict[str, AuthorizationCode] = field(default_factory=dict[str, AuthorizationCode])
    access: dict[str, AccessToken] = field(default_factory=dict[str, AccessToken])
    refresh: dict[str, RefreshToken] = field(default_factory=dict[str, RefreshToken])
    spent: set[str] = field(default_factory=set[str])
    asked: list[str] = field(default_factory=list[str])
    """The requests that it got, in order."""

    resources: list[str | None] = field(default_factory=list[str | None])

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self.clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        self.asked.append("register")
        if self.refuses_registration:
            raise RegistrationError("invalid_client_metadata", "not <you>")
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        self.asked.append("authorize")
        self.resources.append(params.resource)
        if self.denies:
            raise AuthorizeError("access_denied", "no")
        scopes = [one for one in params.scopes or [] if self.grants is None or one in self.grants]
        code = AuthorizationCode(
            code=secrets.token_urlsafe(16),
            scopes=scopes,
            expires_at=time.time() + 60,
            client_id=client.client_id,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=True,
            resource=params.resource,
        )
        self.codes[code.code] = code
        return construct_redirect_uri(
            str(params.redirect_uri), code=code.code, state=params.state, iss=self.names_itself
        )

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        self.asked.append("exchange")
        del self.codes[authorization_code.code]
        return self._issue(client.client_id, authorization_code.scopes, authorization_code.resource)

    async def load_refresh_token(self, client: OAuthClientInformationFull, refresh_token: str) -> RefreshToken | None:
        if refresh_token in self.spent:
            self.asked.append("reused")  # for which a strict server ends the whole login
            self.access.clear()
            self.refresh.clear()
        return self.refresh.get(refresh_token)

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        self.asked.append("refresh")
        if self.rotates:
            self.spent.add(refresh_token.token)
            del self.refresh[refresh_token.token]
        return self._issue(client.client_id, scopes, refresh_token.resource)

    async def load_access_token(self, token: str) -> AccessToken | None:
        return self.access.get(token)

    async def revoke_token(self, token: AccessToken | RefreshToken) -> None:
        self.asked.append("revoke")
        self.access.pop(token.token, None)
        self.refresh.pop(token.token, None)

    async def exchange_identity_assertion(self, client: OAuthClientInformationFull, params: Any) -> OAuthToken:
        raise TokenError("unsupported_grant_type")

    def _issue(self, client_id: str, scopes: list[str], resource: str | None) -> OAuthToken:
        access, refresh = f"at-{secrets.token_urlsafe(24)}", f"rt-{secrets.token_urlsafe(24)}"
        self.access[access] = AccessToken(token=access, client_id=client_id, scopes=scopes, resource=resource)
        self.refresh[refresh] = RefreshToken(token=refresh, client_id=client_id, scopes=scopes, resource=resource)
        return OAuthToken(access_token=access, refresh_token=refresh, expires_in=self.lifetime, scope=" ".join(scopes))

    def forget_access(self) -> None:
        """Let every access token have run out, whatever was said of it."""
        self.access.clear()

    def revoke_all(self) -> None:
        """End every login."""
        self.access.clear()
        self.refresh.clear()


@dataclass
class ProtectedServer:
    """A server behind HTTP that wants a login; `admin` wants a scope more than the others."""

    origin: str
    issuer: Issuer
    transport: Transport = "http"
    refuses_in_json_rpc: bool = False
    """It puts an error in JSON-RPC into a refusal, as some servers do."""

    seen: list[str] = field(default_factory=list[str])
    """The `Authorization` of each request, in order."""

    @property
    def url(self) -> str:
        return f"{self.origin}/{'sse' if self.transport == 'sse' else 'mcp'}"


async def _list_tools(context: object, params: object) -> ListToolsResult:
    tools = [Tool(name=name, description=f"Say {name}.", input_schema={"type": "object"}) for name in ("read", "admin")]
    return ListToolsResult(tools=tools)


async def _call_tool(context: object, params: Any) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=f"done: {params.name}")])


def _sse_routes(mcp: Server[Any], issuer: Issuer) -> list[BaseRoute]:
    """Return the same server over the transport of revision 2024-11-05, with a refusal that names nothing."""
    messages = SseServerTransport("/messages/")

    async def connect(request: Request) -> Response:
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in issuer.access:
            return Response("not logged in", 401, {"www-authenticate": "Bearer"})
        streams = messages.connect_sse(request.scope, request.receive, request._send)  # pyright: ignore[reportPrivateUsage]
        async with streams as (read, write):
            await mcp.run(read, write, mcp.create_initialization_options())
        return Response()

    return [Route("/sse", endpoint=connect), Mount("/messages/", app=messages.handle_post_message)]


@dataclass
class _ScopeOfCall:
    """Refuses calls of `admin` to those whose token does not allow it."""

    app: ASGIApp
    server: ProtectedServer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/mcp":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        sent = request.headers.get("authorization", "")
        self.server.seen.append(sent)
        body = await request.body()
        token = self.server.issuer.access.get(sent.removeprefix("Bearer "))
        if b'"admin"' in body and token is not None and "admin" not in token.scopes:
            refusal = 'Bearer error="insufficient_scope", scope="admin"'
            response: Response = JSONResponse({"error": "insufficient_scope"}, 403, {"www-authenticate": refusal})
            await response(scope, receive, send)
            return
        if self.server.refuses_in_json_rpc and token is None:
            error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32001, "message": "Unauthorized"}}
            response = JSONResponse(error, 401, {"www-authenticate": "Bearer"})
            await response(scope, receive, send)
            return
        pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        await self.app(scope, replay, send)


@asynccontextmanager
async def protected(
    issuer: Issuer | None = None, *, transport: Transport = "http", port: int = 0, issuer_url: str = ""
) -> AsyncGenerator[ProtectedServer]:
    """Serve a protected server with the authorization server beside it."""
    port = port or free_port()
    origin = f"http://localhost:{port}"
    server = ProtectedServer(origin, issuer or Issuer(), transport)
    auth = AuthSettings(
        issuer_url=AnyHttpUrl(issuer_url or origin),
        resource_server_url=AnyHttpUrl(server.url),
        required_scopes=["read"],
        validate_token_resource=True,
        client_registration_options=ClientRegistrationOptions(enabled=True, valid_scopes=SCOPES),
        revocation_options=RevocationOptions(enabled=True),
    )
    mcp = Server("protected", on_list_tools=_list_tools, on_call_tool=_call_tool)
    app = mcp.streamable_http_app(
        stateless_http=True,
        json_response=True,
        auth=auth,
        token_verifier=ProviderTokenVerifier(server.issuer),
        auth_server_provider=server.issuer,
    )
    app.router.routes += _sse_routes(mcp, server.issuer)
    async with served(_ScopeOfCall(app, server), port):
        yield server


async def follow(url: str) -> httpx2.Response:
    """Open a page as a browser does whose user is logged in and says yes to everything."""
    async with httpx2.AsyncClient(follow_redirects=True, timeout=5, verify=False) as client:
        return await client.get(url)


async def address_after(url: str) -> str:
    """Return the address to which a browser is sent after the page, without opening it."""
    async with httpx2.AsyncClient(timeout=5, verify=False) as client:
        return (await client.get(url)).headers["location"]


def told(document: object) -> str:
    """Return a text in which every secret that was told would be found."""
    return json.dumps(document, default=str)
