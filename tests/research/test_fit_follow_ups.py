"""The fit of the clues of follow-ups."""

from math import isfinite
from pathlib import Path

from mcp_dynaload.measure.quality.labelled import characters_in_fours, read_catalog
from mcp_dynaload.ranking.follow_up import WEIGHTS
from mcp_dynaload.research.fit_follow_ups import fitted
from mcp_dynaload.research.follow_ups import FollowUp
from tests.small_bench import WordReader, a_bench, our_own


def test_a_clue_of_follow_ups_that_need_a_tool_speaks_for_it_and_one_of_others_against_it(tmp_path: Path) -> None:
    folder = a_bench(tmp_path)
    crawl = read_catalog(folder / "catalogs/crawl.json", characters_in_fours)
    things = ("photos", "recipes", "issues", "labels")
    follow_ups = [
        *(FollowUp("own-issue", f"and {thing}?", "issues") for thing in things),
        *(FollowUp("own-issue", f"why those {thing}", None) for thing in things),
    ]

    found = fitted(crawl, our_own(folder), follow_ups, ["rename the variable", "why is it slow"], WordReader())

    assert found.names_another > 0 > found.opens_question
    assert all(map(isfinite, found))
    assert (found.earlier, found.names_again) == (WEIGHTS.earlier, WEIGHTS.names_again)
