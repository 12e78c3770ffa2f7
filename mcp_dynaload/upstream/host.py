"""The session that upstreams belong to, as they see it."""

from typing import Protocol

from mcp_dynaload.upstream.link import ClientProfile, ClientSide
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
