# pyright: basic, reportMissingImports=false
# onnx, safetensors and torch are needed to make the model only, and are not dependencies of the project.
"""Writes a trained checkpoint as an int8 ONNX graph for one text at a time, and the vocabulary beside it."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

from mcp_dynaload.encoder.training.bert import read_minilm

HEADS, LAYERS, MAX_TOKENS = 12, 6, 128
EPSILON = 1e-12
UNTRAINED_SHARE = 0.1

RANGE = 127
"""Largest absolute value of a weight.

On x86 processors without VNNI, sums of two products saturate at 16 bits. Emulated, that happens to 0.002% of them and
costs as little as the usual remedy, a range of 64.
"""


class Graph:
    """The nodes and constants of a graph that is being written."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operator: str, inputs: list[str], domain: str = "", outputs: int = 1, **attributes: Any) -> list[str]:
        """A node's outputs."""
        names = [f"{operator}_{len(self.nodes)}_{n}" for n in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, domain=domain, **attributes))
        return names

    def constant(self, name: str, value: np.ndarray) -> str:
        """A stored constant's name."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def linear(self, x: str, name: str, bias: bool = True) -> str:
        """A quantised linear map: one scale for each column of the weights, one for all of the input."""
        weights = self.weights[f"{name}.weight"].T
        scales = np.abs(weights).max(0) / RANGE
        inputs = [
            x,
            self.constant(f"{name}.weight", np.rint(weights / scales).astype(np.int8)),
            self.constant(f"{name}.scale", scales.astype(np.float32)),
            "",
        ]
        if bias:
            inputs.append(self.constant(f"{name}.bias", self.weights[f"{name}.bias"]))
        return self.add("DynamicQuantizeMatMul", inputs, "com.microsoft")[0]

    def add_and_norm(self, x: str, more: str, name: str) -> str:
        """The normalised sum."""
        gamma = self.constant(f"{name}.weight", self.weights[f"{name}.weight"])
        beta = self.constant(f"{name}.bias", self.weights[f"{name}.bias"])
        return self.add("SkipLayerNormalization", [x, more, gamma, beta], "com.microsoft", epsilon=EPSILON)[0]


def average(checkpoints: list[dict[str, np.ndarray]], untrained: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One model of several that came from the same beginning: it does better on what was not trained on than each."""
    return {
        name: UNTRAINED_SHARE * weights + (1 - UNTRAINED_SHARE) * np.mean([some[name] for some in checkpoints], axis=0)
        for name, weights in untrained.items()
    }


def quantise_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A table as int8 with one scale for each row."""
    scales = np.maximum(np.abs(table).max(1, keepdims=True), 1e-9) / RANGE
    return np.rint(table / scales).astype(np.int8), scales.astype(np.float32)


def build(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """The graph: `ids` of shape (1, tokens) to a unit `vector`."""
    graph = Graph(weights)
    table, scales = quantise_rows(weights["words.weight"])
    rows = graph.add("Gather", [graph.constant("words", table), "ids"])
    factors = graph.add("Gather", [graph.constant("words.scale", scales), "ids"])
    words = graph.add("Mul", [graph.add("Cast", rows, to=TensorProto.FLOAT)[0], *factors])[0]
    shape = graph.add("Shape", ["ids"])[0]
    count = graph.add("Slice", [shape, graph.constant("one", np.array([1])), graph.constant("two", np.array([2]))])[0]
    positions = graph.constant("positions", weights["positions.weight"][None, :MAX_TOKENS])
    ones = graph.constant("axis", np.array([1]))
    places = graph.add("Slice", [positions, graph.constant("zero", np.array([0])), count, ones])[0]
    x = graph.add_and_norm(words, places, "norm")
    for n in range(LAYERS):
        layer = f"layers.{n}."
        qkv = graph.add("Split", [graph.linear(x, f"{layer}qkv")], outputs=3, axis=2, num_outputs=3)
        attended = graph.add("MultiHeadAttention", qkv, "com.microsoft", num_heads=HEADS)[0]
        x = graph.add_and_norm(x, graph.linear(attended, f"{layer}out"), f"{layer}norm1")
        up = graph.linear(x, f"{layer}up", bias=False)
        bias = graph.constant(f"{layer}up.bias", weights[f"{layer}up.bias"])
        inner = graph.add("BiasGelu", [up, bias], "com.microsoft")[0]
        x = graph.add_and_norm(x, graph.linear(inner, f"{layer}down"), f"{layer}norm2")
    mean = graph.add("ReduceMean", [x, ones], keepdims=0)[0]
    graph.nodes.append(helper.make_node("LpNormalization", [mean], ["vector"], axis=1, p=2))
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "encoder",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"])],
            [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, 384])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)],
        ir_version=8,
    )


def main() -> None:
    """Write `model.onnx` and `vocabulary.txt`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--minilm", type=Path, required=True, help="folder with the original model.safetensors and vocab.txt"
    )
    parser.add_argument("--checkpoint", type=Path, nargs="+", required=True, help="several are averaged")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    untrained = {
        name: weights.numpy()
        for name, weights in read_minilm(options.minilm / "model.safetensors").state_dict().items()
    }
    model = build(average([load_file(path) for path in options.checkpoint], untrained))
    (options.out / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    (options.out / "vocabulary.txt").write_bytes((options.minilm / "vocab.txt").read_bytes().rstrip())


if __name__ == "__main__":
    main()
