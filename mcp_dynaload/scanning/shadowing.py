"""A tool that poses as another server's, or gives orders about one."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.scanning.characters import plain
from mcp_dynaload.scanning.nearby import words_in

MAX_SHARED = 2
"""Servers that have more names in common are of one kind, or one program twice; a copy takes one or two."""

MIN_SPELLING = 4
"""Letters of a name that a text may speak of by chance."""

MIN_COMMON_WORDS = 2
MIN_LIKENESS = 0.7
"""The least share of words that two descriptions have in common, by those of both."""

MIN_COPIED_WORDS = 6
MIN_COPIED = 0.85
"""The least share of a description's words in a longer one that has nearly all of it."""

_WORD = re.compile(r"[^\W_]+")
_SAYING_NOTHING = words_in(
    """
    mcp server servers tool tools test the client main api app dev local remote service
    """
)
_ENDING = re.compile(r"(?:e?s|ed|ing|e)$")
_LITTLE = words_in(
    """
    a an the of to in on for and or with by from at as is are be this that it its all any given specified using
    use into via tool returns return you your can will one
    """
)
_IDENTIFIER = re.compile(r"\b[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)+\b|\b[a-z]+(?:[A-Z][a-z0-9]+)+\b")
_LEET = str.maketrans("013457", "oleast")
_ORDER = re.compile(
    r"\b(?:before|after|first|instead|rather than|when|whenever|prior to|prefer\w*|replac\w*|redirect\w*|"
    r"overrid\w*|intercept\w*|"
    r"modif\w*|never|do not|don't|avoid|supersed\w*|deprecat\w*|every time|each time|always|must|broken|"
    r"unsafe|insecure|outdated)\b"
)
"""Words that tie another tool's use to this one; a plain pointer to it has none."""


@dataclass(frozen=True, slots=True)
class PeerTool:
    """A tool that some server has."""

    server: str
    name: str
    folded: str
    """The name as a hasty reader sees it."""

    words: frozenset[str]
    parameters: frozenset[str]


class PeerTools:
    """The tools of all servers by their names; a server's own count as nobody else's."""

    def __init__(self, tools: Iterable[PeerTool] = ()) -> None:
        self._by_name: dict[str, list[PeerTool]] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._of: dict[str, Sequence[PeerTool]] = {}
        self._spelled: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        by_server: dict[str, list[PeerTool]] = {}
        for tool in tools:
            by_server.setdefault(tool.server, []).append(tool)
        for server, several in by_server.items():
            self.put(server, several)

    def put(self, server: str, tools: Sequence[PeerTool]) -> None:
        """Know these as the tools of a server, in the place of those of before."""
        for tool in self._of.pop(server, ()):
            self._by_name[tool.folded].remove(tool)
            self._count(tool, -1)
        if tools:
            self._of[server] = tools
        for tool in tools:
            self._by_name.setdefault(tool.folded, []).append(tool)
            self._count(tool, 1)
        self._names[server] = frozenset(tool.folded for tool in tools)

    def offers(self, server: str, names: Iterable[str]) -> None:
        """Know that a server offers tools of these names, whichever of them are in use."""
        self._names[server] = frozenset(map(folded, names))

    def _count(self, tool: PeerTool, step: int) -> None:
        if len(tool.name) > MIN_SPELLING:
            spelled = self._spelled[_IDENTIFIER.fullmatch(tool.name) is None]
            name = tool.name.lower()
            spelled[name] += step
            if not spelled[name]:
                del spelled[name]

    @property
    def spellings(self) -> Set[str]:
        """The names that are no plain words, in small letters."""
        return self._spelled[0].keys()

    @property
    def plain_spellings(self) -> Set[str]:
        """The others."""
        return self._spelled[1].keys()

    def names_of(self, server: str) -> frozenset[str]:
        """Return the names of a server's tools, folded."""
        return self._names.get(server, frozenset())

    def others(self, server: str, name: str) -> Iterator[PeerTool]:
        """Yield the tools of other servers with this name or one that looks like it."""
        return (tool for tool in self._by_name.get(folded(name), ()) if tool.server != server)

    def shared(self, server: str, other: str) -> int:
        """Return how many names two servers have in common."""
        return len(self.names_of(server) & self.names_of(other))


def peer_tools(server: str, definitions: Iterable[Json]) -> tuple[PeerTool, ...]:
    """Return the tools of one server."""
    named = ((str(definition.get("name", "")), definition) for definition in definitions)
    return tuple(
        PeerTool(server, name, folded(name), _words(definition), _parameters(definition)) for name, definition in named
    )


def folded(name: str) -> str:
    """Return a name as a hasty reader sees it: without case and separators, digits and lookalikes as letters."""
    return re.sub(r"[\W_]+", "", plain(name).lower()).translate(_LEET)


def imitated(server: str, definition: Json, peers: PeerTools) -> tuple[PeerTool, bool] | None:
    """Return the other server's tool that one poses as, and whether it does so by letters that look alike."""
    name = str(definition.get("name", ""))
    others = list(peers.others(server, name))
    if not others:
        return None
    words = _words(definition)
    for other in others:
        if _looks_like(name, other.name):
            return other, True
        is_one = peers.shared(server, other.server) <= MAX_SHARED and name == other.name
        is_fork = words == other.words and bool(other.parameters) and _parameters(definition) == other.parameters
        if (
            is_one
            and not is_fork
            and not _are_kin(server, other.server)
            and _are_alike(words, other.words, is_plain=name.isalpha())
        ):
            return other, False
    return None


def _are_kin(server: str, other: str) -> bool:
    """Return whether the names of two servers say that they are for the same: a fork, or one program twice."""
    return not _telling_words(server).isdisjoint(_telling_words(other))


@lru_cache(maxsize=4_096)
def _telling_words(server: str) -> frozenset[str]:
    return frozenset(
        word for word in re.split(r"[\W_\d]+", server.lower()) if len(word) > 2 and word not in _SAYING_NOTHING
    )


def _looks_like(name: str, other: str) -> bool:
    """Return whether a name folds like another by its letters, not by case and separators alone."""
    bare = re.sub(r"[\W_]+", "", name).lower()
    return bare not in (folded(name), re.sub(r"[\W_]+", "", other).lower())


def _are_alike(words: frozenset[str], others: frozenset[str], *, is_plain: bool) -> bool:
    """Return whether two descriptions say the same; of a name that is a plain word many say the same in few words."""
    common, fewer = len(words & others), min(len(words), len(others))
    if is_plain and fewer < MIN_COPIED_WORDS:
        return False
    if fewer >= MIN_COPIED_WORDS and common >= MIN_COPIED * fewer:
        return True
    return common >= MIN_COMMON_WORDS and common >= MIN_LIKENESS * len(words | others)


def _words(definition: Json) -> frozenset[str]:
    """Return the first letters of the words of a description: forms of one word count as the same."""
    text = plain(str(definition.get("description") or ""))[:2_000].lower()
    return frozenset(_ENDING.sub("", word) for word in _WORD.findall(text) if word not in _LITTLE)


def _parameters(definition: Json) -> frozenset[str]:
    return frozenset(json_object(json_object(definition.get("inputSchema")).get("properties")))


def foreign_names(
    server: str, line: str, vocabulary: frozenset[str], values: frozenset[str], peers: PeerTools
) -> frozenset[str]:
    """Return the names in a text, of these words, of tools that other servers have and this one has not.

    What is one of the `values` of a definition is a value that some parameter of it may have.
    """
    named = vocabulary & peers.spellings
    if any(sign in line for sign in _QUOTED_TOOL):
        named |= {name for name in vocabulary & peers.plain_spellings if any(sign in line for sign in _quotes(name))}
    if not named:
        return named
    own = peers.names_of(server)
    small = {value.lower() for value in values}
    return frozenset(name for name in named if folded(name) not in own and name not in small)


_QUOTED_TOOL = ("' tool", '" tool', "` tool", "tool '", 'tool "', "tool `")


def _quotes(name: str) -> Iterator[str]:
    for quote in "'\"`":
        yield f"{quote}{name}{quote} tool"
        yield f"tool {quote}{name}{quote}"


def mentioned(server: str, words: str, names: frozenset[str], peers: PeerTools) -> PeerTool | None:
    """Return the other server's tool about which a sentence gives orders, of those with these names."""
    for name in names:
        if name in words and _ORDER.search(words) and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words):
            return next(iter(peers.others(server, name)), None)
    return None
