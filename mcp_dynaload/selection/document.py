"""A tool as the lexical ranker sees it: bags of terms from its names, description and parameters."""

from collections.abc import Iterator
from dataclasses import dataclass

from mcp_dynaload.catalog.cost import MAX_DESCRIPTION_LENGTH
from mcp_dynaload.catalog.tool import Json, Tool, json_object
from mcp_dynaload.selection.terms import identifier_terms, prose_terms

MAX_PARAMETERS = 60
MAX_PARAMETER_DESCRIPTION_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Field:
    """How much a match in one part of a definition counts."""

    weight: float
    length_slope: float
    """How far long texts are held back, from 0 (not at all) to 1 (in proportion)."""


FIELDS = (
    Field(weight=3.0, length_slope=0.3),  # the tool's name
    Field(weight=1.5, length_slope=0.3),  # the upstream's name
    Field(weight=1.0, length_slope=0.6),  # the description
    Field(weight=1.0, length_slope=0.6),  # the parameters' names
    Field(weight=0.4, length_slope=0.7),  # the parameters' descriptions
)


@dataclass(frozen=True, slots=True)
class Document:
    """The terms of one tool."""

    name: frozenset[str]
    upstream: frozenset[str]
    fields: tuple[list[str], ...]
    """Terms with repetitions, one list for each of `FIELDS`."""


def document_of(tool: Tool) -> Document:
    """The terms of `tool`."""
    name, upstream = identifier_terms(tool.original_name), identifier_terms(tool.upstream)
    parameters = tuple(_parameters(tool.input_schema))
    return Document(
        name=frozenset(name),
        upstream=frozenset(upstream),
        fields=(
            name,
            upstream,
            prose_terms(tool.description[:MAX_DESCRIPTION_LENGTH]),
            identifier_terms(" ".join(parameter for parameter, _ in parameters)),
            prose_terms("\n".join(description for _, description in parameters)),
        ),
    )


def _parameters(schema: Json) -> Iterator[tuple[str, str]]:
    """Names and descriptions of the parameters, outer ones first."""
    waiting: list[Json] = [schema]
    seen = 0
    while waiting and seen < MAX_PARAMETERS:
        node = waiting.pop(0)
        for name, value in json_object(node.get("properties")).items():
            parameter = json_object(value)
            seen += 1
            yield name, str(parameter.get("description") or "")[:MAX_PARAMETER_DESCRIPTION_LENGTH]
            waiting.append(parameter)
        waiting.append(json_object(node.get("items")))
        waiting = [schema for schema in waiting if schema]
