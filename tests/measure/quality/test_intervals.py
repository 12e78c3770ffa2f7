from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_dynaload.measure.quality.intervals import Bootstrap, percentile
from tests.hunting import examples


def test_percentiles_lie_between_values_by_proportion() -> None:
    values = [40.0, 10.0, 20.0, 30.0]
    # Places 0, 0.3, 1.5 and 3 of the sorted values.
    assert [percentile(values, percent) for percent in (0, 10, 50, 100)] == pytest.approx([10, 13, 25, 40])


def test_a_single_value_is_every_percentile() -> None:
    assert [percentile([7.0], percent) for percent in (0, 10, 99)] == [7, 7, 7]


def test_values_without_spread_have_a_narrow_interval() -> None:
    assert Bootstrap().interval([0.25] * 8) == (0.25, 0.25)


def test_the_interval_is_as_wide_as_statistics_says() -> None:
    # A share of 0.5 of 400 has the standard error 0.025: 0.5 ± 1.96 · 0.025 = 0.451 to 0.549.
    assert Bootstrap().interval([0.0, 1.0] * 200) == pytest.approx((0.451, 0.549), abs=0.006)


@settings(max_examples=examples(20))  # each draws thousands of samples
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_intervals_are_the_same_every_time_and_hold_the_mean(values: list[float]) -> None:
    low, high = Bootstrap().interval(values)
    assert Bootstrap().interval(values) == (low, high)
    assert min(values) - 1e-12 <= low <= fmean(values) + 1e-12
    assert fmean(values) - 1e-12 <= high <= max(values) + 1e-12


def test_a_ratio_of_sums_has_an_interval_although_some_resamples_have_nothing_below() -> None:
    assert Bootstrap().ratio_interval([1.0, 3.0], [2.0, 6.0]) == (0.5, 0.5)

    low, high = Bootstrap().ratio_interval([1.0, 1.0], [0.0, 1.0])
    assert (low, high) == (1.0, 2.0)
