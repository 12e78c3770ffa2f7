"""The built-in tool search of Claude Code 2.1.332: what it looks at of a tool, and how many points a word gives."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mcp_dynaload.catalog.cost import MAX_DESCRIPTION_LENGTH
from mcp_dynaload.catalog.tool import Tool, json_object

MAX_WORDS = 32
"""Words of a query that the client looks at."""

FOUND = 5
"""Tools that a search returns when the model does not say how many."""

SEARCH_HINT = "anthropic/searchHint"
"""`_meta` key with further words for the search."""

MAX_HINT_LENGTH = 4_096

PART, WITHIN_PART = 12, 6
"""A word that is a part of the server's or the tool's name, or within one."""

NAME, WITHIN_NAME = 12, 4
"""On top of that: a word that is the server's or the tool's whole name, or within it."""

OF_BUILT_IN = {PART: 10, WITHIN_PART: 5, WITHIN_NAME: 3}
"""The points that the client's own tools get for their names instead."""

IN_HINT, IN_DESCRIPTION = 4, 2

MCP = "mcp__"
"""The client puts this before the names of servers' tools, and `__` between the server's and the tool's."""

BUILT_IN = (
    "CronCreate",
    "CronDelete",
    "CronList",
    "EnterPlanMode",
    "EnterWorktree",
    "ExitPlanMode",
    "ExitWorktree",
    "ListMcpResourcesTool",
    "NotebookEdit",
    "ReadMcpResourceTool",
    "TaskCreate",
    "TaskGet",
    "TaskList",
    "TaskOutput",
    "TaskStop",
    "TaskUpdate",
    "TodoWrite",
    "WebFetch",
    "WebSearch",
)
"""Tools of the client's own that it defers, as of 2.1.332; one that a session lacks is not found."""

_SEPARATORS = re.compile(r"[\s_.]+")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_RUN = re.compile(r"\w+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Searchable:
    """The parts of a tool that the search looks at, in lower case."""

    names: tuple[str, ...]
    """A server's and its tool's, or the one of a built-in tool."""

    parts: tuple[str, ...]
    description: str
    hint: str = ""
    is_built_in: bool = False


def of_server(tool: Tool) -> Searchable:
    """Return what is looked at where the tool's server is connected directly, under its own name."""
    hint = json_object(tool.definition.get("_meta")).get(SEARCH_HINT)
    names = (tool.upstream.lower(), tool.original_name.lower())
    text = hint[:MAX_HINT_LENGTH].lower() if isinstance(hint, str) else ""
    return Searchable(names, _parts(names), tool.description[:MAX_DESCRIPTION_LENGTH].lower(), text)


def of_client(name: str, description: str = "") -> Searchable:
    """Return what is looked at of a tool by the client's name of it."""
    if name.startswith(MCP):
        names = tuple(part.lower() for part in name.removeprefix(MCP).split("__", 1))
        return Searchable(names, _parts(names), description.lower())
    parts = _HUMPS.sub(" ", name).replace("_", " ").lower().split()
    return Searchable((name.lower(),), tuple(parts), description.lower(), is_built_in=True)


def built_in_tools() -> Mapping[str, Searchable]:
    """Return what is looked at of the client's own tools, by name."""
    return {name: of_client(name) for name in BUILT_IN}


class NativeSearch:
    """An index over some tools."""

    def __init__(self, tools: Sequence[Searchable]) -> None:
        self._built_in = {index for index, tool in enumerate(tools) if tool.is_built_in}
        self._names = _holders(tool.names for tool in tools)
        self._parts = _holders(tool.parts for tool in tools)
        self._hints = _texts(tool.hint for tool in tools)
        self._descriptions = _texts(tool.description for tool in tools)

    def points(self, word: str) -> Counter[int]:
        """Return what a word of a query gives to each tool that has it, by the tool's place."""
        points = Counter(self._named(self._parts, word, PART, WITHIN_PART))
        points.update(self._named(self._names, word, NAME, WITHIN_NAME))
        points.update(dict.fromkeys(self._hints.with_word(word), IN_HINT))
        points.update(dict.fromkeys(self._descriptions.with_word(word), IN_DESCRIPTION))
        return points

    def _named(self, holders: "_Holders", word: str, whole: int, within: int) -> dict[int, int]:
        points = {index: within for string, tools in holders.items() if word in string for index in tools}
        points |= dict.fromkeys(holders.get(word, ()), whole)
        return points | {index: OF_BUILT_IN[points[index]] for index in self._built_in & points.keys()}


_Holders = Mapping[str, Sequence[int]]
"""From a string to the places of the tools that have it."""


def _holders(strings: Iterable[Iterable[str]]) -> _Holders:
    found: dict[str, list[int]] = {}
    for index, of_tool in enumerate(strings):
        for string in set(of_tool):
            found.setdefault(string, []).append(index)
    return found


@dataclass(frozen=True, slots=True)
class _Texts:
    texts: Sequence[str]
    holders: _Holders

    def with_word(self, word: str) -> Sequence[int]:
        """Return the tools whose text has the word between what JavaScript takes for the edges of words."""
        if _RUN.fullmatch(word):
            return self.holders.get(word, ())
        between_edges = re.compile(rf"\b{re.escape(word)}\b", re.ASCII)
        return [index for index, text in enumerate(self.texts) if word in text and between_edges.search(text)]


def _texts(texts: Iterable[str]) -> _Texts:
    lower = list(texts)
    return _Texts(lower, _holders(_RUN.findall(text) for text in lower))


def _parts(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(part for name in names for part in _SEPARATORS.split(name) if part)
