"""What the encoder reads of a tool."""

from mcp_dynaload.encoder.text import MAX_DESCRIPTION_LENGTH, MAX_PARAMETERS, compose_text, tool_text
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
