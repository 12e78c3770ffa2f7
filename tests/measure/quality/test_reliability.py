import pytest

from mcp_dynaload.measure.quality.reliability import Reliability
from mcp_dynaload.ranking.ranker import Scored
from tests.measure.quality.builders import a_task


def _ranking(**probabilities: float) -> list[Scored]:
    return [Scored(f"git__{name}", chance, chance, ()) for name, chance in probabilities.items()]


def test_bins_compare_what_was_promised_with_what_was_needed() -> None:
    found = Reliability()
    found.add(a_task("log"), _ranking(log=0.84, status=0.82, commit=0.04))
    found.add(a_task(), _ranking(log=0.03))
    assert found.as_json() == {
        "bins": [
            {"from": 0.02, "to": 0.05, "tools": 2, "mean_probability": pytest.approx(0.035), "needed_share": 0.0},
            {"from": 0.8, "to": 0.9, "tools": 2, "mean_probability": pytest.approx(0.83), "needed_share": 0.5},
        ],
        "tools": 4,
        # Two tools are off by 0.035 on average, two by 0.33.
        "calibration_error": pytest.approx((2 * 0.035 + 2 * 0.33) / 4),
        "needs_left_out": 0,
    }


def test_edges_belong_to_the_bin_above_and_one_to_the_last() -> None:
    found = Reliability()
    found.add(a_task("log"), _ranking(log=1.0, status=0.9, commit=0.5, push=0.0))
    bins = {(row["from"], row["to"]): row["tools"] for row in found.as_json()["bins"]}
    assert bins == {(0.0, 0.01): 1, (0.5, 0.6): 1, (0.9, 1.0): 2}


def test_alternatives_are_needed_and_optional_tools_do_not_count() -> None:
    found = Reliability()
    found.add(a_task("log|show", optional=["status"]), _ranking(log=0.95, show=0.95, status=0.95))
    (only,) = found.as_json()["bins"]
    assert (only["tools"], only["needed_share"]) == (2, 1.0)


def test_needs_that_no_ranked_tool_meets_are_left_out() -> None:
    found = Reliability()
    found.add(a_task("log|show", "push"), _ranking(show=0.5))
    assert found.as_json()["needs_left_out"] == 1


def test_without_any_ranked_tool_there_is_nothing_to_compare() -> None:
    assert Reliability().as_json() == {"bins": [], "tools": 0, "calibration_error": None, "needs_left_out": 0}
