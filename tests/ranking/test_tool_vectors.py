"""Several vectors for a tool: it is as near to a prompt as the nearest of them."""

from collections.abc import Sequence

import numpy as np
import pytest

from mcp_dynaload.ranking.tool_vectors import (
    AT_ONCE,
    Matrix,
    cosines,
    cosines_in_steps,
    encode_tools,
    in_steps,
    starts_of,
)

AXES = {"open": 0, "close": 1, "accept": 2}


def encode(texts: Sequence[str]) -> Matrix:
    return np.eye(3, dtype=np.float32)[[AXES[text] for text in texts]]


def test_a_tool_is_as_near_as_the_nearest_of_its_texts():
    vectors = encode_tools([("open",), ("close", "accept")], encode)
    said = np.array([[0.6, 0.0, 0.8], [0.0, 1.0, 0.0]], np.float32)

    assert len(vectors) == 2
    assert vectors.likeness(said).tolist() == [[np.float32(0.6), np.float32(0.8)], [0.0, 1.0]]


def test_each_tool_begins_where_the_one_before_ends():
    assert starts_of([1, 3, 2]).tolist() == [0, 1, 4]
    assert starts_of([]).tolist() == []


def test_vectors_in_steps_are_as_near_as_they_are():
    vectors = np.random.default_rng(0).normal(size=(2 * AT_ONCE + 7, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

    found = cosines_in_steps(vectors[3], in_steps(vectors))

    assert found == pytest.approx(cosines(vectors[3:4], vectors)[0], abs=3e-5)


def test_a_vector_along_an_axis_is_itself_in_steps():
    axes = np.eye(3, dtype=np.float32)

    assert cosines_in_steps(axes[1], in_steps(-axes)) == pytest.approx([0.0, -1.0, 0.0])
