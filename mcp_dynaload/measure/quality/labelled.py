"""Catalog files and task files: prompts with the tools that they need."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from mcp_dynaload.catalog.catalog import Catalog, build_catalog, build_tools, with_unique_names
from mcp_dynaload.catalog.cost import Count
from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.errors import ConfigError

_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class NamedCatalog:
    """A catalog, and the names under which task files speak of its tools."""

    catalog: Catalog
    names: Mapping[str, str]
    """From `server/tool` to the advertised name."""


@dataclass(frozen=True, slots=True)
class Task:
    """A prompt and what it needs; a prompt that needs nothing is a negative."""

    id: str
    prompt: str
    needs: tuple[frozenset[str], ...]
    """For each needed tool the advertised names that serve: its own and those of its alternatives."""

    optional: frozenset[str] = frozenset()
    """Tools that may be loaded as well: neither right nor wrong."""

    history: tuple[str, ...] = ()
    """Earlier prompts of the conversation, oldest first."""


class _ToolReference(BaseModel):
    server: str
    tool: str

    @property
    def key(self) -> str:
        return f"{self.server}/{self.tool}"


class _TaskLine(BaseModel):
    id: str
    query: str
    catalog: str | None = None
    tools: list[_ToolReference]
    alts: dict[str, list[str]] = {}
    optional: list[_ToolReference] = []
    history: list[str] = []


class _Definition(BaseModel, extra="allow"):
    name: str


_CATALOG = TypeAdapter(dict[str, list[_Definition]])


@dataclass(frozen=True, slots=True)
class TaskFile:
    """The lines of a task file, not yet matched with a catalog."""

    path: Path
    lines: tuple[_TaskLine, ...]

    @property
    def catalog(self) -> str:
        """The one catalog that all lines name.

        Raises:
            ConfigError: They name none, or several.
        """
        catalogs = {line.catalog for line in self.lines}
        name = catalogs.pop() if len(catalogs) == 1 else None
        if name is None:
            raise ConfigError(
                f"the lines of {str(self.path)!r} name no or several catalogs: give each the same 'catalog'"
            )
        return name


def characters_in_fours(text: str) -> int:
    """Return a quarter of the characters, rounded: the estimate of tokens that other tools' figures use."""
    return round(len(text) / _CHARACTERS_PER_TOKEN)


def read_catalog(path: Path, count: Count) -> NamedCatalog:
    """Read the catalog in a file of `{server: [definition, …]}`; a tool costs `count` of its compact JSON.

    Raises:
        ConfigError: The file cannot be read or has another shape.
    """
    try:
        servers = _CATALOG.validate_json(_text(path))
    except ValidationError as error:
        raise ConfigError(f"{str(path)!r} is no catalog ({{server: [definition, …]}}): {_first(error)}") from error
    definitions = {server: [tool.model_dump() for tool in tools] for server, tools in servers.items()}
    tools = with_unique_names(tool for server, found in definitions.items() for tool in build_tools(server, found))
    costs = {tool.name: count(definition_text(tool)) for tool in tools}
    return NamedCatalog(
        build_catalog(tools, costs), {f"{tool.upstream}/{tool.original_name}": tool.name for tool in tools}
    )


def definition_text(tool: Tool) -> str:
    """Return the text that is counted of a tool: name, description and input schema as compact JSON."""
    definition: Json = {"name": tool.original_name, "description": tool.description, "inputSchema": tool.input_schema}
    return json.dumps(definition, separators=(",", ":"), ensure_ascii=False)


def read_tasks(path: Path) -> TaskFile:
    """Read the lines of a task file.

    Raises:
        ConfigError: The file cannot be read, is empty, or a line has another shape.
    """
    lines = tuple(_parsed(path, _text(path)))
    if not lines:
        raise ConfigError(f"{str(path)!r} has no tasks")
    return TaskFile(path, lines)


def tasks_of(file: TaskFile, known: NamedCatalog) -> tuple[Task, ...]:
    """Return the tasks of a file over this catalog.

    Raises:
        ConfigError: A needed tool is not in the catalog.
    """
    return tuple(_task(line, known.names, file.path) for line in file.lines)


def _task(line: _TaskLine, names: Mapping[str, str], path: Path) -> Task:
    keys = dict.fromkeys(reference.key for reference in line.tools)
    for key in keys:
        if key not in names:
            raise ConfigError(f"task {line.id!r} of {str(path)!r} needs {key!r}, which is not in the catalog")
    return Task(
        id=line.id,
        prompt=line.query,
        # An alternative that this catalog lacks is none here.
        needs=tuple(frozenset(names[key] for key in (key, *line.alts.get(key, ())) if key in names) for key in keys),
        optional=frozenset(names[reference.key] for reference in line.optional if reference.key in names),
        history=tuple(line.history),
    )


def _parsed(path: Path, text: str) -> Iterator[_TaskLine]:
    # Not splitlines: a prompt may hold U+2028 and the like, which JSON does not escape.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield _TaskLine.model_validate_json(line)
        except ValidationError as error:
            raise ConfigError(f"line {number} of {str(path)!r} is no task: {_first(error)}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"it is no UTF-8: {error}"
        raise ConfigError(f"{str(path)!r} cannot be read: {reason}") from error


def _first(error: ValidationError) -> str:
    detail = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in detail["loc"])
    return f"{place}: {detail['msg']}" if place else detail["msg"]
