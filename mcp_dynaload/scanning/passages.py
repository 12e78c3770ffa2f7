"""All texts of a definition, each with its place: names, descriptions, whole schemas, annotations, `_meta`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.scanning.nearby import words_in

Role = Literal["name", "text"]

MAX_PLACE = 200
"""Characters of a place that are kept, and of one key in it."""

KEYWORDS = words_in(
    """
    name title description inputSchema outputSchema annotations _meta arguments uri uriTemplate mimeType icons
    type properties required items enum const default examples example format pattern minimum maximum minLength
    maxLength minItems maxItems additionalProperties anyOf oneOf allOf not $ref $defs definitions $schema $id
    $anchor exclusiveMinimum exclusiveMaximum multipleOf uniqueItems prefixItems contains if then else
    dependentRequired dependentSchemas patternProperties propertyNames unevaluatedProperties minProperties
    maxProperties readOnly writeOnly deprecated nullable instructions size readOnlyHint destructiveHint
    idempotentHint openWorldHint $comment contentEncoding contentMediaType
    """
)
"""Keys that MCP and JSON Schema define: what they say is no server's."""

NAMES = frozenset({"name", "title", "uri", "uriTemplate"})
"""At the top of an element these hold names."""

_JOINT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-./:\s]+")


@dataclass(frozen=True, slots=True)
class Passage:
    """One text of a definition."""

    place: str
    text: str
    role: Role


def passages(definition: Json) -> Iterator[Passage]:
    """Yield every text and every key that the server chose, in the definition's order."""
    waiting: list[tuple[str, object]] = [("", definition)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str):
            yield Passage(place, value, "name" if place in NAMES else "text")
        elif isinstance(value, dict):
            inner = cast(dict[str, object], value)
            for key in inner:
                if key not in KEYWORDS:
                    yield Passage(_inside(place, key), key, "name")
            waiting += [(_inside(place, key), inner[key]) for key in reversed(inner)]
        elif isinstance(value, list):
            items = cast(list[object], value)
            waiting += [(f"{place}[{number}]", items[number]) for number in range(len(items) - 1, -1, -1)]


def _inside(place: str, key: str) -> str:
    """Return the place of a key; only its end is kept, since a server may nest and name as it likes."""
    return f"{place[-MAX_PLACE:]}.{key[:MAX_PLACE]}" if place else key[:MAX_PLACE]


def all_text(definition: Json) -> tuple[str, set[str], frozenset[str]]:
    """Return the same texts in one, in no order that matters, its keys, and both as a set.

    For a first look, before places count.
    """
    waiting: list[object] = [definition]
    found: list[str] = []
    keys: set[str] = set()
    for value in waiting:
        if type(value) is str:
            found.append(value)
        elif type(value) is dict:
            inner = cast(dict[str, object], value)
            keys.update(inner)
            waiting += inner.values()
        elif type(value) is list:
            waiting += cast(list[object], value)
    keys -= KEYWORDS
    names = [name for name in (*found, *keys) if "_" in name and " " not in name]
    return "\n".join((*found, *keys, " ".join(names).replace("_", " "))), keys, frozenset(found) | keys


def words_of_name(name: str) -> str:
    """Return a name as words: `readSSH_key` as `read ssh key`."""
    return _JOINT.sub(" ", name).lower()
