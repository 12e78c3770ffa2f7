"""The texts that stand for tools before the encoder."""

import re
from collections.abc import Iterable

from mcp_dynaload.catalog.tool import Tool, json_object

MAX_DESCRIPTION_LENGTH = 500
"""Characters: more would not fit in what the encoder reads."""

MAX_PARAMETERS = 12

SHORT_DESCRIPTION_LENGTH = 80
"""A description below it leaves questions that the parameters' names answer; a longer one is better without them."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATOR = re.compile(r"[\W_]+")


def tool_text(tool: Tool) -> str:
    """What the encoder reads of a tool: its name and upstream in words and its description.

    The parameters' names follow where the description is short.
    """
    is_short = len(tool.description) < SHORT_DESCRIPTION_LENGTH
    parameters = list(json_object(tool.input_schema.get("properties")))[:MAX_PARAMETERS] if is_short else []
    return compose_text(tool.original_name, tool.upstream, tool.description, parameters)


def compose_text(name: str, upstream: str, description: str, parameters: Iterable[str]) -> str:
    """The text of a tool of which these parts are known; each may be empty."""
    head, origin = split_identifier(name), split_identifier(upstream)
    body = " ".join(description.split())[:MAX_DESCRIPTION_LENGTH]
    tail = ", ".join(map(split_identifier, parameters))
    return (f"{head} ({origin}): " if origin else f"{head}: ") + body + (f" ({tail})" if tail else "")


def split_identifier(identifier: str) -> str:
    """An identifier as lower-case words."""
    return " ".join(_CAMEL.sub(" ", _SEPARATOR.sub(" ", identifier)).split()).lower()
