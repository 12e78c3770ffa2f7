"""The meaning of a catalog's tools, as vectors: several for a tool of which one text cannot tell all.

Vectors of which there are thousands are kept as steps: whole numbers, half as large in memory, and near enough.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Matrix = NDArray[np.float32]
Steps = NDArray[np.int16]
"""Unit vectors as rows, in steps of `STEP`."""

STEP = np.float32(1 / np.iinfo(np.int16).max)
"""No number of a unit vector is above 1; it errs by less than a fifty-thousandth."""

AT_ONCE = 256
"""Rows of steps that are made numbers at a time: they stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class ToolVectors:
    """The unit vectors as rows, tool by tool in the catalog's order."""

    rows: Matrix
    starts: NDArray[np.intp]
    """The first row of each tool; each has at least one."""

    def __len__(self) -> int:
        return len(self.starts)

    def likeness(self, said: Matrix) -> Matrix:
        """Return, for each row of `said`, the cosine of the nearest vector of each tool (columns)."""
        return np.maximum.reduceat(cosines(said, self.rows), self.starts, axis=1)


def encode_tools(texts: Sequence[Sequence[str]], encode: Callable[[Sequence[str]], Matrix]) -> ToolVectors:
    """Encode the texts of tools into their vectors."""
    return ToolVectors(encode([text for some in texts for text in some]), starts_of([len(some) for some in texts]))


def starts_of(counts: Sequence[int]) -> NDArray[np.intp]:
    """Return the beginnings of so many rows each."""
    return np.cumsum([0, *counts], dtype=np.intp)[:-1]


def cosines(some: Matrix, others: Matrix) -> Matrix:
    """Return cosines of unit vectors, a row for each of `some`.

    Row by row, because a product of matrices wakes the threads of the algebra library, which then spin for a while on
    the processors that the encoder and the servers behind us need.
    """
    return np.vecdot(some[:, None], others)


def in_steps(vectors: Matrix) -> Steps:
    """Return unit vectors in steps."""
    return np.rint(vectors / STEP).astype(np.int16)


def cosines_in_steps(one: Vector, others: Steps) -> Vector:
    """Return the cosine of a unit vector with each of those in steps."""
    found = np.empty(len(others), np.float32)
    for start in range(0, len(others), AT_ONCE):
        found[start : start + AT_ONCE] = np.vecdot(one, others[start : start + AT_ONCE].astype(np.float32))
    return found * STEP
