"""Tools that are dangerous together: one reads private data, one takes in what outsiders wrote, one sends out.

Where one session has all three, a text from outside can have the model send out what is private. What a tool can do is
judged by its name, its server's name, the first sentence of its description, its parameters and its annotations.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files

from mcp_dynaload.catalog.tool import Tool, json_object
from mcp_dynaload.ranking.terms import identifier_spellings, identifier_terms, prose_terms, stemmed

_FIRST_SENTENCE = re.compile(r"[^\n]{0,200}?(?=\.\s|\n|$)|[^\n]{200}")
_KEPT = 4_096
"""Judged tools that are kept: more than a session's catalog has."""


class Capability(StrEnum):
    """A thing that a tool can do, of the three that are dangerous together."""

    PRIVATE = "read private data"
    FOREIGN = "take in what outsiders wrote"
    OUTWARD = "send out"


ALL_CAPABILITIES = frozenset(Capability)


@dataclass(frozen=True, slots=True)
class Flow:
    """The tools of one session by what they can do; each capability has its tools in the order in which they came."""

    tools: Mapping[Capability, tuple[Tool, ...]]

    @property
    def is_whole(self) -> bool:
        """Whether the tools can do all three together."""
        return all(self.tools.values())

    @property
    def parts(self) -> frozenset[tuple[Capability, str]]:
        """The capabilities, each with a server that brings it: by these one combination differs from another."""
        return frozenset((capability, tool.upstream) for capability, tools in self.tools.items() for tool in tools)

    def in_words(self) -> str:
        """Return what they can do, with the first tool of each server that can."""
        deeds = [f"{capability} ({self._named(tools)})" for capability, tools in self.tools.items() if tools]
        return " and ".join(part for part in (", ".join(deeds[:-1]), *deeds[-1:]) if part)

    @staticmethod
    def _named(tools: Iterable[Tool]) -> str:
        first: dict[str, str] = {}
        for tool in tools:
            first.setdefault(tool.upstream, tool.name)
        return ", ".join(first.values())


def flow_of(tools: Iterable[Tool]) -> Flow:
    """Return what these tools can do together."""
    judged = [(tool, capabilities_of(tool)) for tool in tools]
    return Flow({one: tuple(tool for tool, found in judged if one in found) for one in Capability})


def completing(there: Iterable[Tool], more: Sequence[Tool]) -> tuple[Tool, ...]:
    """Return those of `more`, taken one after the other, with which what is there could do all three.

    None where it can already: then nothing is missing any more.
    """
    able = frozenset(capability for tool in there for capability in capabilities_of(tool))
    held: list[Tool] = []
    for tool in more if able != ALL_CAPABILITIES else ():
        if able | capabilities_of(tool) == ALL_CAPABILITIES:
            held.append(tool)
        else:
            able |= capabilities_of(tool)
    return tuple(held)


def capabilities_of(tool: Tool) -> frozenset[Capability]:
    """Return which of the three a tool can do."""
    is_closed = json_object(tool.definition.get("annotations")).get("openWorldHint") is False
    names = tool.original_name, tool.upstream
    parameters = frozenset(name.lower() for name in json_object(tool.input_schema.get("properties")))
    return _judged(names, _first_sentence(tool.description), parameters, tool.is_read_only, is_closed)


@lru_cache(maxsize=_KEPT)  # a session's tools are judged at each of its prompts
def _judged(
    names: tuple[str, str], sentence: str, parameters: frozenset[str], is_read_only: bool, is_closed: bool
) -> frozenset[Capability]:
    words, server = identifier_terms(names[0]), identifier_terms(names[1])
    if _any(words, "running") and _any(parameters, "code"):  # a program can read and send whatever its user can
        return frozenset({Capability.PRIVATE, Capability.OUTWARD})
    found: set[Capability] = set()
    is_reading = is_read_only or _is_reading(words)
    if is_reading and not _any(words, "structure"):
        is_public = not _spelt("public").isdisjoint(_spellings(*names, sentence))
        found |= _read([*words, *server], prose_terms(sentence), is_public=is_public)
    if _any(parameters, "address") and _any([*words, *server], "requesting"):  # an address can carry data out, too
        found |= {Capability.FOREIGN, Capability.OUTWARD}
    if not is_reading and _is_sending(words, server, parameters):
        found.add(Capability.OUTWARD)
    return frozenset(found - {Capability.FOREIGN, Capability.OUTWARD} if is_closed else found)


def _is_reading(words: Sequence[str]) -> bool:
    """Return whether the first deed in a tool's name is one of reading: `list_pull_requests` requests nothing."""
    deeds = _words("reading") | _words("changing")
    return next((word in _words("reading") for word in words if word in deeds), False)


def _read(named: Sequence[str], sentence: Sequence[str], *, is_public: bool) -> set[Capability]:
    """Return whose content is read; the description says where the names do not."""
    about = named if _any(named, "private") or _any(named, "foreign") else sentence
    found: set[Capability] = set()
    if _any(about, "private") and not is_public:
        found.add(Capability.PRIVATE)
    if _any(about, "foreign"):
        found.add(Capability.FOREIGN)
    return found


def _is_sending(words: Sequence[str], server: Sequence[str], parameters: frozenset[str]) -> bool:
    if _any(words, "sending"):
        return _any([*words, *server], "outward") or _any(parameters, "addressing")
    return _any(words, "making") and _any(words, "outward")


def _any(words: Iterable[str], kind: str) -> bool:
    return not _words(kind).isdisjoint(words)


def _first_sentence(description: str) -> str:
    found = _FIRST_SENTENCE.match(description.strip())
    return found[0] if found else ""


def _spellings(*texts: str) -> set[str]:
    return {word for text in texts for word, _ in identifier_spellings(text)}


@cache
def _spelt(kind: str) -> frozenset[str]:
    """Return a list of words as they are: the stem of `documentation` is that of `document`, too."""
    return frozenset(_word_lists()[kind].split())


@cache
def _words(kind: str) -> frozenset[str]:
    """Return a list of words, as they are and stemmed."""
    return _spelt(kind) | frozenset(stemmed([*_spelt(kind)]))


@cache
def _word_lists() -> Mapping[str, str]:
    text = files("mcp_dynaload").joinpath("selection/data/flow_words.txt").read_text("utf-8")
    return dict(line.split(": ", 1) for line in text.splitlines())
