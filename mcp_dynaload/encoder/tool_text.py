"""The texts that stand for tools before the encoder."""

import re
from collections.abc import Iterable
from textwrap import wrap

from mcp_dynaload.catalog.cost import MAX_DESCRIPTION_LENGTH as MAX_SEEN
from mcp_dynaload.catalog.parameters import Parameter, parameters
from mcp_dynaload.catalog.tool import Tool, json_object

TEXTS = 3
"""To be raised with each change of what `tool_texts` gives, after which stored vectors are of other texts."""

MAX_DESCRIPTION_LENGTH = 500
"""Characters: more would not fit in what the encoder reads."""

MAX_PARAMETERS = 12

SHORT_DESCRIPTION_LENGTH = 80
"""A description below it leaves questions that the parameters' names answer; a longer one is better without them."""

DETAIL_LENGTH = 450
"""Characters of a text beside the first one."""

MAX_DETAILS = 2
"""Texts of what the first one leaves of a description, and as many of an argument's."""

OVERLAP = 60
"""Characters of a description that both texts have, so that no sentence is lost between them."""

LONG_ARGUMENT_LENGTH = 200
"""From here on an argument's description may tell more of a tool than the tool's own."""

ACTIONS = {
    "action",
    "actions",
    "api",
    "command",
    "function",
    "method",
    "mode",
    "op",
    "operation",
    "resource",
    "task",
    "verb",
}
"""The names of arguments that say which of several things a tool is to do."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATOR = re.compile(r"[\W_]+")


def tool_texts(tool: Tool) -> tuple[str, ...]:
    """Return the texts that the encoder reads of a tool: first `tool_text`, then what does not fit there.

    That is what the tool can be told to do (`action`: accept, reject), the rest of a long description, and what is
    said of an argument where that is more than of the tool. A prompt is about a tool if it is near to one of these.
    """
    known = list(parameters(tool.input_schema))
    description = " ".join(tool.description[:MAX_SEEN].split())
    argument = max((" ".join(parameter.description.split()) for parameter in known), key=len, default="")
    details = [_actions(known), *_pieces(description[MAX_DESCRIPTION_LENGTH - OVERLAP :], 2 * OVERLAP)]
    if len(argument) > len(description):
        details += _pieces(argument, LONG_ARGUMENT_LENGTH)
    texts = (compose_text(tool.original_name, tool.upstream, detail, ()) for detail in details if detail)
    return tool_text(tool), *texts


def _actions(known: Iterable[Parameter]) -> str:
    values = dict.fromkeys(
        split_identifier(value)
        for parameter in known
        if parameter.argument.lower() in ACTIONS
        for value in parameter.values
    )
    return ", ".join(values)[:DETAIL_LENGTH]


def _pieces(text: str, least: int) -> list[str]:
    """Return the beginning of a text in texts of at least so many characters each."""
    return wrap(text, DETAIL_LENGTH)[:MAX_DETAILS] if len(text) >= least else []


def tool_text(tool: Tool) -> str:
    """Return the tool's name and upstream in words and the beginning of its description.

    The parameters' names follow where the description is short.
    """
    is_short = len(tool.description) < SHORT_DESCRIPTION_LENGTH
    names = list(json_object(tool.input_schema.get("properties")))[:MAX_PARAMETERS] if is_short else []
    return compose_text(tool.original_name, tool.upstream, tool.description, names)


def compose_text(name: str, upstream: str, description: str, arguments: Iterable[str]) -> str:
    """Return the text of a tool of which these parts are known; each may be empty."""
    head, origin = split_identifier(name), split_identifier(upstream)
    body = " ".join(description.split())[:MAX_DESCRIPTION_LENGTH]
    tail = ", ".join(map(split_identifier, arguments))
    return (f"{head} ({origin}): " if origin else f"{head}: ") + body + (f" ({tail})" if tail else "")


def split_identifier(identifier: str) -> str:
    """Return an identifier as lower-case words."""
    return " ".join(_CAMEL.sub(" ", _SEPARATOR.sub(" ", identifier)).split()).lower()
