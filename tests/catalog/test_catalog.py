"""How a catalog is built and looked up."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.catalog.catalog import build_catalog, build_tools, with_unique_names
from mcp_dynaload.catalog.names import MAX_NAME_LENGTH
from mcp_dynaload.catalog.tool import Tool
from tests.builders import a_catalog, a_definition, a_tool


def names(tools: tuple[Tool, ...]) -> list[str]:
    return [tool.name for tool in tools]


def test_tools_stand_in_name_order_and_are_found_by_name():
    catalog = a_catalog([a_tool("status"), a_tool("log")])

    assert names(catalog.tools) == ["git__log", "git__status"]
    assert catalog.get("git__log") == a_tool("log")
    assert catalog.get("log") is None


def test_all_costs_add_up():
    tools = [a_tool("log"), a_tool("status")]

    assert build_catalog(tools, {"git__log": 30, "git__status": 12, "gone": 7}).total_cost == 42


def test_the_version_depends_on_names_and_definitions_but_not_on_order():
    catalog = a_catalog([a_tool("log"), a_tool("status")])

    assert a_catalog([a_tool("status"), a_tool("log")]).version == catalog.version
    assert a_catalog([a_tool("log"), a_tool("status", "Changed")]).version != catalog.version
    assert a_catalog([a_tool("log")]).version != catalog.version


def test_nearest_names_are_found_by_spelling_with_and_without_the_upstream():
    catalog = a_catalog([a_tool("create_issue", upstream="github"), a_tool("log"), a_tool("status")])

    assert catalog.nearest("github__create_isue") == ("github__create_issue",)
    assert catalog.nearest("Create_Issues") == ("github__create_issue",)
    assert catalog.nearest("zzzz") == ()


def test_globs_choose_and_pin_tools_by_the_upstreams_own_names():
    definitions = [a_definition(name) for name in ("get_user", "get_repo", "delete_repo", "search")]

    tools = build_tools("gh", definitions, include=["get_*", "*_repo"], exclude=["delete_*"], pin=["get_u*"])

    assert names(tools) == ["gh__get_user", "gh__get_repo"]
    assert [tool.pinned for tool in tools] == [True, False]


def test_a_prefix_and_categories_are_taken_from_the_configuration():
    (tool,) = build_tools("github", [a_definition("search")], prefix="gh-", categories=("code",))

    assert (tool.name, tool.upstream, tool.original_name, tool.categories) == (
        "gh-search",
        "github",
        "search",
        ("code",),
    )


def test_of_two_definitions_with_one_name_the_first_counts():
    tools = build_tools("git", [a_definition("log", "first"), a_definition("log", "second")])

    assert [tool.description for tool in tools] == ["first"]


def test_upstreams_that_meet_in_a_name_are_told_apart():
    tools = (
        *build_tools("b", [a_definition("search")], prefix=""),
        *build_tools("a", [a_definition("search")], prefix=""),
    )

    first, second = with_unique_names(tools)

    assert (first.name, first.upstream) == ("search", "a")
    assert second.name.startswith("search_")
    assert second.upstream == "b"


def test_a_reserved_name_is_given_to_no_tool():
    (tool,) = with_unique_names(
        build_tools("a", [a_definition("find_tools")], prefix=""), reserved=frozenset({"find_tools"})
    )

    assert tool.name.startswith("find_tools_")


short_names = st.text("ab_", min_size=1, max_size=3)


@given(st.dictionaries(short_names, st.lists(short_names, unique=True, max_size=4), max_size=4), st.randoms())
def test_names_are_unique_legal_in_length_and_independent_of_order(listed: dict[str, list[str]], random: Random):
    tools = [
        tool
        for upstream, originals in listed.items()
        for tool in build_tools(upstream, [a_definition(name) for name in originals], prefix="")
    ]

    unique = with_unique_names(tools)
    random.shuffle(tools)

    assert len(set(names(unique))) == len(tools)
    assert {(tool.upstream, tool.original_name) for tool in unique} == {
        (tool.upstream, tool.original_name) for tool in tools
    }
    assert all(len(name) <= MAX_NAME_LENGTH for name in names(unique))
    assert with_unique_names(tools) == unique


@pytest.mark.proves("client-settings")
def test_a_tool_is_pinned_by_its_own_word_or_that_of_its_servers_entry() -> None:
    definitions = [
        {**a_definition(name), "_meta": {"anthropic/alwaysLoad": told}}
        for name, told in (("always", True), ("never", False), ("odd", "yes"))
    ] + [a_definition("silent")]

    plain = {tool.original_name: tool.pinned for tool in build_tools("s", definitions)}
    loaded = {tool.original_name: tool.pinned for tool in build_tools("s", definitions, always_load=True)}

    assert plain == {"always": True, "never": False, "odd": False, "silent": False}
    assert loaded == {"always": True, "never": False, "odd": True, "silent": True}
