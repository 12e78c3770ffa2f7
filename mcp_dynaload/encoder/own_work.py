"""What a coding agent does with its own abilities, as vectors: a prompt nearer to these than to any tool needs none.

The texts are in `own_work.jsonl`, one a line. `python -m mcp_dynaload.encoder.own_work` makes the vectors anew, after
the texts or the model have changed.
"""

import io
import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_dynaload.encoder.encoder import read_encoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FOLDER = files("mcp_dynaload").joinpath("encoder")
_VECTORS = "model/own_work.npy"


def own_work_texts() -> list[str]:
    """The texts, in the order of the vectors."""
    # Not splitlines: a text may hold U+2028 and the like, which JSON does not escape.
    return [json.loads(line) for line in _FOLDER.joinpath("own_work.jsonl").read_text("utf-8").split("\n") if line]


def read_own_work() -> "NDArray[np.float32]":
    """A unit vector for each text, as rows."""
    import numpy as np  # heavy, and not needed before the first ranking

    stored = np.load(io.BytesIO(_FOLDER.joinpath(_VECTORS).read_bytes()), allow_pickle=False)
    return stored.astype(np.float32)


def make() -> None:
    """Write the vectors of the texts into the package."""
    import numpy as np

    np.save(Path(str(_FOLDER)) / _VECTORS, read_encoder().encode(own_work_texts()).astype(np.float16))


if __name__ == "__main__":
    make()
