from collections.abc import Sequence

import pytest

from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.quality.dense import Similarities, SimilarityEncoder
from mcp_dynaload.measure.quality.rankers import DEFAULT, PRODUCT, RANKERS, Models, ranker_named
from mcp_dynaload.ranking.query import parse_query
from tests.builders import a_catalog, developer_tools


class Lengths:
    """An encoder for which texts of like length are alike."""

    def compare(self, texts: Sequence[str]) -> Similarities:
        return lambda text: [1 / (1 + abs(len(text) - len(one))) for one in texts]


def test_the_default_is_the_product_s_ranker() -> None:
    assert ranker_named(DEFAULT) is RANKERS[PRODUCT]


def test_an_unknown_ranker_is_told_the_known_ones() -> None:
    with pytest.raises(
        ConfigError, match="no ranker 'magic': use one of toolsearch, bm25, lexical, dense, fusion, blended, default"
    ):
        ranker_named("magic")


@pytest.mark.parametrize("name", [*RANKERS])
def test_every_ranker_ranks_its_catalog(name: str) -> None:
    catalog = a_catalog(developer_tools())
    ranker = ranker_named(name).build(catalog, Models(Lengths))
    ranked = ranker.rank(parse_query("close the issue"), 3)
    assert len(ranked) == 3
    assert all(0 <= scored.probability <= 1 for scored in ranked)
    if name != "dense":
        assert ranked[0].name == "github__close_issue"


def test_an_encoder_is_read_when_it_is_needed_and_once() -> None:
    opened: list[str] = []

    def open_encoder() -> SimilarityEncoder:
        opened.append("opened")
        return Lengths()

    catalog, models = a_catalog(developer_tools()), Models(open_encoder)
    for name in ("bm25", "lexical"):
        ranker_named(name).build(catalog, models)
    assert opened == []
    for name in ("dense", "fusion"):
        ranker_named(name).build(catalog, models)
    assert opened == ["opened"]
