"""Lists that a server gave to one user's login: of these nothing reaches another user, or only tools if that is set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mcp_dynaload.catalog.access import Denial
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.logins.logins import Logins
from mcp_dynaload.logins.user_logins import UserLogins
from mcp_dynaload.upstream.definition_guard import DefinitionGuard
from mcp_dynaload.upstream.listing import Listing


@dataclass(frozen=True, slots=True)
class PersonalListings:
    """The guard of a user's own connections to servers, whose lists may be theirs alone: a `DefinitionGuard`."""

    guard: DefinitionGuard
    logins: Logins
    """The user's."""

    user_logins: UserLogins
    owner: str

    def shared_part(self, upstream: str, listing: Listing) -> Listing | None:
        """Return what of a listing all users may see; None: nothing."""
        if upstream not in self.logins.handed_out:
            return listing
        if not self._lists_for_all(upstream):
            return None
        return replace(listing, prompts=(), resources=(), templates=(), instructions="", digest="")

    async def foresee(self, upstream: str, tools: Sequence[Json]) -> None:
        """Compare the tools that a connection has just listed, unless they are nobody else's matter."""
        if upstream not in self.logins.handed_out or self._lists_for_all(upstream):
            await self.guard.foresee(upstream, tools)

    def is_enforced(self, upstream: str) -> bool:
        """Return whether the upstream must be listed over its connection before it is asked for anything."""
        return self.guard.is_enforced(upstream)

    def refusal(self, upstream: str, method: str, params: Mapping[str, Any]) -> str:
        """Return why a request must not be sent; empty if it may."""
        return self.guard.refusal(upstream, method, params)

    def denial(self, upstream: str, method: str, params: Mapping[str, Any]) -> Denial | None:
        """Return why the servers file lets a request not be sent; None if it does."""
        return self.guard.denial(upstream, method, params)

    def _lists_for_all(self, upstream: str) -> bool:
        """Return whether this user's login lists the upstream for all: the first one's does, if any may."""
        if not self.user_logins.share_lists:
            return False
        return self.user_logins.listers.setdefault(upstream, self.owner) == self.owner
