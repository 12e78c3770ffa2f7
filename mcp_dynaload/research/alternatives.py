# pyright: basic, reportMissingImports=false
# onnx is needed to look into the model only: the extra `train` brings it.
"""Cheaper rankings by meaning beside the encoder: its word vectors alone, and a second look at its best.

`python -m mcp_dynaload.research.alternatives BENCH` prints recall within 2,000 / 8,000 tokens for each set,
the mean, and milliseconds of the processors for a prompt.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from statistics import fmean, median
from time import process_time

import numpy as np
import onnx
from onnx import numpy_helper

from mcp_dynaload.encoder.sentence_encoder import MAX_TOKENS, read_encoder
from mcp_dynaload.encoder.tool_text import tool_text
from mcp_dynaload.encoder.word_pieces import WordPieces
from mcp_dynaload.measure.quality.labelled import characters_in_fours, read_catalog, read_tasks
from mcp_dynaload.measure.quality.metrics import ranking_metrics
from mcp_dynaload.measure.quality.suite import read_set
from mcp_dynaload.research.samples import WEIGHTS, Remembering

TASKS = 300
"""The first tasks of each set, so many."""

CORPUS = ("bfcl_live_multiple", "seal_tools", "stabletoolbench", "metatool")
"""Sets whose prompts a linear map from word vectors to the encoder's is fitted to; none of them is measured."""

TEXTS, RIDGE = 5_000, 3.0
LOOKED_AT_AGAIN, SHARES = 50, (0.1, 0.3)

Array = np.ndarray
Encode = Callable[[Sequence[str]], Array]
Score = Callable[[str], Array]


class WordVectors:
    """The model's own vectors of word pieces, centred, the rarer ones weighing more."""

    def __init__(self, corpus: Sequence[str], *, is_weighted: bool) -> None:
        folder = files("mcp_dynaload").joinpath("encoder/model")
        graph = onnx.load(str(folder.joinpath("model.onnx"))).graph
        weights = {found.name: found for found in graph.initializer if found.name.startswith("words")}
        scale = numpy_helper.to_array(weights["words.scale"]).reshape(-1, 1)
        self._pieces = WordPieces(folder.joinpath("vocabulary.txt").read_text("utf-8"))
        vectors = numpy_helper.to_array(weights["words"]) * scale
        counts = np.bincount([n for text in corpus for n in set(self.numbers(text))], minlength=len(vectors))
        self.vectors = (vectors - vectors[counts > 0].mean(axis=0)).astype(np.float32)
        rarity = np.maximum(0.1, np.log(len(corpus) / (1 + counts)))
        self.weights = (rarity if is_weighted else np.ones(len(vectors))).astype(np.float32)

    def numbers(self, text: str) -> list[int]:
        """Return the pieces of a text, as many as the encoder reads."""
        return self._pieces.numbers(text, MAX_TOKENS)[1:-1]

    def encode(self, texts: Sequence[str]) -> Array:
        """Return a unit vector for each text: the weighted mean of its pieces' ones."""
        rows = [self.numbers(text) for text in texts]
        return unit(np.stack([self.weights[row] @ self.vectors[row] for row in rows]))

    def overlap(self, prompt: str, text: str) -> float:
        """Return how near, on average, each piece of the prompt has one in the text."""
        own, other = self.numbers(prompt), self.numbers(text)
        near = (unit(self.vectors[own]) @ unit(self.vectors[other]).T).max(axis=1, initial=-1.0)
        return float(self.weights[own] @ near / max(1e-9, self.weights[own].sum()))


def unit(rows: Array) -> Array:
    """Return the same directions, of length 1."""
    return rows / np.maximum(1e-9, np.linalg.norm(rows, axis=-1, keepdims=True))


def by_cosine(encode: Encode) -> Callable[[Sequence[str]], Score]:
    """Return a ranking by the cosines of the vectors."""

    def prepared(texts: Sequence[str]) -> Score:
        vectors = encode(texts)
        return lambda prompt: np.vecdot(vectors, encode([prompt])[0])

    return prepared


def looked_at_again(encode: Encode, words: WordVectors, share: float) -> Callable[[Sequence[str]], Score]:
    """Return the same, in which the best are put in order by their words, too."""

    def prepared(texts: Sequence[str]) -> Score:
        first = by_cosine(encode)(texts)

        def score(prompt: str) -> Array:
            scores = first(prompt)
            best = np.argsort(-scores)[:LOOKED_AT_AGAIN]
            scores[best] += 2 + share * np.array([words.overlap(prompt, texts[place]) for place in map(int, best)])
            return scores

        return score

    return prepared


def measure(bench: Path, prepare: Callable[[Sequence[str]], Score]) -> str:
    """Return a row's cells."""
    cells, spent = list[list[float]](), list[float]()
    for name in WEIGHTS:
        tasks = bench / "tasks" / f"{name}.jsonl"
        catalog = bench / "catalogs" / f"{read_tasks(tasks).catalog}.json"
        found = read_set(catalog, tasks, None, characters_in_fours)
        tools, recalls = found.known.catalog.tools, list[list[float]]()
        score = prepare([tool_text(tool) for tool in tools])
        for task in found.tasks[:TASKS]:
            started = process_time()
            scores = score(task.prompt)
            spent.append(process_time() - started)
            names = [tools[place].name for place in np.argsort(-scores, kind="stable")]
            figures = dict(ranking_metrics(task, names, found.known.catalog))
            recalls.append([figures["recall_at_tokens", budget] for budget in ("2000", "8000")])
        cells.append([fmean(column) for column in zip(*recalls, strict=True)])
    cells.append([fmean(column) for column in zip(*cells, strict=True)])
    return " | ".join([*(f"{few:.3f} / {many:.3f}" for few, many in cells), f"{median(spent) * 1e3:.1f}"])


def corpus_of(bench: Path) -> list[str]:
    """Return texts that are in none of the measured sets and catalogs."""
    crawl = read_catalog(bench / "catalogs" / "seal_tools.json", characters_in_fours).catalog.tools
    prompts = [line.query for name in CORPUS for line in read_tasks(bench / "tasks" / f"{name}.jsonl").lines]
    texts = sorted({*prompts, *map(tool_text, crawl)})
    np.random.default_rng(0).shuffle(texts)
    return texts[:TEXTS]


def main(bench: Path) -> None:
    """Print a row for each alternative."""
    corpus, encoder = corpus_of(bench), read_encoder()
    plain, words = (WordVectors(corpus, is_weighted=weighted) for weighted in (False, True))
    inputs, targets = words.encode(corpus), encoder.encode(corpus)
    fitted = np.linalg.solve(inputs.T @ inputs + RIDGE * np.eye(inputs.shape[1]), inputs.T @ targets)
    encode = Remembering(encoder).encode
    ways = {
        "word vectors, mean": by_cosine(plain.encode),
        "word vectors, weighted": by_cosine(words.encode),
        "the same, mapped to the encoder's": by_cosine(lambda texts: unit(words.encode(texts) @ fitted)),
        "encoder": by_cosine(encode),
        **{f"encoder, best {LOOKED_AT_AGAIN} + {s} word overlap": looked_at_again(encode, words, s) for s in SHARES},
    }
    for name, prepare in ways.items():
        print(f"| {name} | {measure(bench, prepare)} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
