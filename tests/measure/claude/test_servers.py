"""The servers of the bench: stand-ins with real definitions, and arguments for their tools."""

import json
from pathlib import Path

import anyio
import pytest

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.claude.servers import BenchServers, bench_servers, made_up
from mcp_dynaload.measure.quality.labelled import characters_in_fours, read_catalog
from mcp_dynaload.measure.stdio_client import open_stdio_client

SCHEMA: Json = {
    "type": "object",
    "properties": {"path": {"type": "string"}, "many": {"type": "integer"}, "unasked": {"type": "string"}},
    "required": ["path", "many"],
}
FIND: Json = {"name": "find", "description": "Find a ship", "inputSchema": SCHEMA}


def servers(folder: Path) -> BenchServers:
    file = folder / "dev.json"
    file.write_text(json.dumps({"ships": [FIND], "files": [FIND]}))
    return bench_servers(read_catalog(file, characters_in_fours), folder / "servers")


async def test_a_stand_in_lists_the_real_definitions_and_answers_with_what_it_was_asked(tmp_path: Path) -> None:
    entry = servers(tmp_path).entries["ships"]

    with anyio.fail_after(60):
        async with open_stdio_client("ships", [entry["command"], *entry["args"]], {}) as client:
            listed = await client.ask("tools/list", {})
            answered = json.loads(await client.call("find", {"path": "quay"}))

    assert listed["tools"] == [FIND]
    assert answered["request"] == {"path": "quay"}
    assert len(answered["items"]) == 3


def test_a_tool_is_called_with_what_its_schema_asks_for(tmp_path: Path) -> None:
    assert servers(tmp_path).arguments("ships", "find") == {"path": "harbour path", "many": 7}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"enum": ["open", "closed"]}, "open"),
        ({"type": "integer", "default": 3}, 3),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, True),
        ({"type": "array", "items": {"type": "number"}}, [7]),
        ({"type": ["string", "null"]}, "harbour of it"),
        ({"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x", "y"]}, {"x": 7}),
    ],
)
def test_a_made_up_argument_is_of_the_schemas_form(schema: Json, value: object) -> None:
    assert made_up("of_it", schema) == value
