"""The order of the ranking by words, and how sure it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.ranking.lexical import build_ranker
from mcp_dynaload.ranking.query import Query, parse_query
from tests.builders import a_catalog, a_tool, developer_tools

RANKER = build_ranker(a_catalog(developer_tools()))


@pytest.mark.parametrize(
    ("prompt", "best"),
    [
        ("show me the git log of this repository", "git__log"),
        ("what is the current time in Tokyo?", "time__get_current_time"),
        ("please open a new issue on GitHub", "github__create_issue"),
        ("list all tables", "sqlite__list_tables"),
        ("createIssue", "github__create_issue"),
        ("merge PR 12", "github__merge_pull_request"),
        ("creating branches", "git__create_branch"),
    ],
)
def test_the_tool_whose_words_are_used_comes_first(prompt: str, best: str):
    assert RANKER.rank(parse_query(prompt), 5)[0].name == best


def test_a_word_in_the_name_counts_more_than_one_in_the_description():
    tools = [a_tool("deploy", "Ship the build"), a_tool("ship", "Deploy the build")]

    first, second = build_ranker(a_catalog(tools)).rank(parse_query("deploy"), 2)

    assert (first.name, second.name) == ("git__deploy", "git__ship")


def test_parameters_are_searched_too():
    tools = [a_tool("send", "Send a text", recipient="Phone number"), a_tool("post", "Post a text")]

    assert build_ranker(a_catalog(tools)).rank(parse_query("recipient phone"), 1)[0].name == "git__send"


def test_a_named_upstream_decides_between_like_tools():
    tools = [a_tool("create_issue", "Create an issue", upstream=upstream) for upstream in ("github", "gitlab", "jira")]
    ranker = build_ranker(a_catalog(tools))

    assert ranker.rank(parse_query("create an issue in jira"), 1)[0].name == "jira__create_issue"
    assert ranker.rank(parse_query("create an issue on GitLab"), 1)[0].name == "gitlab__create_issue"


def test_the_context_helps_but_asks_for_nothing_by_itself():
    plain = {scored.name: scored for scored in RANKER.rank(Query("close it"), 15)}
    helped = {
        scored.name: scored for scored in RANKER.rank(parse_query("close it", earlier=("list the github issues",)), 15)
    }

    assert helped["github__close_issue"].probability > plain["github__close_issue"].probability
    assert helped["github__list_issues"].probability < 0.05


def test_everyday_words_are_weak_evidence_even_in_a_small_catalog():
    weak = RANKER.rank(parse_query("create a new function to list the names"), 1)[0]
    strong = RANKER.rank(parse_query("what is in the knowledge graph?"), 1)[0]

    assert weak.probability < 0.05 < strong.probability


def test_what_is_scored_says_which_words_spoke_for_it():
    assert RANKER.rank(parse_query("show me the git log"), 1)[0].terms[:2] == ("git", "log")


def test_equal_tools_are_in_name_order():
    tools = [a_tool("same", "Same words", upstream=upstream) for upstream in ("c", "a", "b")]

    ranked = build_ranker(a_catalog(tools)).rank(parse_query("same words"), 3)

    assert [scored.name for scored in ranked] == ["a__same", "b__same", "c__same"]


def test_schemas_that_are_nested_or_strange_are_read_as_far_as_they_go():
    nested = a_tool("plot", "Draw")
    nested.definition["inputSchema"] = {
        "properties": {
            "points": {"type": "array", "items": {"properties": {"latitude": {"description": "Degrees north"}}}},
            "odd": True,
        },
        "items": [],
    }
    ranker = build_ranker(a_catalog([nested, a_tool("other")]))

    assert [scored.name for scored in ranker.rank(parse_query("latitude north"), 5)] == ["git__plot"]


def test_an_empty_catalog_ranks_nothing():
    assert build_ranker(a_catalog([])).rank(parse_query("anything"), 5) == ()


@given(st.text(max_size=200), st.integers(1, 20))
def test_rankings_are_ordered_limited_and_repeatable(text: str, limit: int):
    ranked = RANKER.rank(parse_query(text), limit)

    assert len(ranked) <= limit
    assert [scored.score for scored in ranked] == sorted((scored.score for scored in ranked), reverse=True)
    assert all(0 <= scored.probability <= 1 for scored in ranked)
    assert RANKER.rank(parse_query(text), limit) == ranked
    assert ranked == RANKER.rank(parse_query(text), 20)[:limit]
