"""A surface on which tools are loaded and unloaded: the two of that kind differ in how requests are answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.proxy.model_text import instructions_text
from mcp_dynaload.proxy.passthrough import Method
from mcp_dynaload.selection.state import Decision, SessionState, advertised
from mcp_dynaload.upstream.listing import Listing


@dataclass(frozen=True, slots=True)
class Choosing:
    """A surface whose client has the definitions of what the session has loaded."""

    methods: Mapping[str, Method]
    """The functions that answer requests."""

    constant_decision: Decision | None = None
    ignored_hooks: frozenset[str] = frozenset()

    def listed(self, state: SessionState, catalog: Catalog) -> list[Tool]:
        """Return the tools that the session has loaded, and the pinned ones."""
        return catalog.known(advertised(state, catalog))

    def chosen(self, state: SessionState, catalog: Catalog) -> list[Tool]:
        """Return the same."""
        return self.listed(state, catalog)

    def is_loaded(self, state: SessionState, name: str) -> bool:
        """Return whether the session has loaded a tool, or keeps it listed."""
        return name in state.loaded or name in state.kept

    def instructions(
        self, listings: Mapping[str, Listing], unseen: Iterable[str], *, has_tool_search: bool = False
    ) -> str:
        """Return a line for each server, so that the model knows what it may ask for."""
        return instructions_text(listings, unseen, has_tool_search=has_tool_search)
