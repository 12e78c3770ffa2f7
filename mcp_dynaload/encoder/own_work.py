"""The vectors of what a coding agent does with its own abilities: a prompt nearer to these than to any tool needs none.

`mcp_dynaload.research.own_work` makes them of the texts.
"""

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_own_work() -> "NDArray[np.float32]":
    """Read a unit vector for each text, as rows."""
    import numpy as np  # heavy, and not needed before the first ranking

    with files("mcp_dynaload").joinpath("encoder/model/own_work.npy").open("rb") as packed:
        return np.load(packed, allow_pickle=False).astype(np.float32)
