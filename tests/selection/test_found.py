"""A model searches for what it has: so much more fits next."""

from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.selection.found import NEXT_TOKENS, NEXT_TOOLS, fitting_next, found_by_search, ranks_for_search
from tests.builders import FixedRanker

CHANCES = {"log": 0.9, **{f"other_{place}": 0.01 for place in range(40)}}
RANKED = FixedRanker(CHANCES).rank(parse_query("commits"), len(CHANCES))
CHEAP = dict.fromkeys(CHANCES, 1)
SEEN = frozenset({"log"})


def test_a_first_search_brings_what_it_means_alone() -> None:
    found = found_by_search(RANKED, frozenset(), 5, CHEAP)

    assert ([one.name for one in found.likely], found.more) == (["log"], ())


def test_a_search_for_what_is_there_brings_a_dozen_more_at_most() -> None:
    ranked = RANKED[: ranks_for_search(SEEN, 5)]

    assert len(found_by_search(ranked, SEEN, 5, CHEAP).more) == NEXT_TOOLS


def test_what_fits_next_is_held_to_its_tokens_but_never_to_less_than_two() -> None:
    third = dict.fromkeys(CHEAP, NEXT_TOKENS // 3)
    dear = dict.fromkeys(CHEAP, NEXT_TOKENS + 1)

    assert (len(fitting_next(RANKED, SEEN, third)), len(fitting_next(RANKED, SEEN, dear))) == (3, 2)


def test_what_is_gone_meanwhile_or_fits_nothing_is_not_found() -> None:
    ranked = FixedRanker({"log": 0.9, "gone": 0.1, "unlikely": 0.0001}).rank(parse_query("commits"), 3)

    assert fitting_next(ranked, SEEN, {"log": 1, "unlikely": 1}) == ()
