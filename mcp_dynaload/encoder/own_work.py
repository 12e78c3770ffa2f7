"""The vectors of what a coding agent does with its own abilities: a prompt nearer to these than to any tool needs none.

`mcp_dynaload.research.own_work` makes them of the texts.
"""

from importlib.resources import as_file, files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_own_work() -> "NDArray[np.int16]":
    """Return a unit vector for each text, as rows in steps (`ranking/tool_vectors.py`).

    The file is their memory, which all sessions of a machine share.
    """
    import numpy as np  # heavy, and not needed before the first ranking

    with as_file(files("mcp_dynaload").joinpath("encoder/model/own_work.npy")) as packed:
        return np.asarray(np.load(packed, mmap_mode="r", allow_pickle=False))
