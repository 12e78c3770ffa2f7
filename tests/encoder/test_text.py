"""What the encoder reads of a tool."""

from mcp_dynaload.encoder.text import MAX_DESCRIPTION_LENGTH, MAX_PARAMETERS, compose_text, tool_text
from tests.builders import a_tool


def test_a_tool_is_its_name_and_upstream_in_words_its_description_and_its_parameters_names():
    tool = a_tool("createPullRequest", "Open a pull\n  request.", upstream="git-hub", head_branch="", baseRef="")

    assert tool_text(tool) == "create pull request (git hub): Open a pull request. (head branch, base ref)"


def test_what_is_missing_leaves_no_empty_brackets():
    assert compose_text("list_files", "", "", []) == "list files: "


def test_a_long_definition_is_cut():
    tool = a_tool("x", "y" * 10_000, upstream="z")
    tool.definition["inputSchema"] = {"properties": {f"p{number}": {} for number in range(100)}}

    assert len(tool_text(tool)) < MAX_DESCRIPTION_LENGTH + 8 * MAX_PARAMETERS


def test_a_schema_that_is_none_adds_nothing():
    tool = a_tool("x", "y", upstream="z")
    tool.definition["inputSchema"] = {"properties": ["not", "an", "object"]}

    assert tool_text(tool) == "x (z): y"
