"""The servers of the bench: stand-ins with the definitions of real ones, and arguments for their tools."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.quality.labelled import NamedCatalog

_STUB = str(Path(__file__).with_name("stub_server.py"))

MAX_DEPTH = 4
"""So deep the objects go that are made up for an argument."""


@dataclass(frozen=True, slots=True)
class BenchServers:
    """All servers of the bench, and what their tools are called with."""

    entries: Mapping[str, Json]
    """As in a servers file, by name."""

    definitions: Mapping[tuple[str, str], Json]
    """The definition of each tool, by its server and name."""

    def arguments(self, server: str, tool: str) -> Json:
        """Return arguments that the tool's schema asks for."""
        schema = _object(self.definitions[server, tool].get("inputSchema"))
        return {name: made_up(name, part) for name, part in _required(schema)}


def bench_servers(known: NamedCatalog, folder: Path) -> BenchServers:
    """Return a stand-in for each server of a catalog."""
    folder.mkdir(parents=True, exist_ok=True)
    definitions: dict[str, list[Json]] = {}
    for tool in known.catalog.tools:
        definitions.setdefault(tool.upstream, []).append({**tool.definition, "name": tool.original_name})
    entries: dict[str, Json] = {}
    for name, tools in definitions.items():
        file = folder / f"{name}.json"
        file.write_text(json.dumps({"name": name, "tools": tools}), encoding="utf-8")
        # Without site and environment: 24 of them start beside each client.
        entries[name] = {"command": sys.executable, "args": ["-I", "-S", _STUB, str(file)]}
    return BenchServers(entries, {(name, tool["name"]): tool for name, tools in definitions.items() for tool in tools})


def made_up(name: str, schema: Json, depth: int = 0) -> Any:
    """Return a plausible value for an argument: one that its schema names, or one of its type."""
    for key in ("const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key) and depth < MAX_DEPTH:
            return made_up(name, _object(schema[key][0]), depth + 1)
    kinds = schema.get("type", "string")
    kind = str(cast(list[object], kinds)[0] if isinstance(kinds, list) else kinds)
    if kind == "object":
        return {key: made_up(key, part, depth + 1) for key, part in _required(schema) if depth < MAX_DEPTH}
    if kind == "array":
        return [made_up(name, _object(schema.get("items")), depth + 1)] if depth < MAX_DEPTH else []
    return {"integer": 7, "number": 7, "boolean": True}.get(kind, f"harbour {name.replace('_', ' ')}")


def _required(schema: Json) -> list[tuple[str, Json]]:
    parts = _object(schema.get("properties"))
    names = cast(list[str], schema.get("required") or [])
    return [(name, _object(parts[name])) for name in names if isinstance(parts.get(name), dict)]


def _object(value: object) -> Json:
    """Return a part of a schema that should be an object, or an empty one."""
    return cast(Json, value) if isinstance(value, dict) else {}
