"""The vectors of what a coding agent does with its own abilities, and of what its own tools do.

A prompt that is nearer to the first than to any tool needs none; a server whose tools are near to the second repeats
what the client does itself. `mcp_dynaload.research.own_work` makes them of the texts.
"""

from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_own_work() -> "tuple[NDArray[np.int16], NDArray[np.float32]]":
    """Return vectors of prompts, in steps (`ranking/tool_vectors.py`), and unit vectors of the client's own tools.

    A row for each; the files are their memory, which all sessions of a machine share.
    """
    return _mapped("own_work"), _mapped("own_tools")


def _mapped(name: str) -> "NDArray[Any]":
    import numpy as np  # heavy, and not needed before the first ranking

    with as_file(files("mcp_dynaload").joinpath(f"encoder/model/{name}.npy")) as packed:
        return np.asarray(np.load(packed, mmap_mode="r", allow_pickle=False))
