"""The guard between an upstream and those who ask it: what is denied, or is not as approved, is not asked for."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from mcp_dynaload.catalog.access import Denial
from mcp_dynaload.catalog.tool import Json


class DefinitionGuard(Protocol):
    """A guard of the definitions of all upstreams."""

    def is_enforced(self, upstream: str) -> bool:
        """Return whether the upstream must be listed over its connection before it is asked for anything."""
        ...

    async def foresee(self, upstream: str, tools: Sequence[Json]) -> None:
        """Compare the tools that a connection has just listed, before its other lists are read."""
        ...

    def refusal(self, upstream: str, method: str, params: Mapping[str, Any]) -> str:
        """Return why a request must not be sent; empty if it may."""
        ...

    def denial(self, upstream: str, method: str, params: Mapping[str, Any]) -> Denial | None:
        """Return why the servers file lets a request not be sent; None if it does."""
        ...


class Unguarded:
    """The guard where nothing is compared."""

    def is_enforced(self, upstream: str) -> bool:
        """Return that it need not be listed first."""
        return False

    async def foresee(self, upstream: str, tools: Sequence[Json]) -> None:
        """Do nothing."""

    def refusal(self, upstream: str, method: str, params: Mapping[str, Any]) -> str:
        """Return that it may be sent."""
        return ""

    def denial(self, upstream: str, method: str, params: Mapping[str, Any]) -> Denial | None:
        """Return that nothing is denied."""
        return None
