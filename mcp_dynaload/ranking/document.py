"""A tool as the lexical ranker sees it: bags of terms from its names, description and parameters."""

from dataclasses import dataclass

from mcp_dynaload.catalog.cost import MAX_DESCRIPTION_LENGTH
from mcp_dynaload.catalog.parameters import Parameter, parameters
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.ranking.foreign_tools import tool_in_english
from mcp_dynaload.ranking.terms import identifier_terms, prose_terms

MAX_PARAMETER_DESCRIPTION_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Field:
    """The weight of a match in one part of a definition."""

    weight: float
    length_slope: float
    """How far long texts are held back, from 0 (not at all) to 1 (in proportion)."""


FIELDS = (
    Field(weight=3.0, length_slope=0.3),  # the tool's name
    Field(weight=1.5, length_slope=0.3),  # the upstream's name
    Field(weight=1.0, length_slope=0.6),  # the description
    Field(weight=1.0, length_slope=0.6),  # the parameters' names
    Field(weight=0.4, length_slope=0.7),  # the parameters' descriptions
    Field(weight=0.4, length_slope=0.5),  # what may be said in a parameter: allowed values, alternatives
)


@dataclass(frozen=True, slots=True)
class Document:
    """The terms of one tool."""

    name: frozenset[str]
    upstream: frozenset[str]
    fields: tuple[list[str], ...]
    """Terms with repetitions, one list for each of `FIELDS`."""


def document_of(tool: Tool) -> Document:
    """Return the terms of `tool`."""
    tool = tool_in_english(tool)
    name, upstream = identifier_terms(tool.original_name), identifier_terms(tool.upstream)
    known = list(parameters(tool.input_schema))
    plain = [parameter for parameter in known if not parameter.is_alternative]
    alternatives = [parameter for parameter in known if parameter.is_alternative]
    values = dict.fromkeys(value for parameter in known for value in parameter.values)
    return Document(
        name=frozenset(name),
        upstream=frozenset(upstream),
        fields=(
            name,
            upstream,
            prose_terms(tool.description[:MAX_DESCRIPTION_LENGTH]),
            _names(plain),
            _descriptions(plain),
            identifier_terms(" ".join(values)) + _names(alternatives) + _descriptions(alternatives),
        ),
    )


def _names(some: list[Parameter]) -> list[str]:
    return identifier_terms(" ".join(parameter.name for parameter in some))


def _descriptions(some: list[Parameter]) -> list[str]:
    return prose_terms("\n".join(parameter.description[:MAX_PARAMETER_DESCRIPTION_LENGTH] for parameter in some))
