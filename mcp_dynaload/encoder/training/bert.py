# pyright: basic, reportMissingImports=false
# torch is needed to train only, and is not a dependency of the project.
"""MiniLM in torch: the weights of all-MiniLM-L6-v2 in, a unit vector for each text out."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

WIDTH, HEADS, INNER, LAYERS, WORDS, POSITIONS = 384, 12, 1536, 6, 30522, 512


class Layer(nn.Module):
    """One transformer layer: attention, then two linear maps, each with its residual and norm."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12), nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """The layer's output for `x` of shape (texts, tokens, width)."""
        texts, tokens, _ = x.shape
        q, k, v = self.qkv(x).view(texts, tokens, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        # Written out: torch's fused attention takes most of a step's time at these lengths.
        likeness = q @ k.transpose(2, 3) * (WIDTH // HEADS) ** -0.5
        attended = (likeness + mask.to(q.dtype)).softmax(-1).to(v.dtype) @ v
        x = self.norm1(x + self.out(attended.transpose(1, 2).reshape(texts, tokens, WIDTH)))
        return self.norm2(x + self.down(functional.gelu(self.up(x))))


class Bert(nn.Module):
    """The whole encoder, with mean pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.positions = nn.Embedding(WORDS, WIDTH), nn.Embedding(POSITIONS, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Unit vectors of texts given as padded token ids and their true lengths."""
        keep = torch.arange(ids.shape[1])[None, :] < lengths[:, None]
        x = self.norm(self.words(ids) + self.positions.weight[: ids.shape[1]])
        mask = torch.zeros(keep.shape).masked_fill(~keep, -1e4)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, mask)
        return functional.normalize((x.float() * keep[..., None]).sum(1), dim=-1)


def read_minilm(path: Path) -> Bert:
    """The published model from its `model.safetensors`; the one token type is folded into the positions."""
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
