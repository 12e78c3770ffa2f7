"""The part of the catalog that a session chooses from: by its profile, and by what the client denies."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.deny_rules import DenyRule, denied_names
from mcp_dynaload.config.profiles import ChosenProfile
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.ranking.ranker import Ranker
from mcp_dynaload.selection.narrowing import NarrowedRanker, narrowed_catalog

_Rules = tuple[DenyRule, ...]


@dataclass(slots=True)
class CatalogView:
    """A profile and the process's catalog as it is seen through it."""

    live: CatalogState
    chosen: ChosenProfile = field(default_factory=ChosenProfile)
    is_claude_code: bool = False
    """Whether Claude Code's rules hold for its client: what they deny is chosen and found by nobody."""

    _denied: tuple[Catalog, _Rules, Mapping[str, DenyRule]] | None = None
    """The whole catalog, the rules, and what they deny of it: looked for once for both."""

    _narrowed: tuple[Catalog, ChosenProfile, Mapping[str, DenyRule], Catalog] | None = None
    """The whole catalog, the profile, what is denied, and what both leave of it: made once for all."""

    @property
    def catalog(self) -> Catalog:
        """The tools of its servers that the client does not deny."""
        whole, chosen, denied = self.live.catalog, self.chosen, self.denied
        if not chosen.is_any and not denied:
            return whole
        known = self._narrowed
        if known is None or known[0] is not whole or known[1] is not chosen or known[2] is not denied:
            profile = chosen.profile
            part = narrowed_catalog(
                whole, lambda tool: profile.has(tool.upstream) and tool.name not in denied, profile.pins_tool
            )
            self._narrowed = known = whole, chosen, denied, part
        return known[3]

    @property
    def denied(self) -> Mapping[str, DenyRule]:
        """The tools of the whole catalog that the client's rules deny, by name, each with the rule."""
        whole, rules = self.live.catalog, self.live.client_rules if self.is_claude_code else ()
        if self._denied is None or self._denied[0] is not whole or self._denied[1] is not rules:
            self._denied = whole, rules, denied_names(rules, self.live.registration, whole.costs)
        return self._denied[2]

    def ranker(self, ranker: Ranker) -> Ranker:
        """Return a ranker of its tools, by one of the whole catalog."""
        if self.catalog is self.live.catalog:
            return ranker
        return NarrowedRanker(ranker, self.catalog, len(self.live.catalog.tools))

    def categories(self) -> dict[str, tuple[str, ...]]:
        """Return its tools by category, without categories of which it has none."""
        every = self.live.categories()
        if self.catalog is self.live.catalog:
            return every
        known = {name: tuple(tool for tool in tools if self.catalog.get(tool)) for name, tools in every.items()}
        return {name: tools for name, tools in known.items() if tools}

    def has(self, server: str) -> bool:
        """Return whether the server is in its profile."""
        return self.chosen.profile.has(server)
