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
_IDENTIFIER = re.compile(r"[A-Za-z][\w-]*(?:[_-]|[a-z](?=[A-Z]))[\w-]*|[A-Za-z]\w*(?=[`'\"]?(?:\(\))?[`'\"]? tool\b)")
"""A tool's name that is no plain word: in snake, kebab or camel case, or called a tool."""


def prerequisites(tool: Tool, siblings: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tools of the same server, advertised names by own names, that this one sends the model to first.

    Its description says so, or that of an argument which takes what the other tool gives.
    """
    named = dict.fromkeys(word for text in _sentences(tool) for word in _IDENTIFIER.findall(text))
    return tuple(siblings[word] for word in named if word in siblings and word != tool.original_name)


def _sentences(tool: Tool) -> Iterator[str]:
    yield from (text for text in _SENTENCE.findall(tool.description) if _COMES_FIRST.search(text))
    for parameter in parameters(tool.input_schema):
        for text in _SENTENCE.findall(parameter.description):
            if _GIVES_VALUE.search(text) and not _COMES_LATER.search(text):
                yield text
