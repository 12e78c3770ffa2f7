# pyright: basic, reportMissingImports=false
# onnx and torch are needed to train only: the extra `train` brings them.
"""Reads the packed encoder back, so that a judge can be trained on it where the checkpoints are not at hand."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from mcp_dynaload.research.training.bert import LAYERS, Bert

LINEAR = ("qkv", "out", "up", "down")
NORMS = ("norm1", "norm2")


def read_packed(path: Path) -> Bert:
    """Return the encoder of a `model.onnx` that `export` wrote: its weights are those that the product computes with.

    It knows as many positions as the product reads.
    """
    stored = {constant.name: numpy_helper.to_array(constant) for constant in onnx.load(path).graph.initializer}
    weights = {"words.weight": stored["words"] * stored["words.scale"], **_parts(stored, "norm")}
    for n in range(LAYERS):
        for name in LINEAR:
            linear = f"layers.{n}.{name}"
            weights[f"{linear}.weight"] = (stored[f"{linear}.weight"] * stored[f"{linear}.scale"]).T
            weights[f"{linear}.bias"] = stored[f"{linear}.bias"]
        for name in NORMS:
            weights |= _parts(stored, f"layers.{n}.{name}")
    model = Bert()
    positions = model.positions.weight.detach().numpy().copy()
    positions[: stored["positions"].shape[1]] = stored["positions"][0]
    weights["positions.weight"] = positions
    tensors = {name: torch.from_numpy(np.array(weight, np.float32)) for name, weight in weights.items()}
    model.load_state_dict(tensors)
    return model


def _parts(stored: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    return {f"{name}.{part}": stored[f"{name}.{part}"] for part in ("weight", "bias")}
