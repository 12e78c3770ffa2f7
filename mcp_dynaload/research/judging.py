# pyright: basic, reportMissingImports=false
# torch is needed to train only: the extra `train` brings it.
"""Trains the judge of prompts: the layers on the encoder's first ones that say whether any tool is needed at all.

`python -m mcp_dynaload.research.judging --help`. What it writes, `research.training.export --judge` turns into the
package's `need.onnx`; and `held_out.npy` is what models that did not see our own prompts say of them, which is what
`research.fit` combines with the rest.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import process_time

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from mcp_dynaload.encoder.word_pieces import WordPieces
from mcp_dynaload.research.samples import FORBIDDEN, asked, packaged_own
from mcp_dynaload.research.training import synthetic
from mcp_dynaload.research.training.bert import INNER, SHARED, WIDTH, Bert, Judge, read_average
from mcp_dynaload.research.training.examples import LABELLED
from mcp_dynaload.research.training.packed import read_packed

PACKAGED = Path(__file__).parents[1] / "encoder" / "model"

MAX_TOKENS = 96
BATCH = 32
CHUNK = {"cpu": 8, "cuda": BATCH}
"""Prompts judged at a time: on a processor padding costs more than starting anew."""

DROPOUT = 0.15
SMOOTHING = 0.05
"""The smoothing of the labels: some are wrong, and a judge that is never quite sure is calibrated better."""

FOLDS = 3
MISSPELT, CURTAILED = 0.15, 0.05
"""Shares of the prompts that are seen with typing errors, and with words left out."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A prompt as the ranker reads it."""

    text: str
    needs: bool
    weight: float


Weights = dict[str, np.ndarray]
"""The weights of a judge, by their names."""


class JudgeTrainer:
    """The encoder's shared layers, and what trains judges on them."""

    def __init__(self, encoder: Bert, pieces: WordPieces, options: argparse.Namespace) -> None:
        self.encoder, self.pieces, self.options = encoder.to(options.device).eval(), pieces, options
        self.halves = options.device == "cuda" or _bfloat16_is_faster()

    def train(self, prompts: Sequence[Labelled], seed: int) -> Judge:
        """Train a judge of these prompts; both kinds count alike in sum."""
        torch.manual_seed(seed)
        random, chance = Random(seed), np.random.default_rng(seed)
        judge = Judge(self.encoder.layers[SHARED:], DROPOUT).to(self.options.device).train()
        optimizer = torch.optim.AdamW(judge.parameters(), lr=self.options.rate, weight_decay=0.01)
        weights = np.array([prompt.weight for prompt in prompts])
        steps = int(self.options.epochs * weights.sum() / BATCH)
        needing = np.array([prompt.needs for prompt in prompts])
        weights[needing] *= weights[~needing].sum() / weights[needing].sum()
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = self.options.rate * min(1.0, (step + 1) / 50) * (1 - step / steps)
            drawn = chance.choice(len(prompts), BATCH, p=weights / weights.sum())
            said = self._judged(judge, [_seen(prompts[place].text, random) for place in drawn])
            wanted = torch.tensor(needing[drawn], dtype=torch.float32, device=said.device)
            wanted = wanted * (1 - 2 * SMOOTHING) + SMOOTHING
            loss = torch.nn.functional.binary_cross_entropy_with_logits(said.float(), wanted)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
            optimizer.step()
        return judge.eval()

    def average(self, trained: Sequence[Weights]) -> Judge:
        """Return one judge of several that were trained in different order."""
        judge = Judge(self.encoder.layers[SHARED:], 0.0).to(self.options.device).eval()
        mean = {name: np.mean([weights[name] for weights in trained], axis=0) for name in trained[0]}
        judge.load_state_dict({name: torch.from_numpy(weight) for name, weight in mean.items()})
        return judge

    @torch.inference_mode()
    def judged(self, judge: Judge, texts: Sequence[str]) -> np.ndarray:
        """Return the log-odds of each text."""
        return self._judged(judge, texts).float().cpu().numpy()

    def _judged(self, judge: Judge, texts: Sequence[str]) -> Tensor:
        """Return the log-odds, read in chunks of about the same length."""
        rows = [self.pieces.numbers(text, MAX_TOKENS) for text in texts]
        order, size = sorted(range(len(rows)), key=lambda place: len(rows[place])), CHUNK[self.options.device]
        chunks = [order[start : start + size] for start in range(0, len(order), size)]
        found = torch.cat([self._of_chunk(judge, [rows[place] for place in chunk]) for chunk in chunks])
        return found[torch.tensor(order).argsort()]

    def _of_chunk(self, judge: Judge, rows: Sequence[Sequence[int]]) -> Tensor:
        longest = max(map(len, rows))
        ids = torch.tensor([[*row] + [0] * (longest - len(row)) for row in rows], device=self.options.device)
        with torch.autocast(self.options.device, torch.bfloat16, enabled=self.halves):
            with torch.no_grad():
                hidden, keep = self.encoder.embed(ids, torch.tensor([len(row) for row in rows], device=ids.device))
                hidden = self.encoder.lower(hidden, keep)
            return judge(hidden, keep)


def _bfloat16_is_faster() -> bool:
    """Return whether this processor multiplies in bfloat16: one that cannot takes ten times as long with it."""
    taken: dict[torch.dtype, float] = {}
    for kind in (torch.float32, torch.bfloat16):
        texts, layer = torch.ones(BATCH * MAX_TOKENS, WIDTH, dtype=kind), torch.ones(INNER, WIDTH, dtype=kind)
        torch.nn.functional.linear(texts, layer)  # the first takes longer
        started = process_time()
        torch.nn.functional.linear(texts, layer)
        taken[kind] = process_time() - started
    return taken[torch.bfloat16] < taken[torch.float32]


def own_prompts() -> list[Labelled]:
    """Return our own, in the order of `held_out.npy`: what needs tools, what the client does itself, the labelled."""
    own = packaged_own()
    needing = [Labelled(asked(line.query), True, 1.0) for line in own.needing.lines]
    work = [Labelled(asked(text), False, 1.0) for text in own.work]
    return needing + work + [Labelled(asked(line.query), line.needs, 1.0) for line in own.labelled]


def generic_prompts(folder: Path, weight: float) -> list[Labelled]:
    """Return tasks over catalogs of functions and web APIs, which the encoder is trained on, too."""
    tasks = [
        json.loads(line)
        for name in LABELLED
        for line in (folder / f"tasks/{name}.jsonl").read_text("utf-8").splitlines()
    ]
    return [Labelled(asked(task["query"]), True, weight) for task in tasks if not task["id"].startswith(FORBIDDEN)]


def _seen(text: str, random: Random) -> str:
    chance = random.random()
    if chance < MISSPELT:
        return synthetic.misspell(text, random)
    return synthetic.drop_words(text, random) if chance < MISSPELT + CURTAILED else text


def _trainer(options: argparse.Namespace) -> JudgeTrainer:
    pieces = WordPieces((options.encoder / "vocabulary.txt").read_text("utf-8"))
    if options.checkpoint:
        return JudgeTrainer(read_average(options.minilm, options.checkpoint), pieces, options)
    return JudgeTrainer(read_packed(options.encoder / "model.onnx"), pieces, options)


def _prompts(options: argparse.Namespace, fold: int | None) -> list[Labelled]:
    """Return all prompts to train on, without one fold of our own."""
    own = [prompt for number, prompt in enumerate(own_prompts()) if fold is None or number % FOLDS != fold]
    return own + generic_prompts(options.corpus, options.generic)


def _trained(options: argparse.Namespace, fold: int | None, seed: int) -> Weights:
    """Train once, in a process of its own, and return the weights; those of a run that was cut off are taken."""
    path = options.out / f"without-{fold}-seed-{seed}.safetensors"
    if not path.exists():
        torch.set_num_threads(max(1, options.threads // options.jobs))
        judge = _trainer(options).train(_prompts(options, fold), seed)
        unfinished = path.with_suffix(".unfinished")
        save_file(judge.state_dict(), unfinished)
        unfinished.replace(path)
        print(f"trained without fold {fold}, seed {seed}", flush=True)
    return {name: weight.float().numpy() for name, weight in load_file(path).items()}


def main(arguments: Sequence[str]) -> None:
    """Train judges without each fold in turn, then one on everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--encoder", type=Path, default=PACKAGED, help="folder with vocabulary.txt, and with the model.onnx to train on"
    )
    parser.add_argument("--checkpoint", type=Path, nargs="*", help="train on these instead, the average of several")
    parser.add_argument("--minilm", type=Path, help="with checkpoints: folder with the original model.safetensors")
    parser.add_argument("--corpus", type=Path, required=True, help="folder with tasks/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", choices=sorted(CHUNK), default="cpu")
    parser.add_argument("--threads", type=int, default=2, help="of all jobs together")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time: on a processor one for each core")
    parser.add_argument("--epochs", type=float, default=2.5)
    parser.add_argument("--rate", type=float, default=7e-5)
    parser.add_argument("--seeds", type=int, default=1, help="judges that are averaged, for a fold and at the end")
    parser.add_argument("--generic", type=float, default=0.1, help="what a task that is not our own counts")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    wanted = [(fold, seed) for fold in range(FOLDS) for seed in range(options.seeds)]
    wanted += [(None, seed) for seed in range(options.seeds)]
    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as pool:
        running = [pool.submit(_trained, options, fold, seed) for fold, seed in wanted]
        trained = [future.result() for future in running]
    trainer, own = _trainer(options), own_prompts()
    held_out = np.zeros(len(own), np.float32)
    for fold in range(FOLDS):
        judge = trainer.average([weights for weights, (of, _) in zip(trained, wanted, strict=True) if of == fold])
        held_out[fold::FOLDS] = trainer.judged(judge, [prompt.text for prompt in own[fold::FOLDS]])
        right = np.mean((held_out[fold::FOLDS] > 0) == np.array([prompt.needs for prompt in own[fold::FOLDS]]))
        print(f"fold {fold}: {right:.3f} right", flush=True)
    np.save(options.out / "held_out.npy", held_out.astype(np.float16))
    judge = trainer.average(trained[-options.seeds :])
    save_file(judge.state_dict(), options.out / "judge.safetensors")


if __name__ == "__main__":
    main(sys.argv[1:])
