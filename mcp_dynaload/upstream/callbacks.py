"""The session that upstreams belong to, as they see it."""

from typing import Protocol

from mcp_dynaload.upstream.connection import ClientProfile, ClientSide
from mcp_dynaload.upstream.listing import Listing


class UpstreamCallbacks(ClientSide, Protocol):
    """An upstream's callbacks into the session it belongs to."""

    log_level: str | None
    """The level that the client asked for, if it did."""

    def profile(self) -> ClientProfile:
        """Return the client's own `initialize` fields."""
        ...

    async def upstream_listed(self, upstream: str, listing: Listing) -> None:
        """Take a listing of an upstream."""
        ...

    def upstream_started(self, upstream: str, seconds: float) -> None:
        """Note that a connection was opened, which took so long."""
        ...

    def upstream_stopped(self, upstream: str) -> None:
        """Note that we have ended a connection."""
        ...

    def upstream_failed(self, upstream: str, reason: str, *, had_started: bool) -> None:
        """Note that a connection could not be opened, or ended by itself."""
        ...

    def upstream_unlisted(self, upstream: str, reason: str) -> None:
        """Note that an upstream that runs could not be listed."""
        ...
