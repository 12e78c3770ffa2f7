"""The texts that the encoder reads of a tool."""

from mcp_dynaload.encoder.tool_text import (
    DETAIL_LENGTH,
    MAX_DESCRIPTION_LENGTH,
    MAX_PARAMETERS,
    compose_text,
    tool_text,
    tool_texts,
)
from tests.builders import a_tool


def test_a_tool_is_its_name_and_upstream_in_words_its_short_description_and_its_parameters():
    tool = a_tool("createPullRequest", "Open a pull\n  request.", upstream="git-hub", head_branch="", baseRef="")

    assert tool_text(tool) == "create pull request (git hub): Open a pull request. (head branch, base ref)"


def test_a_description_that_is_not_short_stands_without_the_parameters():
    tool = a_tool("open", "Open it. " * 10, upstream="door", key="")

    assert tool_text(tool) == "open (door): " + ("Open it. " * 10).strip()


def test_what_is_missing_leaves_no_empty_brackets():
    assert compose_text("list_files", "", "", []) == "list files: "


def test_a_long_definition_is_cut():
    terse = a_tool("x", "y", upstream="z")
    terse.definition["inputSchema"] = {"properties": dict.fromkeys([f"p{number}" for number in range(100)], True)}

    assert tool_text(a_tool("x", "y" * 10_000, upstream="z")) == "x (z): " + "y" * MAX_DESCRIPTION_LENGTH
    assert tool_text(terse) == "x (z): y (" + ", ".join(f"p{number}" for number in range(MAX_PARAMETERS)) + ")"


def test_a_schema_that_is_none_adds_nothing():
    tool = a_tool("x", "y", upstream="z")
    tool.definition["inputSchema"] = {"properties": ["not", "an", "object"]}

    assert tool_text(tool) == "x (z): y"


def test_a_short_definition_is_one_text():
    tool = a_tool("open", "Open a door", upstream="house", key="Which key")

    assert tool_texts(tool) == (tool_text(tool),)


def test_what_a_tool_can_be_told_to_do_is_a_text_of_its_own():
    tool = a_tool("peering", "Manage peering. " * 8, upstream="net")
    tool.definition["inputSchema"] = {
        "properties": {"action": {"enum": ["acceptPeering", "reject_peering"]}, "order": {"enum": ["asc", "desc"]}}
    }

    assert tool_texts(tool)[1:] == ("peering (net): accept peering, reject peering",)


def test_the_rest_of_a_long_description_stands_in_texts_of_its_own():
    description = " ".join(f"Sentence {number} says something." for number in range(100))
    tool = a_tool("x", description, upstream="z")

    first, *more = tool_texts(tool)

    assert first == tool_text(tool)
    assert len(more) == 2
    assert all(text.startswith("x (z): ") and len(text) <= DETAIL_LENGTH + len("x (z): ") for text in more)
    assert more[0].removeprefix("x (z): ")[:20] in first, "they overlap"
    assert "Sentence 25 says something." in more[0] + more[1]


def test_an_argument_that_tells_more_than_the_tool_is_read_too():
    told = "Stages to run. " * 4 + "For a search by meaning begin with $vectorSearch, which needs an index. " * 3
    telling = a_tool("aggregate", "Run an aggregation", upstream="db", pipeline=told)
    modest = a_tool("aggregate", "Run an aggregation. " * 30, upstream="db", pipeline=told)

    assert "vectorSearch" in tool_texts(telling)[1]
    assert not any("vectorSearch" in text for text in tool_texts(modest))
