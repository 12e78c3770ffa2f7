"""Words and meaning together: what neither finds alone, who needs nothing, and what the ranking promises."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_dynaload.catalog.catalog import Catalog, build_catalog
from mcp_dynaload.encoder.own_work import read_own_work
from mcp_dynaload.encoder.sentence_encoder import WIDTH, read_encoder
from mcp_dynaload.encoder.tool_text import tool_texts
from mcp_dynaload.ranking.families import KIN_WEIGHT
from mcp_dynaload.ranking.features import Matrix
from mcp_dynaload.ranking.hybrid import MANY_CLAUSES, MOST_CLAUSES, HybridRanker
from mcp_dynaload.ranking.own_work import OwnWork
from mcp_dynaload.ranking.query import Query, parse_query
from mcp_dynaload.ranking.tool_vectors import ToolVectors, encode_tools, starts_of
from mcp_dynaload.selection.actions import PromptSubmitted
from mcp_dynaload.selection.state import initial_state
from mcp_dynaload.selection.step import step
from tests.builders import a_catalog, a_context, a_tool, developer_tools
from tests.hunting import examples

EVERYDAY = (Path(__file__).parent / "data/everyday.txt").read_text("utf-8").splitlines()
CATALOG = a_catalog(developer_tools())


@cache
def encoder():
    return read_encoder()


@cache
def own_work() -> OwnWork:
    return OwnWork(*read_own_work())


def blended(catalog: Catalog) -> HybridRanker:
    vectors = encode_tools([tool_texts(tool) for tool in catalog.tools], encoder().encode)
    return HybridRanker(catalog, vectors, own_work(), encoder())


@cache
def ranker() -> HybridRanker:
    return blended(CATALOG)


def best_of(prompt: str) -> str:
    return ranker().rank(parse_query(prompt), 1)[0].name


@pytest.mark.parametrize(
    ("prompt", "best"),
    [
        ("show me the git log", "git__log"),
        ("shut the ticket", "github__close_issue"),
        ("how late is it in Tokyo?", "time__get_current_time"),
        ("report a new defect on GitHub", "github__create_issue"),
        ("which tables are there?", "sqlite__list_tables"),
    ],
)
def test_a_tool_is_found_by_its_words_and_by_other_words_for_the_same(prompt: str, best: str):
    assert best_of(prompt) == best


def test_servers_that_do_what_the_client_does_itself_are_told_from_all_others():
    ranked = ranker().rank(parse_query("show the log and the tables, close the issue, how late is it?"), 20)

    assert {scored.name.partition("__")[0] for scored in ranked if scored.repeats_client} == {"git"}
    assert {"github", "sqlite", "time"} <= {scored.name.partition("__")[0] for scored in ranked}


def test_a_misspelt_server_does_not_make_a_need_less_sure():
    right, wrong, other = (
        ranker().rank(parse_query(f"close issue 7 using {name}"), 1)[0].need for name in ("github", "gihtub", "frobnix")
    )

    assert abs(right - wrong) < 0.05
    assert other < wrong


def test_each_clause_of_a_compound_prompt_brings_its_tool_near_the_top():
    query = parse_query("How late is it in Tokyo? Then file a bug about it and tell me which tables there are.")

    best = [scored.name for scored in ranker().rank(query, 5)]

    assert {"time__get_current_time", "github__create_issue", "sqlite__list_tables"} <= set(best)


def test_of_a_prompt_with_many_clauses_neighbours_are_looked_at_together():
    query = parse_query(
        "Show the git log. List all tables. Close issue 7 on github. Merge pull request 8. "
        "Create a branch for it. Tell me the current time in Tokyo."
    )

    best = [scored.name for scored in ranker().rank(query, 9)]

    assert {"git__log", "sqlite__list_tables", "github__close_issue", "time__get_current_time"} <= set(best)


def test_the_longer_a_prompt_the_more_parts_of_it_are_read_up_to_its_last():
    class Listening(Fixed):
        def read(self, texts: Sequence[str]) -> Matrix:
            read.append(list(texts))
            return super().read(texts)

    read: list[list[str]] = []
    listening = HybridRanker(CATALOG, no_vectors(len(CATALOG.tools)), own_work(), Listening())
    sentences = [f"Tell me in a few words what has happened in project number {number}." for number in range(20)]
    for many in (8, 20):
        listening.rank(parse_query(" ".join(sentences[:many])), 5)

    assert [len(texts) - 1 for texts in read] == [MANY_CLAUSES, MOST_CLAUSES]
    assert read[-1][-1].startswith(sentences[17])


def test_a_family_of_tools_comes_together():
    tools = [a_tool("search_arxiv", "Search for papers"), a_tool("arxiv_fulltext", "Return bytes of a stored thing")]
    catalog = a_catalog([*developer_tools(), *tools])

    ranked = blended(catalog).rank(parse_query("search for papers about protein folding"), 30)

    probable = {scored.name: scored.probability for scored in ranked}
    assert probable["git__arxiv_fulltext"] >= 0.99 * KIN_WEIGHT * probable["git__search_arxiv"]


def test_an_answer_is_read_with_what_it_answers_however_many_answers_are_between():
    query = parse_query("hunter2", ("justin", "list the tables of the sqlite database"))

    assert ranker().rank(query, 1)[0].name == "sqlite__list_tables"


def test_what_is_worked_out_ahead_of_a_prompt_changes_no_answer_and_is_not_worked_out_again(
    monkeypatch: pytest.MonkeyPatch,
):
    earlier = ("list the tables of the sqlite database", "show me the git log", "which issues are open?")
    queries = [parse_query(text, earlier) for text in ("only the newest", "And show it", "Count them, then close 7.")]
    expected = [blended(CATALOG).rank(query, 20) for query in queries]
    prepared = blended(CATALOG)
    prepared.anticipate(earlier)
    candidates = HybridRanker.candidates

    def noted(self: HybridRanker, query: Query, limit: int):
        late.append(query.text)
        return candidates(self, query, limit)

    late: list[str] = []
    monkeypatch.setattr(HybridRanker, "candidates", noted)

    assert [prepared.rank(query, 20) for query in queries] == expected
    assert late == []


def test_nothing_is_worked_out_ahead_of_an_empty_catalog():
    nothing = blended(a_catalog([]))
    nothing.anticipate(("show me the git log",))

    assert nothing.rank(parse_query("only the newest", ("show me the git log",)), 5) == ()


def test_a_named_upstream_decides_between_like_tools():
    tools = [a_tool("create_issue", "Create an issue", upstream=upstream) for upstream in ("github", "gitlab", "jira")]

    assert blended(a_catalog(tools)).rank(parse_query("open an issue in jira"), 1)[0].name == "jira__create_issue"


def test_of_tools_that_fit_alike_the_cheaper_one_comes_first():
    tools = [a_tool("read", "Read a report", upstream=upstream) for upstream in ("north", "south")]
    catalog = build_catalog(tools, {"north__read": 2_000, "south__read": 100})

    assert blended(catalog).rank(parse_query("read the report"), 1)[0].name == "south__read"


def test_what_is_scored_says_which_words_spoke_for_it():
    assert ranker().rank(parse_query("show me the git log"), 1)[0].terms[:2] == ("git", "log")


def test_everyday_prompts_load_nothing():
    context = a_context(CATALOG, ranker=ranker())

    loading = [prompt for prompt in EVERYDAY if step(initial_state(), PromptSubmitted(prompt), context)[1].added]

    assert len(EVERYDAY) >= 200
    assert len(loading) <= 0.05 * len(EVERYDAY), loading


def test_prompts_that_need_tools_are_not_taken_for_everyday_ones():
    context = a_context(CATALOG, ranker=ranker())
    prompts = ("what did I commit last week?", "how late is it in Tokyo?", "merge pull request 12", "list the tables")

    assert [prompt for prompt in prompts if not step(initial_state(), PromptSubmitted(prompt), context)[1].added] == []


def test_an_empty_catalog_ranks_nothing():
    assert HybridRanker(a_catalog([]), no_vectors(0), own_work(), Fixed()).rank(Q, 5) == ()


def test_vectors_of_another_catalog_are_refused():
    with pytest.raises(ValueError, match="vectors for each tool"):
        HybridRanker(CATALOG, no_vectors(1), own_work(), Fixed())


Q = parse_query("anything")


def no_vectors(tools: int) -> ToolVectors:
    return ToolVectors(np.zeros((tools, WIDTH), np.float32), starts_of([1] * tools))


class Fixed:
    """A reader that reads every text alike."""

    def encode(self, texts: Sequence[str]) -> Matrix:
        return np.full((len(texts), WIDTH), WIDTH**-0.5, np.float32)

    def begin(self, texts: Sequence[str]) -> None: ...

    def read(self, texts: Sequence[str]) -> Matrix:
        return self.encode(texts)

    def need(self, text: str) -> float:
        return 0.0


@given(st.text(max_size=200), st.integers(1, 20))
@settings(max_examples=examples(30), deadline=None)  # a text takes milliseconds to encode
def test_rankings_are_ordered_limited_and_repeatable(text: str, limit: int):
    ranked = ranker().rank(parse_query(text), limit)

    assert len(ranked) == min(limit, len(CATALOG.tools))
    assert [scored.score for scored in ranked] == sorted((scored.score for scored in ranked), reverse=True)
    assert all(0 <= scored.probability <= scored.need <= 1 for scored in ranked)
    assert ranker().rank(parse_query(text), limit) == ranked
    assert ranked == ranker().rank(parse_query(text), 20)[:limit]
