"""The session that upstreams belong to, as they see it."""

from typing import Protocol

from mcp_dynaload.upstream.connection import ClientProfile, ClientSide
from mcp_dynaload.upstream.listing import Listing


class Host(ClientSide, Protocol):
    """What an upstream needs from the session it belongs to."""

    log_level: str | None
    """The level that the client asked for, if it did."""

    def profile(self) -> ClientProfile:
        """The client's own `initialize` fields."""
        ...

    async def upstream_listed(self, upstream: str, listing: Listing) -> None:
        """An upstream was listed."""
        ...

    def upstream_started(self, upstream: str, seconds: float) -> None:
        """A connection was opened, which took so long."""
        ...

    def upstream_stopped(self, upstream: str) -> None:
        """We have ended a connection."""
        ...

    def upstream_failed(self, upstream: str, reason: str, *, had_started: bool) -> None:
        """It could not be opened, or ended by itself."""
        ...
