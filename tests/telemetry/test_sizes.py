import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mcp_dynaload.telemetry.sizes import MAX_VALUES, size_of

texts = st.text("abc ", max_size=40)
values = st.recursive(texts | st.integers(0, 999) | st.booleans(), lambda v: st.lists(v) | st.dictionaries(texts, v))


@given(values)
@example([[], [], [], [], []])
def test_a_size_is_near_that_of_the_compact_json(value: object) -> None:
    exact = len(json.dumps(value, separators=(",", ":")))

    assert 0.3 * exact - 4 <= size_of(value) <= 3 * exact + 4


def test_a_large_text_is_measured_to_the_percent() -> None:
    result = {"content": [{"type": "text", "text": "x" * 100_000}]}

    assert size_of(result) == pytest.approx(len(json.dumps(result)), rel=0.01)


def test_a_huge_value_is_not_looked_at_to_its_end() -> None:
    assert 0 < size_of([1] * 10_000_000) <= 5 * (MAX_VALUES + 1)
