import pytest

from mcp_dynaload.measure.quality.fusion import FusionRanker
from mcp_dynaload.ranking.query import Query
from tests.builders import FixedRanker, a_catalog, a_tool

CATALOG = a_catalog([a_tool(name) for name in "abc"])


def test_places_are_added_up_reciprocally() -> None:
    first = FixedRanker({"git__a": 0.9, "git__b": 0.5})
    second = FixedRanker({"git__b": 0.8, "git__c": 0.2}, terms=())
    ranked = FusionRanker(CATALOG, (first, second)).rank(Query("x"), 3)
    best = 1 / 62 + 1 / 61
    assert [scored.name for scored in ranked] == ["git__b", "git__a", "git__c"]
    assert [scored.score for scored in ranked] == pytest.approx([best, 1 / 61, 1 / 62])
    assert [scored.probability for scored in ranked] == pytest.approx([1, 1 / 61 / best, 1 / 62 / best])
    assert [scored.terms for scored in ranked] == [("said",), ("said",), ()]


def test_the_limit_cuts_the_fused_ranking_not_those_it_is_made_of() -> None:
    first = FixedRanker({"git__a": 0.9, "git__c": 0.5})
    second = FixedRanker({"git__b": 0.9, "git__c": 0.5})
    ranked = FusionRanker(CATALOG, (first, second)).rank(Query("x"), 1)
    assert [scored.name for scored in ranked] == ["git__c"]
