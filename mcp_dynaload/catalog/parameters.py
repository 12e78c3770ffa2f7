"""The words in a JSON Schema of arguments: names, descriptions and allowed values, however deep they stand."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from mcp_dynaload.catalog.tool import Json, json_object

MAX_PARAMETERS = 60
"""Looked at for one tool; in what is behind them a schema repeats itself."""

MAX_NODES = 1_000
"""Parts of a schema looked at, parameters or not: one that is made to take time takes no more."""

_LOCAL_REFERENCE = "#/"


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument, or a part of one."""

    name: str
    """Empty where the schema names none: an alternative, an element of an array."""

    argument: str
    """The name, or that of the innermost part around it that has one."""

    description: str
    values: tuple[str, ...]
    """The strings that it may be, if the schema lists them (`enum`, `const`)."""

    is_alternative: bool
    """Whether it stands in one of several schemas of which an argument follows some (`anyOf`, `oneOf`, `allOf`), or in
    one that is defined elsewhere (`$ref`)."""


def parameters(schema: Json) -> Iterator[Parameter]:
    """Yield the parameters of a schema, outer ones first; a schema that contains itself is followed once."""
    waiting = deque([("", "", schema, False)])
    followed: set[str] = set()
    many = 0
    for _ in range(MAX_NODES):
        if not waiting or many >= MAX_PARAMETERS:
            return
        name, around, node, is_alternative = waiting.popleft()
        argument = name or around
        if node is not schema:
            parameter = Parameter(name, argument, str(node.get("description") or ""), _values(node), is_alternative)
            if name or parameter.description or parameter.values:
                many += 1
                yield parameter
        reference = str(node.get("$ref") or "")
        alternatives = alternatives_of(node)
        if reference not in followed:
            followed.add(reference)
            alternatives.append(referred(schema, reference))
        inner = [(key, "", json_object(part), is_alternative) for key, part in _properties(node)]
        inner += [("", argument, json_object(node.get("items")), is_alternative)]
        inner += [("", argument, part, True) for part in alternatives]
        waiting.extend(entry for entry in inner if entry[2])


def _properties(node: Json) -> Iterator[tuple[str, object]]:
    yield from json_object(node.get("properties")).items()


def _values(node: Json) -> tuple[str, ...]:
    listed = node.get("enum")
    values = [*(cast(list[object], listed) if isinstance(listed, list) else []), node.get("const")]
    return tuple(value for value in values if isinstance(value, str))


def alternatives_of(node: Json) -> list[Json]:
    """Return the schemas of which an argument follows some."""
    groups = [node.get(key) for key in ("anyOf", "oneOf", "allOf")]
    lists = [cast(list[object], group) for group in groups if isinstance(group, list)]
    return [json_object(part) for parts in lists for part in parts]


def referred(schema: Json, reference: str) -> Json:
    """Return the schema that a reference within the schema leads to; an empty one if it leads elsewhere."""
    if not reference.startswith(_LOCAL_REFERENCE):
        return {}
    node = schema
    for step in reference.removeprefix(_LOCAL_REFERENCE).split("/"):
        node = json_object(node.get(step.replace("~1", "/").replace("~0", "~")))
    return node
