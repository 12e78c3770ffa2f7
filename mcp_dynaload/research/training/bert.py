# pyright: basic, reportMissingImports=false
# torch is needed to train only: the extra `train` brings it.
"""MiniLM in torch: the weights of all-MiniLM-L6-v2 in, a unit vector for each text out."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

WIDTH, HEADS, INNER, LAYERS, WORDS, POSITIONS = 384, 12, 1536, 6, 30522, 512

UNTRAINED_SHARE = 0.1
"""The share of the published weights in an averaged model."""

JUDGING = 3
"""Layers of its own that judge whether a prompt needs tools; they begin as the encoder's last ones."""

REACH = 8.0
"""Length of what the log-odds are read from: at 1 its weights would have to grow first."""

SHARED = LAYERS - JUDGING
"""Layers of the encoder that it stands on."""


class Layer(nn.Module):
    """A transformer layer: attention, then two linear maps, each with its residual and norm."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12), nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = nn.Dropout(0.0)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return the layer's output for `x` of shape (texts, tokens, width)."""
        texts, tokens, _ = x.shape
        q, k, v = self.qkv(x).view(texts, tokens, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        # Written out: torch's fused attention takes most of a step's time at these lengths.
        likeness = q @ k.transpose(2, 3) * (WIDTH // HEADS) ** -0.5
        attended = (likeness + mask.to(q.dtype)).softmax(-1).to(v.dtype) @ v
        x = self.norm1(x + self.dropout(self.out(attended.transpose(1, 2).reshape(texts, tokens, WIDTH))))
        return self.norm2(x + self.dropout(self.down(functional.gelu(self.up(x)))))


class Bert(nn.Module):
    """The whole encoder, with mean pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.positions = nn.Embedding(WORDS, WIDTH), nn.Embedding(POSITIONS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return unit vectors of texts given as padded token ids and their true lengths."""
        x, keep = self.embed(ids, lengths)
        return unit_mean(through(self.layers, x, keep), keep)

    def lower(self, x: Tensor, keep: Tensor) -> Tensor:
        """Return the output of the layers that a judge stands on."""
        return through(self.layers[:SHARED], x, keep)

    def embed(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the input of the first layer, and which tokens are there."""
        keep = torch.arange(ids.shape[1], device=ids.device)[None, :] < lengths[:, None]
        return self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]]), keep


class Judge(nn.Module):
    """The layers on the encoder's `SHARED` first ones that say of a prompt the log-odds that it needs tools."""

    def __init__(self, layers: nn.ModuleList, dropout: float) -> None:
        super().__init__()
        self.layers, self.out, self.dropout = deepcopy(layers), nn.Linear(WIDTH, 1), nn.Dropout(dropout)
        for layer in self.layers:
            layer.dropout.p = dropout
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, hidden: Tensor, keep: Tensor) -> Tensor:
        """Return the log-odds for each text."""
        return self.out(self.dropout(REACH * unit_mean(through(self.layers, hidden, keep), keep)))[:, 0]


def through(layers: nn.ModuleList, x: Tensor, keep: Tensor) -> Tensor:
    """Return the output of the last of the layers."""
    mask = torch.zeros(keep.shape, device=x.device).masked_fill(~keep, -1e4)[:, None, None, :]
    for layer in layers:
        x = layer(x, mask)
    return x


def unit_mean(x: Tensor, keep: Tensor) -> Tensor:
    """Return the mean over the tokens that are there, of length 1."""
    return functional.normalize((x.float() * keep[..., None]).sum(1), dim=-1)


def read_minilm(path: Path) -> Bert:
    """Read the published model from its `model.safetensors`; the one token type is folded into the positions."""
    given, mine = load_file(path), {}
    embeddings = "embeddings."
    mine["words.weight"] = given[f"{embeddings}word_embeddings.weight"]
    mine["positions.weight"] = (
        given[f"{embeddings}position_embeddings.weight"] + given[f"{embeddings}token_type_embeddings.weight"][0]
    )
    for kind in ("weight", "bias"):
        mine[f"norm.{kind}"] = given[f"{embeddings}LayerNorm.{kind}"]
        for n in range(LAYERS):
            theirs, ours = f"encoder.layer.{n}.", f"layers.{n}."
            parts = [given[f"{theirs}attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            mine[f"{ours}qkv.{kind}"] = torch.cat(parts)
            for their_part, our_part in (
                ("attention.output.dense", "out"),
                ("attention.output.LayerNorm", "norm1"),
                ("intermediate.dense", "up"),
                ("output.dense", "down"),
                ("output.LayerNorm", "norm2"),
            ):
                mine[f"{ours}{our_part}.{kind}"] = given[f"{theirs}{their_part}.{kind}"]
    model = Bert()
    model.load_state_dict(mine)
    return model


def read_average(minilm: Path, checkpoints: Sequence[Path]) -> Bert:
    """Read one model of several that came from the same beginning: it does better on unseen prompts than each."""
    model, trained = read_minilm(minilm / "model.safetensors"), [load_file(path) for path in checkpoints]
    for name, weight in model.state_dict().items():
        mean = torch.stack([some[name].float() for some in trained]).mean(0)
        weight.copy_(UNTRAINED_SHARE * weight + (1 - UNTRAINED_SHARE) * mean)
    return model
