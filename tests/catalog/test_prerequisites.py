"""The tools that a definition says must be called first."""

import time

import pytest

from mcp_dynaload.catalog.prerequisites import prerequisites
from tests.builders import a_catalog, a_tool

COMMIT = "Record the staged changes. Only what is in the index is committed: stage_files first, to be sure."
SIBLINGS = {name: f"git__{name}" for name in ("commit_files", "stage_files", "show_diff", "whoami")}


@pytest.mark.parametrize(
    ("said", "first"),
    [
        (COMMIT, ("git__stage_files",)),
        ("Call stage_files before this tool; show_diff shows what is staged.", ("git__stage_files",)),
        ("Requires a token obtained from stage_files and show_diff.", ("git__stage_files", "git__show_diff")),
        ("Like stage_files, but for all files.", ()),
        ("Do first things first, commit_files last.", ()),
        ("Needs other_tool first.", ()),
        ("", ()),
    ],
)
def test_the_tools_that_a_description_sends_to_before_it(said: str, first: tuple[str, ...]) -> None:
    assert prerequisites(a_tool("commit_files", said, upstream="git"), SIBLINGS) == first


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("The path, as printed by show_diff.", ("git__show_diff",)),
        ("Who did it. Use the `whoami` tool to find your own name.", ("git__whoami",)),
        ("Who did it. You get yours from the whoami() tool.", ("git__whoami",)),
        ("Say whoami to see your name.", ()),
        ("For all of them use stage_files instead.", ()),
        ("If you later need more, call show_diff.", ()),
        ("The files for show_diff.", ()),
    ],
)
def test_the_tools_that_give_what_an_argument_takes(said: str, first: tuple[str, ...]) -> None:
    assert prerequisites(a_tool("commit_files", "Commit.", upstream="git", path=said), SIBLINGS) == first


def test_a_tool_of_another_server_is_not_meant() -> None:
    tools = a_tool("commit", COMMIT, upstream="git"), a_tool("stage_files", "Stage", upstream="theatre")

    assert a_catalog(tools).prerequisites(tools[0]) == ()


def test_a_catalog_answers_with_the_names_that_it_advertises() -> None:
    tools = a_tool("commit", COMMIT, upstream="git"), a_tool("stage_files", "Stage", upstream="git")
    catalog = a_catalog(tools)

    assert catalog.prerequisites(tools[0]) == catalog.prerequisites(tools[0]) == ("git__stage_files",)
    assert catalog.prerequisites(tools[1]) == ()


@pytest.mark.proves("bounded")
@pytest.mark.parametrize("piece", ["a", "A", "0x", "é", "a'", "a ", "(", "AKIA"])
def test_however_long_a_text_is_each_character_is_looked_at_once(piece: str) -> None:
    endless = "first use " + piece * 100_000
    began = time.process_time()

    found = prerequisites(a_tool("commit_files", f"{endless}\nstage_files first", upstream="git"), SIBLINGS)

    assert found == ("git__stage_files",)
    assert time.process_time() - began < 2  # looked at from each of its characters on, it takes minutes
