"""The words that are found in a schema of arguments, wherever in it they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.catalog.parameters import MAX_PARAMETERS, Parameter, parameters
from mcp_dynaload.catalog.tool import Json


def named(schema: Json) -> list[str]:
    return [parameter.name for parameter in parameters(schema) if parameter.name]


def test_the_arguments_come_with_their_descriptions_and_allowed_values():
    schema = {"properties": {"path": {"description": "Where"}, "mode": {"enum": ["read", 7, "write"]}, "x": True}}

    assert list(parameters(schema)) == [
        Parameter("path", "path", "Where", (), is_alternative=False),
        Parameter("mode", "mode", "", ("read", "write"), is_alternative=False),
    ]


def test_outer_ones_come_before_those_inside_of_them():
    inner = {"properties": {"c": {"type": "string"}}}
    schema = {"properties": {"a": {"type": "array", "items": inner}, "b": inner}}

    assert named(schema) == ["a", "b", "c", "c"]


def test_the_parts_of_an_argument_without_a_name_are_told_to_be_its():
    schema = {"properties": {"action": {"type": "array", "items": {"enum": ["start", "stop"]}}}}

    assert list(parameters(schema))[1] == Parameter("", "action", "", ("start", "stop"), is_alternative=False)


@pytest.mark.parametrize("key", ["anyOf", "oneOf", "allOf"])
def test_alternatives_are_followed_and_marked(key: str):
    search = {"properties": {"$vectorSearch": {"description": "By meaning"}}}
    schema = {"properties": {"stage": {key: [search, {"const": "count"}]}}}

    assert list(parameters(schema))[1:] == [
        Parameter("", "stage", "", ("count",), is_alternative=True),
        Parameter("$vectorSearch", "$vectorSearch", "By meaning", (), is_alternative=True),
    ]


def test_references_within_the_schema_are_followed_once():
    person = {"properties": {"name": {"type": "string"}, "boss": {"$ref": "#/$defs/a~1person"}}}
    schema = {"$defs": {"a/person": person}, "properties": {"who": {"$ref": "#/$defs/a~1person"}}}

    assert named(schema) == ["who", "name", "boss"]


def test_references_to_elsewhere_and_into_nothing_lead_nowhere():
    schema = {"properties": {"a": {"$ref": "https://example.com/a.json"}, "b": {"$ref": "#/$defs/missing"}}}

    assert named(schema) == ["a", "b"]


def test_of_a_huge_schema_the_beginning_is_read():
    schema = {"properties": {f"p{number}": {"type": "string"} for number in range(10 * MAX_PARAMETERS)}}

    assert named(schema) == [f"p{number}" for number in range(MAX_PARAMETERS)]


def test_a_schema_of_countless_nameless_parts_is_not_looked_through():
    schema = {"anyOf": [{"type": "string"}] * 100_000 + [{"const": "last"}]}

    assert list(parameters(schema)) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.just("#") | st.just("#/properties"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["properties", "items", "anyOf", "enum", "const", "$ref", "a"]), inner)
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(["properties", "items", "oneOf", "allOf", "$ref", "$defs", "b"]), JSON))
def test_no_schema_is_too_strange(schema: Json):
    assert len(list(parameters(schema))) <= MAX_PARAMETERS + 10
