"""Which tools the model misses between the steps of a turn: by a detour that it takes, or by its own words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.ranking.detours import Detour, shell_detours, url_detours
from mcp_dynaload.ranking.lacking import lacking, without_saying_so
from mcp_dynaload.ranking.query import Query, parse_query
from mcp_dynaload.ranking.ranker import Ranker, Scored
from mcp_dynaload.ranking.subjects import Subjects
from mcp_dynaload.ranking.terms import english_terms, everyday_terms, stemmed

RANKED = 60

LEAST = 0.3
"""Probability of the best tool of a server for what a command does: below it the server has none for that."""

SHARE_OF_BEST = 0.5
"""A tool that is so much less likely is not what is done."""

MAX_MISSED = 3
"""Tools for one detour."""

SURE = 0.5
"""Probability of the best tool for words that name no server."""

_CAPITAL = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w-]+")
_WORDS = re.compile(r"[^\W\d_][\w-]*")


SHELLS, BROWSERS = ("Bash", "PowerShell"), ("WebFetch",)
"""The client's own tools with which a model can do what a server's tool is for."""


@dataclass(frozen=True, slots=True)
class ModelStep:
    """One step of the model's turn: what it called and said."""

    calls: tuple[tuple[str, str], ...] = ()
    """The client's own tools that it called, each with what it gave it: a command, or an address and a question."""

    text: str = ""
    """The text of its answer."""

    request: str = ""
    """The prompt that it works on, as far as that is known."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Tools that would do what the model does without them."""

    names: tuple[str, ...]
    why: str


def missed_tools(step: ModelStep, catalog: Catalog, subjects: Subjects, ranker: Ranker) -> tuple[Missed, ...]:
    """Return what the model misses, by each of its detours and by its words; tools that may be known to it included."""
    detours = (detour for tool, what in step.calls for detour in detours_of(tool, what))
    found = [
        *(missed_by_detour(detour, catalog, subjects, ranker) for detour in detours),
        missed_by_word(step.text, step.request, catalog, subjects, ranker),
    ]
    return tuple(missed for missed in found if missed.names)


def detours_of(tool: str, what: str) -> tuple[Detour, ...]:
    """Return what a call of the client's own tools does that is not everyday work."""
    if tool in SHELLS:
        return shell_detours(what)
    url, _, wanted = what.partition("\n")
    return url_detours(url, wanted) if tool in BROWSERS else ()


def missed_by_detour(detour: Detour, catalog: Catalog, subjects: Subjects, ranker: Ranker) -> Missed:
    """Return the tools of the connected servers for the same service that do what a command or a request does."""
    upstreams = subjects.named(detour.services) | subjects.serving(detour.host)
    why = f"the model turned to {detour.via} for it"
    if not upstreams:
        return Missed((), why)
    said = [word for word in detour.services if any(word in subjects.all_names(upstream) for upstream in upstreams)]
    best = _best(parse_query(f"{' '.join(said)} {detour.about}"), upstreams, catalog, ranker)
    if not best:  # its tools may go by another of its names
        names = sorted({name for upstream in upstreams for name in subjects.all_names(upstream)})
        best = _best(parse_query(f"{' '.join(names)} {detour.about}"), upstreams, catalog, ranker)
    return Missed(best, why)


def missed_by_word(text: str, request: str, catalog: Catalog, subjects: Subjects, ranker: Ranker) -> Missed:
    """Return the tools for what the model says that it cannot do; none if it says nothing of the kind.

    What it does instead may stand in the same sentence, or what it cannot do: both readings are tried.
    """
    found: list[str] = []
    for sentence in lacking(text):
        named = subjects.named(_names(sentence))
        if named or "tool" in sentence.lower():
            least = LEAST if named else SURE
            readings = dict.fromkeys((without_saying_so(sentence), sentence))
            queries = (parse_query(words, (request,) if request else ()) for words in readings)
            found += next((best for query in queries if (best := _best(query, named, catalog, ranker, least))), ())
    return Missed(tuple(dict.fromkeys(found))[:MAX_MISSED], "the model said that it lacks it")


def _best(
    query: Query, upstreams: frozenset[str], catalog: Catalog, ranker: Ranker, least: float = LEAST
) -> tuple[str, ...]:
    ranked = ranker.rank(query, RANKED)
    theirs = [one for one in ranked if not upstreams or catalog.tool(one.name).upstream in upstreams]
    return tuple(scored.name for scored in _likely(theirs, least))


def _likely(ranked: list[Scored], least: float) -> list[Scored]:
    best = max((scored.probability for scored in ranked), default=0.0)
    if best < least:
        return []
    return [scored for scored in ranked if scored.probability >= SHARE_OF_BEST * best][:MAX_MISSED]


def _names(sentence: str) -> Iterable[str]:
    """Return the words that may be names of services: an everyday word only where it is written like a name."""
    capitals = {word.lower() for word in _CAPITAL.findall(sentence)}
    everyday = everyday_terms() | english_terms()
    for word in {word.lower().removesuffix("'s") for word in _WORDS.findall(sentence)}:
        if word in capitals or not everyday.intersection(stemmed([word])):
            yield word
