import pytest

from mcp_dynaload.catalog.cost import MAX_DESCRIPTION_LENGTH
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.measure.quality.tool_search import ToolSearchRanker, content_words
from mcp_dynaload.ranking.native_search import SEARCH_HINT
from mcp_dynaload.ranking.query import Query
from tests.builders import a_catalog, a_tool

CATALOG = a_catalog(
    [
        a_tool("create_issue", "Open a new ticket. Don't repeat one.", upstream="git-hub"),
        a_tool("list_issues", "Every issue there is", upstream="git-hub"),
        a_tool("issue", upstream="tracker"),
        Tool("notes__add", "notes", {"name": "add", "_meta": {SEARCH_HINT: "memo reminder"}}),
    ]
)


def found(text: str, limit: int = 10) -> list[tuple[str, float]]:
    return [(scored.name, scored.score) for scored in ToolSearchRanker(CATALOG).rank(Query(text), limit)]


def test_a_word_scores_where_the_client_gives_it_points() -> None:
    assert found("issue") == [
        ("tracker__issue", 12 + 12),  # the name, of which it is the one part
        ("git-hub__create_issue", 12 + 4),  # a part, and within the name
        ("git-hub__list_issues", 6 + 4 + 2),  # within a part and the name, and in the description
    ]


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("git-hub", [("git-hub__create_issue", 24), ("git-hub__list_issues", 24)]),
        ("hub", [("git-hub__create_issue", 10), ("git-hub__list_issues", 10)]),  # a hyphen divides no name
        ("reminder", [("notes__add", 4)]),
        ("tick", []),  # within a word of a description is nothing
        ("tickets", []),  # no stemming
        ("don't", []),  # a stopword
        ("n't", []),
        ("list_issues", [("git-hub__list_issues", 12)]),  # the name, whose parts are others
    ],
)
def test_what_stands_within_counts_in_names_only(text: str, best: list[tuple[str, float]]) -> None:
    assert found(text) == best


def test_the_points_of_the_words_add_up_and_are_told() -> None:
    best = ToolSearchRanker(CATALOG).rank(Query("create a ticket"), 1)[0]
    assert (best.score, best.terms) == (12 + 4 + 2, ("create", "ticket"))


def test_the_query_is_the_prompts_content_words() -> None:
    assert content_words("Please create an Issue, and (again) an issue: `create_issue`!") == [
        "create",
        "issue",
        "create_issue",
    ]


def test_words_behind_the_thirty_second_are_not_looked_at() -> None:
    many = " ".join(f"w{number}" for number in range(31))
    assert found(f"{many} memo") == [("notes__add", 4)]
    assert found(f"{many} w31 memo") == []


def test_a_description_counts_as_far_as_the_client_shows_it() -> None:
    catalog = a_catalog([a_tool("a", f"{'x' * (MAX_DESCRIPTION_LENGTH - 5)} seen hidden")])
    ranker = ToolSearchRanker(catalog)
    assert [len(ranker.rank(Query(word), 1)) for word in ("seen", "hidden")] == [1, 0]


def test_a_search_returns_five() -> None:
    ranker = ToolSearchRanker(a_catalog([a_tool(f"file_{n}") for n in range(7)]))
    ranked = ranker.rank(Query("file"), 10)
    assert [scored.name for scored in ranked] == [f"git__file_{n}" for n in range(7)]
    assert [scored.probability for scored in ranked] == [1, 1, 1, 1, 1, 0, 0]
