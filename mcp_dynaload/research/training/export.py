# pyright: basic, reportMissingImports=false
# onnx, safetensors and torch are needed to make the model only: the extra `train` brings them.
"""Writes trained weights as int8 ONNX graphs for one text at a time, and the vocabulary beside them.

The encoder's weights are a file of their own: onnxruntime maps it, so that all processes share what is not repacked.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

from mcp_dynaload.research.training.bert import HEADS, JUDGING, LAYERS, REACH, SHARED, WIDTH, read_average

MAX_TOKENS = 128
EPSILON = 1e-12

MIN_APART = 1024
"""Constants of fewer bytes stay in the graph."""

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
        """Add a node and return its outputs."""
        names = [f"{operator}_{len(self.nodes)}_{n}" for n in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, domain=domain, **attributes))
        return names

    def constant(self, name: str, value: np.ndarray) -> str:
        """Store a constant and return its name."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def linear(self, x: str, name: str) -> str:
        """Add a quantised linear map: one scale for each column of the weights, one for all of the input."""
        weights = self.weights[f"{name}.weight"].T
        scales = np.abs(weights).max(0) / RANGE
        inputs = [
            x,
            self.constant(f"{name}.weight", np.rint(weights / scales).astype(np.int8)),
            self.constant(f"{name}.scale", scales.astype(np.float32)),
            "",
            self.constant(f"{name}.bias", self.weights[f"{name}.bias"]),
        ]
        return self.add("DynamicQuantizeMatMul", inputs, "com.microsoft")[0]

    def add_and_norm(self, x: str, more: str, name: str) -> str:
        """Add the normalised sum.

        In two nodes: `SkipLayerNormalization`, which is both in one, goes number by number and takes seven times as
        long (onnxruntime 1.32, a quarter of the encoder's time).
        """
        gamma = self.constant(f"{name}.weight", self.weights[f"{name}.weight"])
        beta = self.constant(f"{name}.bias", self.weights[f"{name}.bias"])
        (total,) = self.add("Add", [x, more])
        return self.add("LayerNormalization", [total, gamma, beta], axis=-1, epsilon=EPSILON)[0]

    def layer(self, x: str, name: str) -> str:
        """Add one transformer layer."""
        qkv = self.add("Split", [self.linear(x, f"{name}qkv")], outputs=3, axis=2, num_outputs=3)
        attended = self.add("MultiHeadAttention", qkv, "com.microsoft", num_heads=HEADS)[0]
        x = self.add_and_norm(x, self.linear(attended, f"{name}out"), f"{name}norm1")
        inner = self.add("Gelu", [self.linear(x, f"{name}up")], "com.microsoft")[0]
        return self.add_and_norm(x, self.linear(inner, f"{name}down"), f"{name}norm2")

    def unit_mean(self, x: str) -> str:
        """Add the mean over the tokens, of length 1."""
        mean = self.add("ReduceMean", [x, self.constant("tokens", np.array([1]))], keepdims=0)[0]
        return self.add("LpNormalization", [mean], axis=1, p=2)[0]

    def model(self, name: str, given: list[Any], wanted: dict[str, tuple[str, list[Any]]]) -> onnx.ModelProto:
        """Return the whole graph; `wanted` are its outputs with what they are called inside and their shapes."""
        self.nodes += [helper.make_node("Identity", [inside], [output]) for output, (inside, _) in wanted.items()]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, (_, shape) in wanted.items()]
        return helper.make_model(
            helper.make_graph(self.nodes, name, given, outputs, self.constants),
            opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)],
            ir_version=8,
        )


def quantise_rows(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a table as int8 with one scale for each row."""
    scales = np.maximum(np.abs(table).max(1, keepdims=True), 1e-9) / RANGE
    return np.rint(table / scales).astype(np.int8), scales.astype(np.float32)


def build(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """Build the graph of `ids` of shape (1, tokens) to a unit `vector`, and to the `hidden` state for a judge."""
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
    states = [graph.add_and_norm(words, places, "norm")]
    for n in range(LAYERS):
        states.append(graph.layer(states[-1], f"layers.{n}."))
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"])
    vector = graph.unit_mean(states[-1]), [1, WIDTH]
    return graph.model("encoder", [ids], {"vector": vector, "hidden": (states[SHARED], [1, "tokens", WIDTH])})


def build_judge(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """Build the graph of a `hidden` state of the encoder to the log-odds of `need`."""
    graph = Graph(weights)
    x = "hidden"
    for n in range(JUDGING):
        x = graph.layer(x, f"layers.{n}.")
    need = [
        graph.unit_mean(x),
        graph.constant("out", REACH * weights["out.weight"].T),
        graph.constant("bias", weights["out.bias"]),
    ]
    hidden = helper.make_tensor_value_info("hidden", TensorProto.FLOAT, [1, "tokens", WIDTH])
    return graph.model("judge", [hidden], {"need": (graph.add("Gemm", need)[0], [1, 1])})


def main() -> None:
    """Write `model.onnx`, `model.weights` and `vocabulary.txt`, or `need.onnx`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minilm", type=Path, help="folder with the original model.safetensors and vocab.txt")
    parser.add_argument("--checkpoint", type=Path, nargs="+", help="of the encoder; several are averaged")
    parser.add_argument("--judge", type=Path, help="weights that `research.judging` wrote")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.judge:
        judge = build_judge(load_file(options.judge))
        (options.out / "need.onnx").write_bytes(judge.SerializeToString(deterministic=True))
    if options.checkpoint:
        export_encoder(options)


def export_encoder(options: argparse.Namespace) -> None:
    """Write the averaged encoder."""
    weights = read_average(options.minilm, options.checkpoint).state_dict()
    model = build({name: weight.numpy() for name, weight in weights.items()})
    write_with_weights_apart(model, options.out)
    (options.out / "vocabulary.txt").write_bytes((options.minilm / "vocab.txt").read_bytes().rstrip())


def write_with_weights_apart(model: onnx.ModelProto, folder: Path) -> None:
    """Write `model.onnx`, the graph, and `model.weights`."""
    (folder / "model.weights").unlink(missing_ok=True)  # onnx appends to what is there
    onnx.save_model(
        model,
        folder / "model.onnx",
        save_as_external_data=True,
        location="model.weights",
        size_threshold=MIN_APART,
        convert_attribute=False,
    )


if __name__ == "__main__":
    main()
