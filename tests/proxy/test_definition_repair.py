import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.catalog.definitions import SHAPES, Kind
from mcp_dynaload.catalog.json_schema import DIALECT, KEYWORDS
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.definition_repair import LOOKED_AT_ONCE, MAX_TOLD, RepairCache, RepairedListing, accept
from mcp_dynaload.upstream.listing import Listing
from tests.e2e.odd_kinds import KINDS, Key
from tests.e2e.odd_kinds import Kind as OddKind

pytestmark = pytest.mark.proves("odd-definitions")

GOOD: Json = {"name": "good", "inputSchema": {"type": "object"}, "vendorField": 1}
KIND_OF: dict[Key, Kind] = {
    "tools": "tool",
    "prompts": "prompt",
    "resources": "resource",
    "resourceTemplates": "resource template",
}
FIELD_OF: dict[Key, str] = {key: "templates" if key == "resourceTemplates" else key for key in KIND_OF}
NAMED = [kind for kind in KINDS if kind.identity is not None]
"""Those without a name do not get past the listing."""


def mended(tool: Json) -> Json:
    """Return the repaired form of the one tool of a listing."""
    (found,) = accept(Listing(tools=(tool,))).listing.tools
    return found


def mended_schema(schema: object) -> object:
    return mended({"name": "a", "inputSchema": schema})["inputSchema"]


def accepted(kind: OddKind) -> RepairedListing:
    return accept(Listing(**{FIELD_OF[kind.key]: (kind.element,)}))  # pyright: ignore[reportArgumentType] - a list


@pytest.mark.parametrize("kind", NAMED, ids=lambda kind: kind.name)
def test_each_kind_is_kept_repaired_or_left_out_as_the_table_says_and_told(kind: OddKind) -> None:
    result = accepted(kind)

    elements = getattr(result.listing, FIELD_OF[kind.key])
    told = result.oddities.elements
    if kind.ours == "kept":
        assert (elements, told) == ((kind.element,), ())
    elif kind.ours == "repaired":
        assert [SHAPES[KIND_OF[kind.key]].fit([element]) for element in elements] == [True]
        json.dumps(elements, allow_nan=False)
        assert [element.is_left_out for element in told] == [False]
    else:
        assert elements == ()
        assert [element.is_left_out for element in told] == [True]


@pytest.mark.parametrize(
    "bad",
    [
        {"name": "bad"},
        {"name": "bad", "inputSchema": "none"},
        {"name": "bad", "inputSchema": {"type": "string"}},
    ],
)
def test_a_tool_that_clients_refuse_does_not_cost_them_the_others(bad: Json) -> None:
    assert accept(Listing(tools=(bad, GOOD))).listing == Listing(tools=(GOOD,))


def test_the_same_holds_for_prompts_resources_and_templates() -> None:
    listing = Listing(
        prompts=({"name": "p", "arguments": 1}, {"name": "q"}),
        resources=({"uri": "file:///a"}, {"uri": "file:///b", "name": "b"}),
        templates=({"uriTemplate": "a://{b}"}, {"uriTemplate": "c://{d}", "name": "d"}),
    )
    assert accept(listing).listing == Listing(
        prompts=({"name": "p"}, {"name": "q"}),
        resources=({"uri": "file:///b", "name": "b"},),
        templates=({"uriTemplate": "c://{d}", "name": "d"},),
    )


def test_only_the_odd_field_is_dropped_and_all_others_stay_as_they_are() -> None:
    odd = {**GOOD, "description": None, "annotations": {"readOnlyHint": "yes", "destructiveHint": True, "vendor": None}}

    assert mended(odd) == {**GOOD, "annotations": {"destructiveHint": True, "vendor": None}}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, {"type": "object"}),
        ({}, {"type": "object"}),
        ({"type": ["object", "null"], "title": "T"}, {"type": "object", "title": "T"}),
        (
            {"anyOf": [{"required": ["a"]}], "properties": {"a": {}}},
            {"type": "object", "anyOf": [{"required": ["a"]}], "properties": {"a": {}}},
        ),
        ({"type": "object", "properties": None, "required": None}, {"type": "object"}),
        ({"type": "object", "properties": []}, {"type": "object"}),
        ({"type": "object", "required": ["a", 1, "a"]}, {"type": "object", "required": ["a"]}),
        ({"type": "object", "properties": {"a": None}}, {"type": "object", "properties": {"a": {}}}),
        (
            {"type": "object", "properties": {"a": {"type": "string", "description": None, "default": None}}},
            {"type": "object", "properties": {"a": {"type": "string", "default": None}}},
        ),
        (
            {"type": "object", "properties": {"a": {"minimum": -math.inf, "maximum": 10**400, "default": [math.nan]}}},
            {"type": "object", "properties": {"a": {}}},
        ),
        (
            {"type": "object", "properties": {"a b": {}, "c": {}}, "required": ["c"]},
            {"type": "object", "properties": {"c": {}}, "required": ["c"]},
        ),
        ({"$schema": 7, "type": "object"}, {"type": "object"}),
    ],
)
def test_a_schema_is_repaired_where_it_has_one_meaning(schema: object, expected: Json) -> None:
    assert mended_schema(schema) == expected


def test_what_another_dialect_allows_is_not_judged_by_ours() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"a": {"items": [{"type": "string"}], "description": None}},
    }

    assert mended_schema(schema) == schema


def test_a_schema_nested_beyond_all_bounds_costs_only_its_tool() -> None:
    deep: Json = {"type": "string", "minimum": "0"}
    for _ in range(5_000):
        deep = {"not": deep}

    result = accept(Listing(tools=({"name": "deep", "inputSchema": {"type": "object", "not": deep}}, GOOD)))

    assert result.listing.tools == (GOOD,)
    assert result.oddities.elements[0].reasons[0].why == "is nested too deeply"


def test_of_two_elements_with_one_name_the_first_counts_and_the_other_is_told() -> None:
    other = {**GOOD, "description": "another"}

    result = accept(Listing(tools=(GOOD, other)))

    assert result.listing.tools == (GOOD,)
    assert list(result.oddities.sentences) == ["tool 'good' left out: name is that of an earlier one"]


@pytest.mark.parametrize("kind", NAMED, ids=lambda kind: kind.name)
def test_an_odd_element_in_a_long_list_costs_nothing_but_itself(kind: OddKind) -> None:
    usual: list[Json] = [
        {"name": f"n{number}", "uri": f"a:{number}", "uriTemplate": f"a:{number}", "inputSchema": {"type": "object"}}
        for number in range(3 * LOOKED_AT_ONCE)
    ]
    alone = getattr(accepted(kind).listing, FIELD_OF[kind.key])
    middle = LOOKED_AT_ONCE + 1
    elements = (*usual[:middle], kind.element, *usual[middle:])

    listing = accept(Listing(**{FIELD_OF[kind.key]: elements})).listing  # pyright: ignore[reportArgumentType] - a list

    assert getattr(listing, FIELD_OF[kind.key]) == (*usual[:middle], *alone, *usual[middle:])


SCHEMAS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.sampled_from(["object", "string", "a b", 0, 10**400, DIALECT]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*KEYWORDS, "vendor"]), inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "properties", "required", "items", "anyOf"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.lists(SCHEMAS, max_size=6))
def test_elements_looked_at_together_are_taken_as_each_by_itself(schemas: list[object]) -> None:
    tools = tuple({"name": f"t{number}", "inputSchema": schema} for number, schema in enumerate(schemas))

    together = accept(Listing(tools=tools))

    alone = [accept(Listing(tools=(tool,))) for tool in tools]
    assert together.listing.tools == tuple(found for one in alone for found in one.listing.tools)
    assert sorted(together.oddities.sentences) == sorted(said for one in alone for said in one.oddities.sentences)
    json.dumps(together.listing.tools, allow_nan=False)


def test_what_a_server_lists_again_is_not_looked_at_again() -> None:
    last = RepairCache()
    odd = {**GOOD, "title": None}

    first = last.accept("a", Listing(tools=(odd,), digest="1"))
    again = last.accept("a", Listing(tools=(dict(odd),), digest="1", instructions="news"))
    others = [last.accept("a", Listing(tools=(odd,), digest="2")), last.accept("b", Listing(tools=(odd,), digest="1"))]

    assert again.listing.tools[0] is first.listing.tools[0]
    assert (again.listing.instructions, again.oddities) == ("news", first.oddities)
    assert all(other.listing.tools == (GOOD,) for other in others)
    assert all(other.listing.tools[0] is not first.listing.tools[0] for other in others)


def test_a_listing_without_a_digest_is_looked_at_each_time() -> None:
    last = RepairCache()

    tools = [last.accept("a", Listing(tools=(tool,))).listing.tools for tool in (GOOD, {**GOOD, "title": None})]

    assert tools == [(GOOD,), (GOOD,)]


def test_what_was_too_deep_to_be_read_is_told() -> None:
    oddities = accept(Listing(tools=(GOOD,), too_deep={"tools": ["deep"]})).oddities

    assert (oddities.left_out, oddities.sentences) == (1, ("tool 'deep' left out: is nested too deeply",))


def test_what_a_server_wrote_is_quoted_on_one_line_and_bounded() -> None:
    names = [f"tool {number}\n[red]\x1b]\ud800{'x' * 500}" for number in range(200)]
    listing = Listing(
        tools=tuple({"name": name, "inputSchema": {"type": "object"}, "title": "\n" * 99 and 5} for name in names),
        unnamed={"prompts": 2},
    )

    oddities = accept(listing).oddities

    assert (oddities.repaired, oddities.left_out, len(oddities.elements)) == (200, 2, MAX_TOLD)
    assert oddities.sentences[0] == "prompt without a name left out: name is no text in 2 of them"
    assert all(sentence.isprintable() and len(sentence) < 200 for sentence in oddities.sentences)
