"""Prerequisites in a definition are loaded with a likely tool."""

import pytest

from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.ranking.ranker import Scored
from mcp_dynaload.selection.choose import choose
from mcp_dynaload.selection.policy import BOUNDS, Strategy
from tests.builders import a_catalog, a_tool

COMMIT = "Record the staged changes. Only what is in the index is committed: stage_files first, to be sure."


class Ranking:
    """A ranker that puts commit far above the rest."""

    def __init__(self, commit: float) -> None:
        self._commit = commit

    def rank(self, query: object, limit: int) -> tuple[Scored, ...]:
        return (
            Scored(name="git__commit", score=5.0, probability=self._commit, terms=("commit",), need=0.99),
            Scored(name="git__stage_files", score=-5.0, probability=0.001, terms=(), need=0.99),
        )


def test_what_may_destroy_is_not_brought_along() -> None:
    drop = a_tool("stage_files", "Stage", upstream="git", annotations={"destructiveHint": True})
    catalog = a_catalog([a_tool("commit", COMMIT, upstream="git"), drop])

    assert choose(parse_query("commit it"), catalog, Ranking(0.9), BOUNDS[Strategy.BALANCED]).names == ("git__commit",)


@pytest.mark.parametrize(("commit", "names"), [(0.9, ("git__commit", "git__stage_files")), (0.01, ())])
def test_a_likely_tool_brings_what_must_come_first(commit: float, names: tuple[str, ...]) -> None:
    catalog = a_catalog([a_tool("commit", COMMIT, upstream="git"), a_tool("stage_files", "Stage", upstream="git")])

    found = choose(parse_query("commit it"), catalog, Ranking(commit), BOUNDS[Strategy.BALANCED])

    assert found.names == names


def test_what_must_come_first_comes_from_beyond_the_ranking() -> None:
    class Short(Ranking):
        def rank(self, query: object, limit: int) -> tuple[Scored, ...]:
            return super().rank(query, limit)[:1]

    catalog = a_catalog([a_tool("commit", COMMIT, upstream="git"), a_tool("stage_files", "Stage", upstream="git")])

    found = choose(parse_query("commit it"), catalog, Short(0.9), BOUNDS[Strategy.BALANCED])

    assert found.names == ("git__commit", "git__stage_files")
