"""People's words in those of a catalog."""

import pytest

from mcp_dynaload.ranking.synonyms import Synonyms

TRACKER = frozenset({"issu", "list", "repositori", "pull", "request"})
DESK = frozenset({"ticket", "issu"})


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("which of my tickets are open?", "which of my issue are open?"),
        ("Tickets of the repo, PR-wise", "issue of the repository, pull request-wise"),
        ("nothing to say otherwise", "nothing to say otherwise"),
        ("remove it", "remove it"),
    ],
)
def test_a_word_that_no_tool_has_is_replaced_by_the_one_that_some_tool_has(said: str, meant: str) -> None:
    assert Synonyms(TRACKER).of(said, {}) == meant


def test_a_word_that_the_catalog_has_itself_stays() -> None:
    assert Synonyms(DESK).of("my tickets", {}) == "my tickets"
