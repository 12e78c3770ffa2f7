"""Turns an object whose methods are marked with `tool` into an MCP server."""

import functools
import inspect
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any, Literal, TypeVar, cast

import anyio
import anyio.to_thread
from mcp import types as mcp_types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ArgsKwargs

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import DynaloadError

Effect = Literal["read", "write", "delete"]
"""The effect that a call may have: none, add or change, or destroy."""

Limit = Annotated[int, Field(ge=1, le=200)]
"""How many rows an answer may have."""

_Method = TypeVar("_Method", bound=Callable[..., object])
_log = logging.getLogger(__name__)
_MARK = "demo_tool"
_PARAMETER_LINE = re.compile(r"(\w+): (.*)")


class ToolFailedError(DynaloadError):
    """A demo tool could not do what was asked; its text is the tool's answer."""


@dataclass(frozen=True, slots=True)
class _Mark:
    effect: Effect
    name: str | None


@dataclass(frozen=True, slots=True)
class _BuiltTool:
    definition: mcp_types.Tool
    call: TypeAdapter[object]
    """Validates the arguments and calls the method."""

    answer: TypeAdapter[object]


class _UntitledSchema(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        """Return False: titles that only repeat a parameter's name cost tokens and say nothing."""
        return False


def tool(effect: Effect, name: str | None = None) -> Callable[[_Method], _Method]:
    """Mark a method as a tool.

    Its signature becomes the input schema, its docstring the description. An `Args:` section at the docstring's end
    describes the parameters. A dataclass as return type gives the tool an output schema and structured results.
    """

    def mark(method: _Method) -> _Method:
        setattr(method, _MARK, _Mark(effect, name))
        return method

    return mark


def build_server(name: str, provider: object, instructions: str, *, camel_case: bool = False) -> Server:
    """Build an MCP server whose tools are the marked methods of `provider`; `camel_case` renames their parameters."""
    entries = {entry.definition.name: entry for entry in _entries(provider, camel_case)}
    one_at_a_time = anyio.CapacityLimiter(1)

    async def list_tools(
        context: ServerRequestContext[object], params: mcp_types.PaginatedRequestParams | None
    ) -> mcp_types.ListToolsResult:
        return mcp_types.ListToolsResult(tools=[entry.definition for entry in entries.values()])

    async def call_tool(
        context: ServerRequestContext[object], params: mcp_types.CallToolRequestParams
    ) -> mcp_types.CallToolResult:
        entry = entries.get(params.name)
        if entry is None:
            raise MCPError(
                mcp_types.INVALID_PARAMS, f"Unknown tool {params.name!r}. This server has: {', '.join(entries)}."
            )
        call = functools.partial(_answer, entry, params.arguments or {})
        return await anyio.to_thread.run_sync(call, limiter=one_at_a_time)

    return Server(name, version="1.0.0", instructions=instructions, on_list_tools=list_tools, on_call_tool=call_tool)


def _entries(provider: object, camel_case: bool) -> list[_BuiltTool]:
    marks = [(name, getattr(member, _MARK, None)) for name, member in vars(type(provider)).items()]
    return [_entry(getattr(provider, name), mark, camel_case) for name, mark in marks if isinstance(mark, _Mark)]


def _entry(method: Callable[..., object], mark: _Mark, camel_case: bool) -> _BuiltTool:
    config = ConfigDict(alias_generator=to_camel) if camel_case else ConfigDict()
    call: TypeAdapter[object] = TypeAdapter(cast("Any", method), config=config)
    returned = inspect.signature(method).return_annotation
    answer: TypeAdapter[object] = TypeAdapter(returned)
    description, parameters = parse_docstring(inspect.getdoc(method) or "")
    if camel_case:
        parameters = {to_camel(name): text for name, text in parameters.items()}
    definition = mcp_types.Tool(
        name=mark.name or method.__name__,
        description=description,
        input_schema=_input_schema(call, parameters),
        output_schema=answer.json_schema(schema_generator=_UntitledSchema) if is_dataclass(returned) else None,
        annotations=_annotations(mark.effect),
    )
    return _BuiltTool(definition, call, answer)


def parse_docstring(text: str) -> tuple[str, dict[str, str]]:
    """Split a docstring into the description and the texts of its `Args:` section."""
    description, _, section = text.partition("\nArgs:\n")
    parameters: dict[str, str] = {}
    for line in inspect.cleandoc(section).splitlines():
        match = _PARAMETER_LINE.match(line)
        if match:
            parameters[match[1]] = match[2]
        elif parameters:
            parameters[next(reversed(parameters))] += f" {line.strip()}"
    return description.strip(), parameters


def _input_schema(call: TypeAdapter[object], parameters: Mapping[str, str]) -> Json:
    schema = call.json_schema(schema_generator=_UntitledSchema)
    for name, text in parameters.items():
        schema["properties"][name]["description"] = text
    return schema


def _annotations(effect: Effect) -> mcp_types.ToolAnnotations:
    if effect == "read":
        return mcp_types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
    return mcp_types.ToolAnnotations(read_only_hint=False, destructive_hint=effect == "delete", open_world_hint=False)


def _answer(entry: _BuiltTool, arguments: Json) -> mcp_types.CallToolResult:
    try:
        result = entry.call.validate_python(ArgsKwargs((), arguments))
    except ValidationError as error:
        return _text(f"Invalid arguments for {entry.definition.name!r}: {_describe(error)}", is_error=True)
    except ToolFailedError as error:
        return _text(str(error), is_error=True)
    except Exception as error:  # noqa: BLE001  # whatever a tool stumbles over is its answer: the server goes on
        _log.exception("tool %s failed", entry.definition.name)
        return _text(f"{entry.definition.name} failed: {error}", is_error=True)
    if isinstance(result, str):
        return _text(result)
    plain = entry.answer.dump_python(result, mode="json")
    structured = plain if entry.definition.output_schema is not None else None
    return _text(json.dumps(plain, ensure_ascii=False), structured)


def _describe(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())


def _text(text: str, structured: Json | None = None, *, is_error: bool = False) -> mcp_types.CallToolResult:
    content = mcp_types.TextContent(text=text)
    return mcp_types.CallToolResult(content=[content], structured_content=structured, is_error=is_error)
