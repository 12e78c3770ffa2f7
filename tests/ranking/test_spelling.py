"""Misspelt words: they find the tools whose names were meant, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.ranking.lexical import build_ranker
from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.ranking.spelling import Spellings, distance
from tests.builders import a_catalog, a_tool

TOOLS = (
    a_tool("list_pull_requests", "Show what is open", upstream="github"),
    a_tool("search_repositories", "Look for code", upstream="github"),
    a_tool("pods_list", "Show what runs", upstream="kubernetes"),
    a_tool("update_dashboard", "Change the panels", upstream="grafana"),
    a_tool("send_message", "Tell somebody", upstream="slack"),
    a_tool("delete_stack", "Take everything down", upstream="cloud"),
)
RANKER = build_ranker(a_catalog(TOOLS))


@pytest.mark.parametrize(
    ("prompt", "best", "term"),
    [
        ("pul requests", "github__list_pull_requests", "pull"),
        ("kuberntes", "kubernetes__pods_list", "kubernet"),
        ("Grafna panels", "grafana__update_dashboard", "grafana"),
        ("the dashbaord", "grafana__update_dashboard", "dashboard"),
        ("repositries", "github__search_repositories", "repositori"),
        ("some mesage", "slack__send_message", "messag"),
    ],
)
def test_a_misspelt_word_finds_the_tool_that_is_named_so(prompt: str, best: str, term: str) -> None:
    first = RANKER.rank(parse_query(prompt), 1)[0]

    assert first.name == best
    assert term in first.terms


def test_a_misspelt_word_is_weaker_evidence_than_the_right_one() -> None:
    right, wrong = (RANKER.rank(parse_query(text), 1)[0] for text in ("kubernetes", "kuberntes"))

    assert right.name == wrong.name
    assert right.probability > wrong.probability > 0


@pytest.mark.parametrize(
    "text",
    [
        "parts of the pole",  # common words, a letter away from "pods" and "pull"
        "sack the manager",
        "flack about it",
        "pos",
        "kbrnts",
        "X2Mesage",
    ],
)
def test_other_words_are_not_taken_for_misspelt_ones(text: str) -> None:
    assert RANKER.rank(parse_query(text), 5) == ()


def test_a_product_that_is_not_there_is_not_another_one() -> None:
    tools = [a_tool("delete_stack", upstream="cloud"), a_tool("link_gitlap", upstream="cloud")]

    assert build_ranker(a_catalog(tools)).rank(parse_query("slack and gitlab"), 5) == ()


def test_only_words_in_names_are_meant() -> None:
    tools = [a_tool("one", "Handles spreadsheets"), a_tool("two", "Plays music")]

    assert build_ranker(a_catalog(tools)).rank(parse_query("spreadshets"), 5) == ()


def test_a_word_as_near_to_two_names_means_neither() -> None:
    spellings = Spellings([("blobs", "blob"), ("blocs", "bloc")])

    assert spellings.meant("blozs", "bloz") is None
    assert spellings.meant("blobbs", "blobb") == "blob"


def test_a_short_word_lacks_a_letter_of_a_pair_at_most() -> None:
    spellings = Spellings([("pull", "pull"), ("poll", "poll")])

    assert (spellings.meant("pul", "pul"), spellings.meant("pal", "pal")) == ("pull", None)


def test_a_longer_word_may_have_two_mistakes() -> None:
    spellings = Spellings([("screenshot", "screenshot"), ("panels", "panel")])

    assert spellings.meant("scrensoht", "scrensoht") == "screenshot"
    assert spellings.meant("pnlesx", "pnlesx") is None


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("pul", "pull", 1),
        ("isuse", "issue", 1),
        ("abcd", "badc", 2),
        ("teh", "the", 1),
        ("ca", "abc", 3),
        ("", "ab", 2),
    ],
)
def test_mistakes_are_letters_missing_added_exchanged_or_swapped(one: str, other: str, edits: int) -> None:
    assert distance(one, other) == edits


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_the_distance_is_the_same_in_both_directions_and_none_only_to_itself(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
