"""In front of everything: host and origin, tokens and scopes, rates and bounds, and the headers of every answer."""

import ipaddress
import math
from urllib.parse import urlsplit

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.routes import build_resource_metadata_url
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from pydantic import AnyHttpUrl
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_dynaload.control.access import needed_scope
from mcp_dynaload.control.state import serving_of
from mcp_dynaload.control.streams import answer_while_welcome
from mcp_dynaload.loopback import is_loopback
from mcp_dynaload.settings import Settings

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}

RETRY_AFTER_SECONDS = 1
ANY = "*"


class Gate:
    """ASGI middleware; refuses before anything is read of a body."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._hosts = _listed(settings.allowed_hosts)
        self._origins = _listed(settings.allowed_origins)
        self._answering = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                message = {**message, "headers": headers.raw}
            await send(message)

        refusal = self._foreign(HTTPConnection(scope)) or await self._unwelcome(scope) or self._busy(scope)
        if refusal is not None:
            await refusal(scope, receive, send_secured)
            return
        if scope["method"] == "GET":  # streams stay open, and their sessions are counted
            await self._answer_while_welcome(scope, receive, send_secured)
            return
        self._answering += 1
        try:
            await self._app(scope, receive, send_secured)
        finally:
            self._answering -= 1

    async def _answer_while_welcome(self, scope: Scope, receive: Receive, send: Send) -> None:
        needed = needed_scope(scope["path"])
        if needed is None:
            await self._app(scope, receive, send)
            return

        async def is_welcome() -> bool:
            known = await serving_of(scope["app"]).access.identify(HTTPConnection(scope))
            return known is not None and needed in known[1].scopes

        await answer_while_welcome(self._app, scope, receive, send, is_welcome)

    def _foreign(self, connection: HTTPConnection) -> Response | None:
        """What a page of another site would send: by a name of its own for our address, or from its own origin."""
        headers = connection.headers
        host = headers.get("host", "")
        if not self._is_ours(host):
            return _refused(421, f"the host {host!r} is not served here; allowed_hosts is the setting for it")
        origin = headers.get("origin")
        if origin is None or ANY in self._origins or origin.lower() in self._origins:
            return None
        if urlsplit(origin).netloc.lower() == host.lower():
            return None
        return _refused(403, f"requests from the origin {origin!r} are refused; allowed_origins is the setting for it")

    def _is_ours(self, host: str) -> bool:
        name = _without_port(host)
        return is_loopback(name) or _is_address(name) or not self._hosts.isdisjoint({ANY, name, host.lower()})

    async def _unwelcome(self, scope: Scope) -> Response | None:
        """Who has no token for this, or asks too often."""
        needed = needed_scope(scope["path"])
        if needed is None:
            return None
        connection = HTTPConnection(scope)
        access = serving_of(scope["app"]).access
        known = await access.identify(connection)
        if known is None:
            return self._unauthorised(401, "invalid_token", "a valid access token is needed")
        scope["user"], scope["auth"] = known
        if needed not in known[1].scopes:
            return self._unauthorised(403, "insufficient_scope", f"this needs a token with the scope {needed!r}")
        wait = max([await access.rates.wait_seconds(key) for key in _keys(scope)], default=0.0)
        if wait:
            why = "too many requests: rate_limit_per_minute is the setting for it"
            return _refused(429, why, {"Retry-After": str(math.ceil(wait))})
        return None

    def _busy(self, scope: Scope) -> Response | None:
        if scope["method"] == "GET" or self._answering < self._settings.max_concurrent_requests:
            return None
        why = f"{self._answering} requests are being answered, as many as max_concurrent_requests allows: try later"
        return _refused(503, why, {"Retry-After": str(RETRY_AFTER_SECONDS)})

    def _unauthorised(self, status: int, error: str, description: str) -> Response:
        parts = [f'error="{error}"', f'error_description="{description}"']
        if self._settings.oauth_resource:
            parts.append(
                f'resource_metadata="{build_resource_metadata_url(AnyHttpUrl(self._settings.oauth_resource))}"'
            )
        return _refused(status, description, {"WWW-Authenticate": "Bearer " + ", ".join(parts)}, error)


def _keys(scope: Scope) -> list[str]:
    """What is counted of a request: its token and its session."""
    headers, user = Headers(scope=scope), scope["user"]
    keys = [f"token {user.username}"] if isinstance(user, AuthenticatedUser) else []
    session = headers.get(MCP_SESSION_ID_HEADER) or HTTPConnection(scope).query_params.get("session_id")
    return [*keys, f"session {session}"] if session else keys


def _refused(status: int, why: str, headers: dict[str, str] | None = None, error: str = "refused") -> Response:
    return JSONResponse({"error": error, "message": why}, status, headers)


def _listed(text: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in text.split(",") if part.strip())


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return (name if port.isdigit() and name else host).strip("[]").lower()


def _is_address(name: str) -> bool:
    """An address cannot be somebody else's name for us."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
