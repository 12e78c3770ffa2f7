"""A tool's whole definition as `tools --details` shows it."""

from collections.abc import Iterator, Mapping

from mcp_dynaload.catalog.tool import Json, Tool, json_object
from mcp_dynaload.cli.call_arguments import argument_types

_HINTS: Mapping[tuple[str, bool], str] = {
    ("readOnlyHint", True): "changes nothing",
    ("destructiveHint", True): "may destroy what was there",
    ("destructiveHint", False): "destroys nothing",
    ("idempotentHint", True): "a second call with the same arguments does no more",
    ("openWorldHint", True): "reaches beyond its own data",
    ("openWorldHint", False): "stays within its own data",
}
"""The words for what a server says of a tool."""

_INDENT = "    "


def detail_lines(tool: Tool, cost: int) -> Iterator[str]:
    """Yield a tool's name and cost, its whole description, its parameters, and what its server says of it."""
    yield f"{tool.name}  {cost:,} tokens, of server {tool.upstream}"
    yield from (f"{_INDENT}{line}".rstrip() for line in tool.description.strip().splitlines())
    properties = json_object(tool.input_schema.get("properties"))
    required = tool.input_schema.get("required")
    for name, part in properties.items():
        yield _parameter(name, json_object(part), tool.input_schema, isinstance(required, list) and name in required)
    if not properties:
        yield f"{_INDENT}no parameters"
    if hints := hints_of(tool):
        yield f"{_INDENT}says of itself: {', '.join(hints)}"


def hints_of(tool: Tool) -> list[str]:
    """Return what the server says of a tool, in words; nothing of it is checked."""
    said = json_object(tool.definition.get("annotations"))
    return [words for (key, value), words in _HINTS.items() if said.get(key) is value]


def details(tool: Tool) -> Json:
    """Return the same for a program."""
    return {
        "description": tool.description,
        "input_schema": tool.input_schema,
        "annotations": json_object(tool.definition.get("annotations")),
    }


def _parameter(name: str, part: Json, schema: Json, is_required: bool) -> str:
    kinds = " or ".join(sorted(argument_types(part, schema)))
    listed = part.get("enum")
    values = f": {', '.join(map(str, listed))}" if isinstance(listed, list) else ""  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - JSON
    notes = ", ".join(note for note in (f"{kinds}{values}", "required" if is_required else "") if note)
    said = " ".join(str(part.get("description") or "").split())
    return f"{_INDENT}{name}{f' ({notes})' if notes else ''}{f': {said}' if said else ''}"
