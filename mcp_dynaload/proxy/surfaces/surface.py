"""The protocol that all surfaces share: a session asks it what its client is shown."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.selection.state import Decision, SessionState
from mcp_dynaload.upstream.listing import Listing

MOD_PROMPT = "ModPrompt"
"""The hook by which the plugin's mod asks what a prompt needs."""


class Surface(Protocol):
    """The side that a client sees: what it is listed, and whether that follows what it asks for."""

    @property
    def constant_decision(self) -> Decision | None:
        """The decision on whatever happens, where nothing is ever chosen; None: each action is decided for itself."""
        ...

    @property
    def ignored_hooks(self) -> frozenset[str]:
        """The events of hooks that are answered with nothing."""
        ...

    def listed(self, state: SessionState, catalog: Catalog) -> list[Tool]:
        """Return the upstream tools that the client has, in name order."""
        ...

    def chosen(self, state: SessionState, catalog: Catalog) -> list[Tool]:
        """Return those of them that were chosen for the session; none where nothing is chosen."""
        ...

    def is_loaded(self, state: SessionState, name: str) -> bool:
        """Return whether a tool that is called need not be loaded first."""
        ...

    def instructions(
        self, listings: Mapping[str, Listing], unseen: Iterable[str], *, has_tool_search: bool = False
    ) -> str:
        """Return what the server says of itself to a client, with a search of its own or without."""
        ...
