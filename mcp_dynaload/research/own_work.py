"""Texts of what a coding agent does with its own abilities, from `own_work.jsonl`, one a line.

Those of `further_own_work.jsonl` are neighbours only: models and judge were not fitted to them. `own_tools.txt` tells
what the client's own tools do.

`python -m mcp_dynaload.research.own_work` makes their vectors anew, after the texts or the encoder have changed.
"""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np

from mcp_dynaload.encoder.sentence_encoder import read_encoder
from mcp_dynaload.ranking.tool_vectors import in_steps

_PACKAGE = files("mcp_dynaload")


def own_work_texts() -> list[str]:
    """Return the texts that models are fitted to, in the order of their vectors, which come first."""
    return _texts("own_work")


def further_own_work_texts() -> list[str]:
    """Return the texts that are neighbours only, in the order of their vectors."""
    return _texts("further_own_work")


def own_tools_texts() -> list[str]:
    """Return what each of the client's own tools does, in the order of their vectors."""
    return _PACKAGE.joinpath("research/own_tools.txt").read_text("utf-8").splitlines()


def _texts(name: str) -> list[str]:
    lines = _PACKAGE.joinpath(f"research/{name}.jsonl").read_text("utf-8")
    # Not splitlines: a text may hold U+2028 and the like, which JSON does not escape.
    return [json.loads(line) for line in lines.split("\n") if line]


def make() -> None:
    """Write the vectors of the texts into the package."""
    encoder, folder = read_encoder(), Path(str(_PACKAGE)) / "encoder/model"
    # As they are computed with, so that a session needs no copy of its own.
    np.save(folder / "own_work.npy", in_steps(encoder.encode(own_work_texts() + further_own_work_texts())))
    np.save(folder / "own_tools.npy", encoder.encode(own_tools_texts()).astype(np.float16).astype(np.float32))


if __name__ == "__main__":
    make()
