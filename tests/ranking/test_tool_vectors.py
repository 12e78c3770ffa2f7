"""Several vectors for a tool: it is as near to a prompt as the nearest of them."""

from collections.abc import Sequence

import numpy as np

from mcp_dynaload.ranking.tool_vectors import Matrix, encode_tools, starts_of

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
