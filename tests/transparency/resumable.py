"""A server over streamable HTTP whose clients resume a stream that was cut, each session its own."""

from typing import Any

from mcp.server.auth.middleware.bearer_auth import AuthorizationContext
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.routing import Route

from mcp_dynaload.http.recent_events import RecentEvents

RETRY_MILLISECONDS = 100

LOOPBACK_ONLY = TransportSecuritySettings(
    enable_dns_rebinding_protection=True,
    allowed_hosts=["127.0.0.1:*", "localhost:*"],
    allowed_origins=["http://127.0.0.1:*", "http://localhost:*"],
)


class _SeparateSessions(StreamableHTTPSessionManager):
    """The SDK's sessions, of which none is sent what another with the same request ids missed."""

    def _admit_session(self, requestor: AuthorizationContext | None) -> StreamableHTTPServerTransport | None:
        self.event_store = RecentEvents()
        return super()._admit_session(requestor)


def resumable_app(server: Server[Any]) -> Starlette:
    """Serve `/mcp`, for as many sessions at a time as come."""
    sessions = _SeparateSessions(server, retry_interval=RETRY_MILLISECONDS, security_settings=LOOPBACK_ONLY)
    return Starlette(routes=[Route("/mcp", StreamableHTTPASGIApp(sessions))], lifespan=lambda _: sessions.run())
