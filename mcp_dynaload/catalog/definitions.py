"""Definitions as Claude Code takes them: with one that does not fit its types, it refuses the whole list.

These types are stricter than the protocol's. The client itself says what fits: `tests/e2e/odd_kinds.py` asks it.
"""

from collections.abc import Mapping
from typing import Literal

from mcp_dynaload.catalog.json_schema import RESULT, Arguments
from mcp_dynaload.catalog.shapes import FLAG, NUMBER, OBJECT, TEXT, TIME, ListOf, Record, Shape, choice, number

Kind = Literal["tool", "prompt", "resource", "resource template"]

_ICON = Record(
    {"src": TEXT, "mimeType": TEXT, "sizes": ListOf(TEXT), "theme": choice("light", "dark")},
    required=("src",),
)
_ARGUMENT = Record({"name": TEXT, "description": TEXT, "required": FLAG}, required=("name",))
_COMMON: Mapping[str, Shape] = {
    "name": TEXT,
    "title": TEXT,
    "description": TEXT,
    "icons": ListOf(_ICON),
    "_meta": OBJECT,
}
_HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
_FILE: Mapping[str, Shape] = {
    **_COMMON,
    "mimeType": TEXT,
    "annotations": Record(
        {
            "audience": ListOf(choice("user", "assistant")),
            "priority": number(0, 1, wants="a number from 0 to 1"),
            "lastModified": TIME,
        }
    ),
}

SHAPES: Mapping[Kind, Record] = {
    "tool": Record(
        {
            **_COMMON,
            "annotations": Record({"title": TEXT, **dict.fromkeys(_HINTS, FLAG)}),
            "outputSchema": RESULT,
            "execution": Record({"taskSupport": choice("required", "optional", "forbidden")}),
            "inputSchema": Arguments(),
        },
        required=("name", "inputSchema"),
    ),
    "prompt": Record({**_COMMON, "arguments": ListOf(_ARGUMENT)}, required=("name",)),
    "resource": Record({**_FILE, "uri": TEXT, "size": NUMBER}, required=("uri", "name")),
    "resource template": Record({**_FILE, "uriTemplate": TEXT}, required=("uriTemplate", "name")),
}
"""The form of each kind of element."""

IDENTITY: Mapping[Kind, str] = {
    "tool": "name",
    "prompt": "name",
    "resource": "uri",
    "resource template": "uriTemplate",
}
"""The field by which an element of each kind is asked for."""
