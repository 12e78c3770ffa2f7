"""The tables of what the choice reaches on sets that its models never saw."""

import pytest

from mcp_dynaload.ranking.terms import query_terms
from mcp_dynaload.research.ablation import PARTS, without
from mcp_dynaload.research.leave_out import ABLATIONS, main, report
from mcp_dynaload.research.samples import WEIGHTS
from tests.small_bench import WordReader, a_bench, our_own

Table = list[list[str]]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> list[Table]:
    folder, said = a_bench(tmp_path_factory.mktemp("bench")), list[str]()
    report(folder, WordReader(), our_own(folder), said.append)
    return [rows_of(table) for table in "\n".join(said).split("\n\n")]


def rows_of(table: str) -> Table:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_every_set_has_a_row_for_ours_beside_its_peers_and_the_oracle(tables: list[Table]) -> None:
    _, _, *rows = tables[0]

    for name in (*WEIGHTS, "mean"):
        rankers = {row[1] for row in rows if row[0] == name}
        assert {"toolsearch", "bm25", "lexical", "ours", "oracle"} <= rankers
    assert {row[2].split()[0] for row in rows if row[1] == "oracle"} == {"1.000"}


def test_a_set_that_others_resemble_is_ranked_well_unseen(tables: list[Table]) -> None:
    means = {row[1]: float(row[2]) for row in tables[0] if row[0] == "mean"}

    assert means["ours"] == 1.0


def test_prompts_that_need_nothing_are_told_left_out_and_fitted(tables: list[Table]) -> None:
    _, _, *rows = tables[1]

    assert [row[0] for row in rows] == ["chat, left out", "chat, fitted"]


def test_prompts_that_need_nothing_and_later_turns_are_told_after_prompts_that_need_tools(tables: list[Table]) -> None:
    (_, _, *nothing), (_, _, *turns) = tables[2:4]

    assert [row[0] for row in nothing] == ["chat"]
    assert [row[0] for row in turns] == ["bfcl_multiturn"]


def test_each_part_of_the_ranking_is_taken_out_once(tables: list[Table]) -> None:
    of_tool, of_words = ([row[0] for row in rows] for _, _, *rows in tables[4:])

    held_back = [f"without holding back {which}" for which in ("dear definitions", "tools of servers with many")]
    assert of_tool == [*ABLATIONS, *held_back]
    assert of_words == ["everything", *(f"without {part}" for part in PARTS)]


def test_a_part_is_out_inside_the_block_only() -> None:
    said = [dict(query_terms("listing the PRs"))]
    with without("stemming"):
        said.append(dict(query_terms("listing the PRs")))
    with without("synonyms"):
        said.append(dict(query_terms("listing the PRs")))
    said.append(dict(query_terms("listing the PRs")))

    usual, unstemmed, plain, again = said
    assert "list" in usual
    assert "request" in usual
    assert "listing" in unstemmed
    assert "request" not in plain
    assert again == usual


def test_the_folder_has_to_be_named() -> None:
    with pytest.raises(SystemExit, match="name one folder"):
        main([])
