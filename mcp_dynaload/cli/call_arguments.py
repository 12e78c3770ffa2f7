"""The arguments of a `/call` line, as a user writes them at a terminal."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from mcp_dynaload.catalog.parameters import alternatives_of, referred
from mcp_dynaload.catalog.tool import Json, json_object
from mcp_dynaload.errors import DynaloadError
from mcp_dynaload.transport import plain_json

MAX_DEPTH = 5
"""References and alternatives are followed so deep: a schema may contain itself."""

_NAME = re.compile(r"\s*([^\s=]+)=")
_WORD = re.compile(r"\S*")
_SINGLE_QUOTED = re.compile(r"'([^']*)'(?!\S)")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class _Written:
    """A value as it was typed."""

    text: str
    is_quoted: bool
    """Then it is a string, whatever it looks like."""


def parse_arguments(tool: str, text: str, schema: Json) -> dict[str, Any]:
    """Return a tool's arguments: one JSON object, or `name=value` pairs.

    A value is one word, a string in quotes, or JSON. What the schema wants as a string stays one: `zip=01234`.

    Raises:
        DynaloadError: It is neither, or there is no tool.
    """
    if not tool:
        raise DynaloadError("/call needs a tool: /call git__log max_count=3")
    text = text.strip()
    if text.startswith("{"):
        try:
            return json_object(plain_json.parse(text))
        except (ValueError, RecursionError) as error:
            raise DynaloadError(f"the arguments of {tool!r} are no JSON object: {error}") from error
    properties = json_object(schema.get("properties"))
    types = {name: argument_types(json_object(part), schema) for name, part in properties.items()}
    return {name: _value(written, types.get(name, frozenset())) for name, written in _pairs(text)}


def _pairs(text: str) -> Iterator[tuple[str, _Written]]:
    position = 0
    while position < len(text):
        found = _NAME.match(text, position)
        if found is None:
            raise DynaloadError(
                f'{text[position:].split()[0]!r} is no argument: write name=value, name="two words", or one JSON object'
            )
        written, position = _written(found[1], text, found.end())
        yield found[1], written


def _written(name: str, text: str, start: int) -> tuple[_Written, int]:
    """Return the value that starts there, and where it ends."""
    first = text[start : start + 1]
    if first == "'" and (quoted := _SINGLE_QUOTED.match(text, start)):
        return _Written(quoted[1], True), quoted.end()
    end = _json_end(text, start) if first in ('"', "[", "{") else None
    if end is not None:
        part = text[start:end]
        return _Written(plain_json.parse(part) if first == '"' else part, first == '"'), end
    if first in ("'", '"'):
        raise DynaloadError(
            f"the value of {name!r} does not end with its quote: write it as JSON, \"…\", or as it is, '…'"
        )
    word = cast(re.Match[str], _WORD.match(text, start))
    return _Written(word[0], False), word.end()


def _json_end(text: str, start: int) -> int | None:
    """Return where a JSON value ends that starts there; None if none does, or something follows it at once."""
    try:
        _, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return end if not text[end : end + 1].strip() else None


def _value(written: _Written, types: frozenset[str]) -> object:
    if written.is_quoted:
        return written.text
    try:
        value: object = plain_json.parse(written.text)
    except (ValueError, RecursionError):
        return written.text
    return written.text if "string" in types and types.isdisjoint(_types_of(value)) else value


def _types_of(value: object) -> tuple[str, ...]:
    """Return the JSON Schema types of a value."""
    match value:
        case None:
            return ("null",)
        case bool():
            return ("boolean",)
        case int():
            return ("integer", "number")
        case float():
            return ("number",)
        case list():
            return ("array",)
        case dict():
            return ("object",)
        case _:
            return ("string",)


def argument_types(node: Json, schema: Json, depth: int = 0) -> frozenset[str]:
    """Return the types that an argument's schema allows; none where it says nothing of them."""
    if depth > MAX_DEPTH:
        return frozenset()
    named = node.get("type")
    listed = node.get("enum")
    values = [
        *(cast(list[object], listed) if isinstance(listed, list) else ()),
        *([node["const"]] if "const" in node else ()),
    ]
    types = {*(cast(list[str], named) if isinstance(named, list) else [str(named)] if named else ())}
    types.update(kind for value in values for kind in _types_of(value))
    for part in (*alternatives_of(node), referred(schema, str(node.get("$ref") or ""))):
        types |= argument_types(part, schema, depth + 1)
    return frozenset(types)
