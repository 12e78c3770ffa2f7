"""All known tools as one immutable value, and how it is built from what the upstreams list."""

import difflib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property

from mcp_dynaload.catalog.names import HASH_LENGTH, MAX_NAME_LENGTH, default_prefix, legal_name, prefix_room
from mcp_dynaload.catalog.ownership import Prefixes
from mcp_dynaload.catalog.prerequisites import prerequisites
from mcp_dynaload.catalog.tool import ALWAYS_LOAD, Json, Tool, definition_hash, json_object

NO_OTHERS = Prefixes()


@dataclass(frozen=True)
class Catalog:
    """All known tools in name order; build it with `build_catalog`."""

    tools: tuple[Tool, ...]
    costs: Mapping[str, int] = field(repr=False)
    """Tokens of each tool's definition as the model gets it, by advertised name."""

    @cached_property
    def version(self) -> str:
        """A hash of all names and definitions: differs exactly when something a client could see differs."""
        digest = hashlib.sha256()
        for tool in self.tools:
            digest.update(f"{tool.name}\0{definition_hash(tool.definition)}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    @cached_property
    def total_cost(self) -> int:
        """The tokens of all definitions together."""
        return sum(self.costs[tool.name] for tool in self.tools)

    @cached_property
    def pinned(self) -> frozenset[str]:
        """The advertised names of the tools that are listed from the start, by the configuration."""
        return frozenset(tool.name for tool in self.tools if tool.pinned)

    @cached_property
    def names(self) -> frozenset[str]:
        """The advertised names of all tools."""
        return frozenset(self._by_name)

    def get(self, name: str) -> Tool | None:
        """Return the tool with this advertised name."""
        return self._by_name.get(name)

    def tool(self, name: str) -> Tool:
        """Return the tool that a ranker of this catalog named.

        Raises:
            LookupError: There is none, so it ranks another catalog.
        """
        tool = self._by_name.get(name)
        if tool is None:
            raise LookupError(f"the ranker names {name!r}, which is not in the catalog: build it from the same catalog")
        return tool

    def known(self, names: Iterable[str]) -> list[Tool]:
        """Return the tools with these advertised names, each once and in their order; names of none are left out."""
        return [tool for name in dict.fromkeys(names) if (tool := self._by_name.get(name)) is not None]

    def prerequisites(self, tool: Tool) -> tuple[str, ...]:
        """Return the advertised names of the tools that this one's definition sends the model to first."""
        found = self._prerequisites.get(tool.name)
        if found is None:
            found = self._prerequisites[tool.name] = prerequisites(tool, self._siblings[tool.upstream])
        return found

    def nearest(self, name: str, limit: int = 3) -> tuple[str, ...]:
        """Return the advertised names most like `name`, which may also be like an upstream's own name for a tool."""
        wanted = name.lower()
        by_spelling: dict[str, list[str]] = {}
        for tool in self.tools:
            for spelling in {tool.name.lower(), tool.original_name.lower()}:
                by_spelling.setdefault(spelling, []).append(tool.name)
        close = difflib.get_close_matches(wanted, by_spelling, n=limit, cutoff=0.6)
        return tuple(dict.fromkeys(found for spelling in close for found in by_spelling[spelling]))[:limit]

    @cached_property
    def _prerequisites(self) -> dict[str, tuple[str, ...]]:
        """The prerequisites that were asked for by now."""
        return {}

    @cached_property
    def _siblings(self) -> dict[str, dict[str, str]]:
        """The advertised names of each upstream's tools by its own names for them."""
        found: dict[str, dict[str, str]] = {}
        for tool in self.tools:
            found.setdefault(tool.upstream, {})[tool.original_name] = tool.name
        return found

    @cached_property
    def _by_name(self) -> dict[str, Tool]:
        return {tool.name: tool for tool in self.tools}


def build_catalog(tools: Iterable[Tool], costs: Mapping[str, int]) -> Catalog:
    """Build the catalog of `tools`, whose names must be unique (`with_unique_names`) and each have a cost."""
    ordered = tuple(sorted(tools, key=lambda tool: tool.name))
    return Catalog(tools=ordered, costs={tool.name: costs[tool.name] for tool in ordered})


def build_tools(
    upstream: str,
    definitions: Iterable[Json],
    *,
    prefix: str | None = None,
    include: Sequence[str] = ("*",),
    exclude: Sequence[str] = (),
    pin: Sequence[str] = (),
    categories: tuple[str, ...] = (),
    always_load: bool = False,
    prefixes: Prefixes = NO_OTHERS,
) -> tuple[Tool, ...]:
    """Build the tools of one upstream's `tools/list`; globs are matched against the upstream's own names.

    Of two definitions with one name the first counts, since a call could not tell them apart. None gets a name that
    belongs to another server by its prefix.
    """
    first_by_name: dict[str, Json] = {}
    for definition in definitions:
        first_by_name.setdefault(str(definition["name"]), definition)
    prefix = default_prefix(upstream) if prefix is None else prefix
    return tuple(
        Tool(
            name=name,
            upstream=upstream,
            definition=definition,
            pinned=_matches(original, pin) or _is_always_loaded(definition, always_load),
            categories=categories,
        )
        for original, definition in first_by_name.items()
        if is_included(original, include, exclude) and (name := prefixes.name(upstream, prefix, original)) is not None
    )


def _is_always_loaded(definition: Json, default: bool) -> bool:
    """Return whether a tool is to be in every request, by its own word or else by its server's entry."""
    told = json_object(definition.get("_meta")).get(ALWAYS_LOAD)
    return told if isinstance(told, bool) else default


def with_unique_names(
    tools: Iterable[Tool], *, reserved: frozenset[str] = frozenset(), room: int = MAX_NAME_LENGTH
) -> tuple[Tool, ...]:
    """Return the same tools with no name twice and none that is `reserved`.

    Where upstreams meet in a name, the first in (upstream, original name) order keeps it; the others get a hash. They
    meet, too, where the client, which writes `_` for many characters, would write their names alike.
    """
    ordered = sorted(tools, key=lambda tool: (tool.upstream, tool.original_name))
    taken = {tool.name for tool in ordered} | reserved
    kept: set[str] = set(reserved)
    holders: dict[str, str] = dict.fromkeys(reserved, "")
    unique: list[Tool] = []
    for tool in ordered:
        if tool.name in kept or holders.setdefault(legal_name(tool.name), tool.upstream) != tool.upstream:
            tool = replace(tool, name=_free_name(tool, taken, room))
            taken.add(tool.name)
        kept.add(tool.name)
        unique.append(tool)
    return tuple(sorted(unique, key=lambda tool: tool.name))


def _free_name(tool: Tool, taken: set[str], room: int) -> str:
    identity = f"{tool.upstream}\0{tool.original_name}"
    while True:
        digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
        name = f"{legal_name(tool.name)[: prefix_room(room)]}_{digest[:HASH_LENGTH]}"
        if name not in taken:
            return name
        identity = digest


def is_included(name: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Return whether an upstream's own name for a tool fits the globs of its entry."""
    return _matches(name, include) and not _matches(name, exclude)


def _matches(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
