"""The lists of the outspoken server, a few elements on each page, with fields that no specification knows."""

from collections.abc import Mapping
from typing import Any

from mcp_dynaload.catalog.tool import Json

PAGE_SIZE = 3

CAPABILITIES: Json = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"subscribe": True, "listChanged": True},
    "completions": {},
    "logging": {},
}

NODE_SCHEMA: Json = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {"node": {"$anchor": "n", "properties": {"next": {"$ref": "#/$defs/node"}}}},
    "properties": {"tree": {"$ref": "#/$defs/node"}, "größe": {"type": "number", "xUnit": "mm"}},
    "additionalProperties": False,
}


def _tool(name: str) -> Json:
    return {
        "name": name,
        "title": f"The tool {name} \u2603",
        "description": f"Does {name}.\n\u202etricky text",
        "inputSchema": {"type": "object"} if name != "echo" else NODE_SCHEMA,
        "outputSchema": {"type": "object", "xStrict": True},
        "annotations": {"readOnlyHint": True, "openWorldHint": False, "xCost": "low"},
        "icons": [{"src": "data:image/png;base64,aGk=", "mimeType": "image/png", "sizes": ["1x1"], "xDark": True}],
        "execution": {"taskSupport": "forbidden"},
        "_meta": {"com.acme/group": name[0]},
        "xVendor": {"nested": [None, 1, {"deep": True}]},
    }


def _prompt(name: str) -> Json:
    argument = {"name": "name", "description": "Who", "required": True, "xType": "person"}
    return {"name": name, "title": name.title(), "arguments": [argument], "_meta": {"x": 1}, "xVendor": [1]}


def _resource(uri: str) -> Json:
    return {"uri": uri, "name": uri[7:], "mimeType": "text/plain", "size": 6, "annotations": {"x": 1}, "xVendor": {}}


def _template(uri: str) -> Json:
    return {"uriTemplate": uri, "name": uri[:4], "description": "by title", "_meta": {"x": 1}, "xVendor": None}


TOOL_NAMES = (
    "ask", "change", "echo", "fail", "identify", "large", "log", "progress", "refuse", "report", "say", "touch", "wait"
)  # fmt: skip

NOTES = [_resource(f"note://{title}") for title in ("four", "one", "three", "two")]

PAGED_LISTS: Mapping[str, tuple[str, list[Json], Json]] = {
    "tools/list": ("tools", [_tool(name) for name in TOOL_NAMES], _tool("zest")),
    "prompts/list": ("prompts", [_prompt(name) for name in ("greet", "p1", "p2", "p3", "p4")], _prompt("zest")),
    "resources/list": ("resources", NOTES, _resource("note://zest")),
    "resources/templates/list": (
        "resourceTemplates",
        [_template(f"{kind}://{{title}}") for kind in ("note", "poem", "song", "tale")],
        _template("zest://{title}"),
    ),
}
"""By method: the key in its result, the items, and one that comes when the list has changed."""


def page(method: str, params: Json, more: Mapping[str, Any]) -> Json:
    """Return one page of a list."""
    key, items, extra = PAGED_LISTS[method]
    if more.get(f"more {key}"):
        items = [*items, extra]
    start = int(params.get("cursor", 0))
    result: Json = {key: items[start : start + PAGE_SIZE]}
    if start + PAGE_SIZE < len(items):
        result["nextCursor"] = str(start + PAGE_SIZE)
    return result
