"""The part of the catalog that a session's profile shows: all of it where none is in use."""

from dataclasses import dataclass, field

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.config.profiles import ChosenProfile
from mcp_dynaload.proxy.catalog_state import CatalogState
from mcp_dynaload.ranking.ranker import Ranker
from mcp_dynaload.selection.narrowing import NarrowedRanker, narrowed_catalog


@dataclass(slots=True)
class ProfileView:
    """A profile and the process's catalog as it is seen through it."""

    live: CatalogState
    chosen: ChosenProfile = field(default_factory=ChosenProfile)
    _narrowed: tuple[Catalog, ChosenProfile, Catalog] | None = None
    """The whole catalog, the profile, and what that leaves of it: made once for both."""

    @property
    def catalog(self) -> Catalog:
        """The tools of its servers."""
        whole, chosen = self.live.catalog, self.chosen
        if not chosen.is_any:
            return whole
        if self._narrowed is None or self._narrowed[0] is not whole or self._narrowed[1] is not chosen:
            profile = chosen.profile
            self._narrowed = whole, chosen, narrowed_catalog(whole, profile.has, profile.pins_tool)
        return self._narrowed[2]

    def ranker(self, ranker: Ranker) -> Ranker:
        """Return a ranker of its tools, by one of the whole catalog."""
        if not self.chosen.is_any:
            return ranker
        return NarrowedRanker(ranker, self.catalog, len(self.live.catalog.tools))

    def categories(self) -> dict[str, tuple[str, ...]]:
        """Return its tools by category, without categories of which it has none."""
        every = self.live.categories()
        if not self.chosen.is_any:
            return every
        known = {name: tuple(tool for tool in tools if self.catalog.get(tool)) for name, tools in every.items()}
        return {name: tools for name, tools in known.items() if tools}

    def has(self, server: str) -> bool:
        """Return whether the server is in it."""
        return self.chosen.profile.has(server)
