"""What a tool's own description says must be done first, with another tool of its server."""

import re

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Tool

_SENTENCE = re.compile(r"[^.;\n]+")
_COMES_FIRST = re.compile(
    r"\b(?:first|before(?:hand)?|prior|prerequisite|requires?|obtain(?:ed)?|returned by|result of)\b",
    re.IGNORECASE,
)
_IDENTIFIER = re.compile(r"[A-Za-z][\w-]*(?:[_-]|[a-z](?=[A-Z]))[\w-]*")
"""What is a tool's name and no plain word: in snake, kebab or camel case."""


def prerequisites(tool: Tool, catalog: Catalog) -> tuple[str, ...]:
    """Advertised names of the tools that the description of this one sends the model to before it."""
    sentences = (text for text in _SENTENCE.findall(tool.description) if _COMES_FIRST.search(text))
    named = dict.fromkeys(word for text in sentences for word in _IDENTIFIER.findall(text))
    if not named:
        return ()
    siblings = {other.original_name: other.name for other in catalog.tools if other.upstream == tool.upstream}
    return tuple(siblings[word] for word in named if word in siblings and word != tool.original_name)
