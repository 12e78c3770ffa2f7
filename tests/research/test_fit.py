import numpy as np
import pytest

from mcp_dynaload.encoder.sentence_encoder import WIDTH
from mcp_dynaload.ranking.features import FITTED, NEED_FEATURES, TOOL_COLUMNS, from_file, packed, to_file, unpacked
from mcp_dynaload.research.fit import FILE, logistic

CHANCE = np.random.default_rng(1)


def test_a_regression_finds_the_odds_that_made_its_targets() -> None:
    rows = CHANCE.normal(size=(20_000, 2))
    odds = 1.5 * rows[:, 0] - 0.5 * rows[:, 1] + 0.25
    targets = CHANCE.random(len(rows)) < 1 / (1 + np.exp(-odds))

    found = logistic(rows, targets, np.ones(len(rows)))

    assert found.coefficients == pytest.approx((1.5, -0.5), abs=0.1)
    assert found.intercept == pytest.approx(0.25, abs=0.1)


def test_a_row_of_no_weight_changes_nothing() -> None:
    rows, targets = CHANCE.normal(size=(50, 2)), CHANCE.random(50) < 0.5
    weights = np.array([1.0] * 40 + [0.0] * 10)
    other = targets.copy()
    other[40:] = ~other[40:]

    assert logistic(rows, targets, weights) == logistic(rows, other, weights)


def test_a_stronger_penalty_makes_smaller_coefficients() -> None:
    rows = CHANCE.normal(size=(200, 1))

    weak, strong = (logistic(rows, rows[:, 0] > 0, np.ones(200), strength) for strength in (1.0, 100.0))

    assert 0 < strong.coefficients[0] < weak.coefficients[0]


def test_the_packed_direction_is_one_number_for_each_of_a_vector() -> None:
    assert len(FITTED.need.coefficients) == NEED_FEATURES + WIDTH
    assert len(FITTED.tool.coefficients) == len(TOOL_COLUMNS)


def test_the_packaged_coefficients_are_written_as_they_are_read() -> None:
    written = FILE.read_text("utf-8")

    assert to_file(FITTED) == written
    assert from_file(written) == FITTED


def test_numbers_survive_packing_as_half_floats() -> None:
    assert unpacked(packed([0.5, -2.25, 0.0])) == (0.5, -2.25, 0.0)
