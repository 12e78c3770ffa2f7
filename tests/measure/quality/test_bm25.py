import math

import pytest

from mcp_dynaload.measure.quality.bm25 import Bm25Ranker, words
from mcp_dynaload.ranking.query import Query
from tests.builders import a_catalog, a_tool

CATALOG = a_catalog([a_tool("open_file", "Open file"), a_tool("send", "Send the mail now"), a_tool("stop")])
"""Documents of 4, 5 and 1 words: 10/3 on average."""


def test_words_are_runs_of_letters_and_digits() -> None:
    assert words("create_issue: GitHub's 2nd ISSUE") == ["create", "issue", "github", "s", "2nd", "issue"]


def test_scores_are_those_of_okapi() -> None:
    ranked = Bm25Ranker(CATALOG).rank(Query("file mail"), 10)
    rarity = math.log(1 + (3 - 1 + 0.5) / (1 + 0.5))
    twice_in_four_words = 2 * 2.5 / (2 + 1.5 * (0.25 + 0.75 * 4 / (10 / 3)))
    once_in_five_words = 2.5 / (1 + 1.5 * (0.25 + 0.75 * 5 / (10 / 3)))
    assert [(scored.name, scored.terms) for scored in ranked] == [
        ("git__open_file", ("file",)),
        ("git__send", ("mail",)),
    ]
    assert [scored.score for scored in ranked] == pytest.approx(
        [rarity * twice_in_four_words, rarity * once_in_five_words]
    )
    assert [scored.probability for scored in ranked] == pytest.approx([1.0, once_in_five_words / twice_in_four_words])


def test_a_word_said_twice_counts_twice() -> None:
    once, twice = (Bm25Ranker(CATALOG).rank(Query(text), 1)[0] for text in ("mail", "mail mail"))
    assert twice.score == pytest.approx(2 * once.score)
    assert twice.terms == ("mail",)


def test_words_are_not_stemmed_and_the_context_is_not_read() -> None:
    assert Bm25Ranker(CATALOG).rank(Query("mails", context=(("mail", 0.5),)), 10) == ()


def test_equal_tools_stand_in_name_order_and_the_limit_holds() -> None:
    ranker = Bm25Ranker(a_catalog([a_tool(name, "same") for name in ("c", "a", "b")]))
    assert [scored.name for scored in ranker.rank(Query("same"), 2)] == ["git__a", "git__b"]


def test_an_empty_catalog_has_nothing_to_rank() -> None:
    assert Bm25Ranker(a_catalog([])).rank(Query("anything"), 5) == ()
