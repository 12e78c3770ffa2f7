"""Definitions in other languages put into English, as prompts are: whoever reads them reads nothing else."""

from dataclasses import replace
from typing import Any

from mcp_dynaload.catalog.cost import MAX_DESCRIPTION_LENGTH
from mcp_dynaload.catalog.tool import Json, Tool, json_object
from mcp_dynaload.ranking.foreign import in_english


def tool_in_english(tool: Tool) -> Tool:
    """Return the tool as it is, if its description has no letters but those of English; else with its texts in English.

    Only rankers read the latter: the client gets every definition as its upstream wrote it.
    """
    if tool.description.isascii():
        return tool
    schema = tool.input_schema
    known = json_object(schema.get("properties"))
    properties = {name: _described(given) for name, given in known.items()}
    definition = _described(tool.definition) | {"inputSchema": schema | {"properties": properties}}
    return replace(tool, definition=definition)


def _described(given: Any) -> Json:
    """Return an object with its description in English."""
    described = json_object(given)
    description = described.get("description")
    if not isinstance(description, str):
        return described
    return described | {"description": in_english(description[:MAX_DESCRIPTION_LENGTH])}
