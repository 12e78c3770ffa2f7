"""In front of everything: by which names we are reached, from which pages, and the headers of every answer."""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_dynaload.config.settings import Settings
from mcp_dynaload.machine.loopback import is_loopback

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}

CORS_METHODS = "GET, POST, PUT, PATCH, DELETE"
CORS_EXPOSED = "Mcp-Session-Id, WWW-Authenticate, Retry-After"
"""The headers of our answers that a script of another origin's page needs, and is not shown otherwise."""

CORS_SECONDS = 600
"""So long a browser need not ask again whether a page's request may be sent."""

ANY = "*"


class Origins:
    """The origins of web pages that may send requests, beside our own."""

    def __init__(self, listed: str) -> None:
        self._listed = _listed(listed)

    def allow(self, origin: str | None) -> bool:
        """Return whether pages of an origin may ask."""
        return origin is not None and not self._listed.isdisjoint({ANY, origin.lower()})


class HostGuard:
    """The ASGI middleware that refuses other hosts; the routes decide who may use what."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._hosts = _listed(settings.allowed_hosts)
        self._origins = Origins(settings.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        connection = HTTPConnection(scope)
        origin = connection.headers.get("origin")

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if origin is not None and self._origins.allow(origin):
                    headers["Access-Control-Allow-Origin"] = origin
                    headers["Access-Control-Expose-Headers"] = CORS_EXPOSED
                    headers.add_vary_header("Origin")
                message = {**message, "headers": headers.raw}
            await send(message)

        await (self._foreign(connection) or self._preflight(connection) or self._app)(scope, receive, send_secured)

    def _foreign(self, connection: HTTPConnection) -> Response | None:
        """Return a refusal of another site's page: one that uses its own name for our address, or its own origin."""
        headers = connection.headers
        host = headers.get("host", "")
        if not self._is_ours(host):
            return refused(421, f"the host {host!r} is not served here; allowed_hosts is the setting for it")
        origin = headers.get("origin")
        if origin is None or self._origins.allow(origin) or _authority(origin) == host.lower():
            return None
        return refused(403, f"requests from the origin {origin!r} are refused; allowed_origins is the setting for it")

    def _preflight(self, connection: HTTPConnection) -> Response | None:
        """Return the answer to a browser that asks, without a token, whether a page of an allowed origin may ask us."""
        headers = connection.headers
        is_asked = connection.scope["method"] == "OPTIONS" and "access-control-request-method" in headers
        if not is_asked or not self._origins.allow(headers.get("origin")):
            return None
        allowed = {
            "Access-Control-Allow-Methods": CORS_METHODS,
            "Access-Control-Allow-Headers": headers.get("access-control-request-headers", ""),
            "Access-Control-Max-Age": str(CORS_SECONDS),
            "Vary": "Access-Control-Request-Headers",
        }
        return Response(status_code=204, headers={name: value for name, value in allowed.items() if value})

    def _is_ours(self, host: str) -> bool:
        name = _without_port(host)
        return is_loopback(name) or _is_address(name) or not self._hosts.isdisjoint({ANY, name, host.lower()})


def refused(status: int, why: str, headers: dict[str, str] | None = None, error: str = "refused") -> Response:
    """Return an answer that says why there is no other."""
    return JSONResponse({"error": error, "message": why}, status, headers)


def _listed(text: str) -> frozenset[str]:
    return frozenset(part.strip().lower() for part in text.split(",") if part.strip())


def _authority(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # brackets without an address between
        return ""


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return (name if port.isdigit() and name else host).strip("[]").lower()


def _is_address(name: str) -> bool:
    """Return whether the name is an address, which cannot be somebody else's name for us."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
