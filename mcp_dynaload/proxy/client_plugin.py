"""Our plugin at the client's side, as far as its hooks and its mod have told of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.ranking.native_search import Searchable, built_in_tools


@dataclass(slots=True)
class ClientPlugin:
    """The plugin that a session's client has, or not."""

    is_there: bool = False
    """The hook tool is listed for its mod, which can call listed tools only."""

    copy: str = ""
    """The server's name with the copy of the plugin whose mod asks; of several copies it is the first one."""

    selectable: set[str] | None = None
    """The tools listed since the mod came, which selects them when they are needed; None: no mod."""

    is_search_ours: bool | None = None
    """The client's own tool search asks us, so that `find_tools` need not be in each request; None: no prompt yet."""

    others: Mapping[str, Searchable] = field(default_factory=built_in_tools)
    """The tools not behind us that the client's own tool search can find, by their names there, as far as we know."""

    @property
    def selects(self) -> bool:
        """Whether a mod is there, which has the client select each prompt's tools."""
        return self.selectable is not None

    def arrived(self) -> bool:
        """Note that the plugin is there; return whether that is news."""
        is_news, self.is_there = not self.is_there, True
        return is_news

    def starts(self, others: Mapping[str, Searchable]) -> None:
        """Note that the mod asks from now on, and which tools of servers that are not behind us the client has."""
        self.others = {**self.others, **others}
        if self.selectable is None:
            self.selectable = set()

    def stops(self) -> None:
        """Note that the mod asks no more."""
        self.selectable = None

    def is_second(self, copy: str) -> bool:
        """Return whether a mod asks already that came with another copy of the plugin."""
        return self.selects and copy != self.copy

    def takes_searches(self, asks: bool) -> bool:
        """Note whether the client's own search asks us, as the first prompt tells it; return whether it does, if new.

        Later the client has sent `find_tools` to the model, and taking it back would rewrite what is cached.
        """
        if self.is_search_ours is not None:
            return False
        self.is_search_ours = asks
        return asks

    def listed(self, names: Iterable[str]) -> None:
        """Note that the client has these in its list from now on, from where a mod can select them."""
        if self.selectable is not None:
            self.selectable.update(names)

    def selected(self, tools: Iterable[Tool]) -> list[Tool]:
        """Return those that the client gets by selecting them, not in every request by themselves."""
        return [tool for tool in tools if tool.name in (self.selectable or ())]
