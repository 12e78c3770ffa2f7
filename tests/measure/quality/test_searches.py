import pytest

from mcp_dynaload.measure.quality.dense import SimilarityEncoder
from mcp_dynaload.measure.quality.labelled import NamedCatalog
from mcp_dynaload.measure.quality.rankers import Models, ranker_named
from mcp_dynaload.measure.quality.searches import Searches, searches
from tests.builders import FixedRanker
from tests.measure.quality.builders import a_priced_catalog, a_task

pytestmark = pytest.mark.proves("client-search")

KNOWN = NamedCatalog(a_priced_catalog(log=100, bisect=300, show=400), {})
RANKER = FixedRanker({"git__log": 0.9, "git__bisect": 0.02, "git__show": 0.0005}, need=0.7)


def test_what_the_choice_left_out_is_searched_for_until_it_is_found_or_given_up() -> None:
    tasks = [a_task("log", "bisect"), a_task("log", "show"), a_task("log")]

    found = searches(ranker_named("default"), RANKER, KNOWN, tasks)

    assert found == Searches(
        prompts=2,
        needs=4,
        first=0.5,
        reached=0.75,  # `show` is too unlikely even for who has all the others
        searches=2.0,
        tokens=100.0,
        found_tokens=300.0,
    )


def test_the_clients_own_search_chooses_nothing_before_and_needs_the_servers_name() -> None:
    native = ranker_named("toolsearch")

    found = searches(native, native.build(KNOWN.catalog, _no_models()), KNOWN, [a_task("log", "show", prompt="log it")])

    assert (found.first, found.reached, found.searches) == (0.0, 1.0, 3.0)
    assert found.tokens == 0


def _no_models() -> Models:
    def unread() -> SimilarityEncoder:
        raise AssertionError("it reads no encoder")

    return Models(unread)
