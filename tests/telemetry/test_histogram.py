import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_dynaload.telemetry.histogram import BUCKETS_MS, Histogram


def filled(*values: float) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.note(value)
    return histogram


def test_nothing_counted_is_all_zero() -> None:
    times = Histogram().times()

    assert (times.count, times.mean_ms, times.p50_ms, times.p99_ms, times.max_ms) == (0, 0, 0, 0, 0)


def test_a_time_falls_into_the_first_bucket_that_reaches_it() -> None:
    times = filled(1, 1.5, 99, 1e9).times()

    assert {BUCKETS_MS[i] if i < len(BUCKETS_MS) else "more": n for i, n in enumerate(times.buckets) if n} == {
        1: 1,
        2: 1,
        100: 1,
        "more": 1,
    }
    assert times.mean_ms == pytest.approx((1 + 1.5 + 99 + 1e9) / 4)


@given(st.lists(st.floats(min_value=0, max_value=1e6), min_size=1, max_size=50))
def test_percentiles_are_ordered_within_the_buckets_of_what_was_counted(values: list[float]) -> None:
    times = filled(*values).times()

    assert times.count == len(values) == sum(times.buckets)
    assert 0 <= times.p50_ms <= times.p95_ms <= times.p99_ms <= times.max_ms == max(values)


def test_the_median_is_in_the_bucket_of_the_true_one() -> None:
    times = filled(*range(1, 101)).times()

    assert 20 <= times.p50_ms <= 50
    assert 50 <= times.p95_ms <= 100
