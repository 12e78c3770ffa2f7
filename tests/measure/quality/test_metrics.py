import pytest

from mcp_dynaload.measure.quality.metrics import (
    RANKS,
    Measured,
    budget_at,
    in_vain,
    nested,
    oracle_metrics,
    ranking_metrics,
    selection_metrics,
)
from tests.measure.quality.builders import a_priced_catalog, a_task, advertised

CATALOG = a_priced_catalog(log=300, status=700, commit=900, push=1_600, fetch=3_000, blame=13_500)
"""20,000 tokens in all."""


def _by_name(measured: Measured) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for (*group, cut), value in measured:
        found.setdefault(" ".join(group), {})[cut] = value
    return found


def test_ranks_and_tokens_cut_a_ranking() -> None:
    ranking = advertised("fetch", "log", "commit", "push", "status")
    found = _by_name(ranking_metrics(a_task("log", "commit|status", "push"), ranking, CATALOG))
    third, two_thirds = 1 / 3, 2 / 3
    assert found == {
        "recall_at_k": {"1": 0, "3": two_thirds, "5": 1, "10": 1, "20": 1, "50": 1},
        "covered_at_k": {"1": 0, "3": 0, "5": 1, "10": 1, "20": 1, "50": 1},
        "recall_at_tokens": {
            "500": third,  # fetch does not fit and is skipped: log
            "1000": two_thirds,  # log, and commit does not fit in the 700 left, but status does
            "2000": two_thirds,  # log and commit; push does not fit in the 800 left, status brings nothing new
            "4000": two_thirds,  # fetch, log, and status in the 700 left
            "8000": 1,
            "16000": 1,
        },
        # 70% less leaves 6,000: fetch, log, commit, push. 80%: 4,000. 90%: 2,000. 95%: 1,000.
        "recall_at_reduction": {"70": 1, "80": two_thirds, "90": two_thirds, "95": two_thirds},
        "covered_at_reduction": {"70": 1, "80": 0, "90": 0, "95": 0},
    }


def test_a_tool_that_no_ranking_names_is_missed_at_every_cut() -> None:
    found = _by_name(ranking_metrics(a_task("log"), advertised("status"), CATALOG))
    assert {value for cuts in found.values() for value in cuts.values()} == {0}


def test_the_oracle_takes_the_cheapest_needs_first() -> None:
    found = _by_name(oracle_metrics(a_task("fetch", "push", "blame|log", "commit"), CATALOG))
    assert found == {
        "oracle recall_at_k": {"1": 0.25, "3": 0.75, "5": 1, "10": 1, "20": 1, "50": 1},
        "oracle covered_at_k": {"1": 0, "3": 0, "5": 1, "10": 1, "20": 1, "50": 1},
        # Their costs add up to 300, 1,200, 2,800 and 5,800.
        "oracle recall_at_tokens": {"500": 0.25, "1000": 0.25, "2000": 0.5, "4000": 0.75, "8000": 1, "16000": 1},
        "oracle recall_at_reduction": {"70": 1, "80": 0.75, "90": 0.5, "95": 0.25},
        "oracle covered_at_reduction": {"70": 1, "80": 0, "90": 0, "95": 0},
    }


def test_one_tool_that_serves_two_needs_is_enough_for_the_oracle() -> None:
    found = _by_name(oracle_metrics(a_task("log|push", "commit|push"), CATALOG))
    assert found["oracle covered_at_k"] == {str(rank): 1 for rank in RANKS}


def test_a_selection_is_measured_against_all_loaded() -> None:
    found = dict(selection_metrics(a_task("log", "push"), "balanced", advertised("log", "status"), CATALOG))
    assert found == {
        ("selection", "balanced", "recall"): 0.5,
        ("selection", "balanced", "covered"): 0,
        ("selection", "balanced", "reduction_mean"): pytest.approx(0.95),
        ("selection", "balanced", "tokens_mean"): 1_000,
        ("selection", "balanced", "tools_mean"): 2,
        ("selection", "balanced", "abstained"): 0,
    }


def test_loading_nothing_is_abstaining() -> None:
    found = dict(selection_metrics(a_task("log"), "balanced", (), CATALOG))
    assert (found["selection", "balanced", "abstained"], found["selection", "balanced", "reduction_mean"]) == (1, 1)


def test_on_a_negative_abstaining_counts_and_what_is_loaded_in_vain() -> None:
    assert dict(selection_metrics(a_task(), "balanced", (), CATALOG)) == {
        ("selection", "balanced", "abstained_negatives"): 1,
        ("selection", "balanced", "tools_in_vain"): 0,
        ("selection", "balanced", "tokens_in_vain"): 0,
    }
    assert dict(selection_metrics(a_task(), "balanced", advertised("log", "status"), CATALOG)) == {
        ("selection", "balanced", "abstained_negatives"): 0,
        ("selection", "balanced", "tools_in_vain"): 2,
        ("selection", "balanced", "tokens_in_vain"): 1_000,
    }


def test_what_is_loaded_in_vain_is_told_of_those_prompts_that_load_something() -> None:
    means = dict(zip(("abstained_negatives", "tools_in_vain", "tokens_in_vain"), (0.75, 1.5, 400), strict=True))

    assert in_vain({("selection", "balanced", name): mean for name, mean in means.items()}, "balanced") == (6, 1_600)
    assert in_vain({("selection", "balanced", "abstained_negatives"): 1.0}, "balanced") == (0, 0)


def test_a_reduction_leaves_whole_tokens() -> None:
    catalog = a_priced_catalog(log=333)
    assert [budget_at(percent, catalog) for percent in (70, 80, 90, 95)] == [99, 66, 33, 16]


def test_paths_become_objects_in_objects() -> None:
    assert nested({("a", "b", "x"): 1, ("a", "b", "y"): 2, ("a", "c"): 3, ("d",): 4}) == {
        "a": {"b": {"x": 1, "y": 2}, "c": 3},
        "d": 4,
    }
