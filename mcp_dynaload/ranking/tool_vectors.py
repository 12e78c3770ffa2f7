"""The meaning of a catalog's tools, as vectors: several for a tool of which one text cannot tell all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


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
