"""Tools of the same server that a tool's own definition says must be called first."""

import re
from collections.abc import Iterator, Mapping

from mcp_dynaload.catalog.parameters import parameters
from mcp_dynaload.catalog.tool import Tool

_SENTENCE = re.compile(r"[^.;\n]+")
_COMES_FIRST = re.compile(
    r"\b(?:first|before(?:hand)?|prior|prerequisite|requires?|obtain(?:ed)?|returned by|result of)\b",
    re.IGNORECASE,
)
_GIVES_VALUE = re.compile(r"\b(?:from|by|us(?:e|ing)|call(?:ed|ing)?|via|through|run(?:ning)?)\b", re.IGNORECASE)
"""In what is said of an argument: that another tool gives what it may be."""

_COMES_LATER = re.compile(r"\b(?:after|instead|later|not|rather|then|unlike|without)\b", re.IGNORECASE)
_RUN = re.compile(r"[\w-]+")
_LETTER = re.compile(r"[A-Za-z]")
_COMPOUND = re.compile(r"[_-]|[a-z][A-Z]")
"""In a name in snake, kebab or camel case."""

_CALLED_TOOL = re.compile(r"[`'\"]?(?:\(\))?[`'\"]? tool\b")
"""Behind a name that is called a tool."""


def prerequisites(tool: Tool, siblings: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tools of the same server, advertised names by own names, that this one sends the model to first.

    Its description says so, or that of an argument which takes what the other tool gives.
    """
    named = dict.fromkeys(word for text in _sentences(tool) for word in _identifiers(text))
    return tuple(siblings[word] for word in named if word in siblings and word != tool.original_name)


def _sentences(tool: Tool) -> Iterator[str]:
    yield from (text for text in _SENTENCE.findall(tool.description) if _COMES_FIRST.search(text))
    for parameter in parameters(tool.input_schema):
        for text in _SENTENCE.findall(parameter.description):
            if _GIVES_VALUE.search(text) and not _COMES_LATER.search(text):
                yield text


def _identifiers(text: str) -> Iterator[str]:
    """Yield the names of tools that are no plain words; each character is looked at once, however long the text is."""
    for run in _RUN.finditer(text):
        if (letter := _LETTER.search(run[0])) is None:
            continue
        word = run[0][letter.start() :]
        if _COMPOUND.search(word, 1) or _CALLED_TOOL.match(text, run.end()):
            yield word
