# pyright: basic, reportMissingImports=false
# torch is needed to train only: the extra `train` brings it.
"""Contrastive training of MiniLM: a prompt comes nearer to a tool that it needs than to all others of a batch."""

import argparse
import time
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from mcp_dynaload.research.training.bert import WIDTH, Bert, read_minilm
from mcp_dynaload.research.training.examples import Corpus, draw, read_corpus

QUERY_TOKENS, DOCUMENT_TOKENS = 64, 72
SCALE = 20.0
"""Inverse temperature of the contrast."""

ALIKE = 0.85
"""Cosine (of the untrained model) from which two documents say the same: neither is a counter-example to the other."""

CHUNK = {"cpu": 16, "cuda": 192}
"""Texts encoded at a time: on a processor padding costs more than starting anew."""

AVERAGING = 0.98
"""The share that the running average of the weights, which checkpoints hold, keeps of itself at each step."""

NEAR = 40
"""How many of a task's nearest documents its counter-examples are drawn from."""


class EncoderTrainer:
    """A model with the corpus and the untrained model's vectors of it."""

    def __init__(self, model: Bert, corpus: Corpus, tokenizer: Tokenizer, random: Random, device: str) -> None:
        self.model, self.corpus, self.tokenizer, self.random = model.to(device), corpus, tokenizer, random
        self.device = device
        self.vectors = np.zeros((0, WIDTH), np.float32)

    def remember_untrained(self, file: Path) -> None:
        """Read the untrained model's vectors of the documents from `file`, or write them there."""
        if not file.exists():
            np.save(file, self._encode_all([tool.text() for tool in self.corpus.definitions]))
        self.vectors = np.load(file)

    def batch(self, size: int) -> tuple[list[str], list[str], Tensor]:
        """Return prompts, documents (each prompt's own first, then counter-examples) and which pairs are left out."""
        drawn = [draw(self.corpus, self.random) for _ in range(size)]
        own = [self.random.choice(needed) for _, needed in drawn]
        numbers = own + [self._counter_example(number, needed) for number, (_, needed) in zip(own, drawn, strict=True)]
        ignored = torch.from_numpy(self.vectors[own] @ self.vectors[numbers].T > ALIKE)
        for row, (_, needed) in enumerate(drawn):
            ignored[row] |= torch.tensor([number in needed for number in numbers])
            ignored[row, row] = False
        documents = [self.corpus.definitions[number].text(self.random) for number in numbers]
        return [query for query, _ in drawn], documents, ignored

    def loss(self, size: int) -> Tensor:
        """Return the cross entropy of finding each prompt's own document."""
        queries, documents, ignored = self.batch(size)
        with torch.autocast(self.device, torch.bfloat16):
            left, right = self._vectors(queries, QUERY_TOKENS), self._vectors(documents, DOCUMENT_TOKENS)
        scores = (SCALE * left.float() @ right.float().T).masked_fill(ignored.to(self.device), -1e4)
        return torch.nn.functional.cross_entropy(scores, torch.arange(size, device=self.device))

    def _counter_example(self, number: int, needed: list[int]) -> int:
        """Return a document near to `number`, preferably of the same upstream, that is not needed and differs."""
        catalog = self.corpus.catalog_of[number]
        pool = self.corpus.siblings[catalog, self.corpus.definitions[number].upstream]
        if catalog != "toucan" and (len(pool) < 4 or self.random.random() < 0.5):
            pool = self.corpus.members[catalog]
        likeness = self.vectors[pool] @ self.vectors[number]
        near = [pool[at] for at in np.argsort(-likeness)[:NEAR] if likeness[at] < ALIKE and pool[at] not in needed]
        return self.random.choice(near) if near else self.random.choice(self.corpus.members[catalog])

    def _vectors(self, texts: list[str], limit: int) -> Tensor:
        """Return the vectors of texts, encoded in chunks of about the same length: padding would be most work."""
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        size = CHUNK[self.device]
        chunks = [order[start : start + size] for start in range(0, len(order), size)]
        vectors = torch.cat([self.model(*self._tokens([texts[at] for at in chunk], limit)) for chunk in chunks])
        return vectors[torch.tensor(order).argsort()]

    def _tokens(self, texts: list[str], limit: int) -> tuple[Tensor, Tensor]:
        self.tokenizer.enable_truncation(limit)
        rows = [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]
        longest = max(map(len, rows))
        padded = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        return padded.to(self.device), torch.tensor([len(row) for row in rows], device=self.device)

    @torch.inference_mode()
    def _encode_all(self, texts: list[str], size: int = 128) -> np.ndarray:
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        with torch.autocast(self.device, torch.bfloat16):
            for start in range(0, len(texts), size):
                some = order[start : start + size]
                vectors[some] = (
                    self.model(*self._tokens([texts[at] for at in some], DOCUMENT_TOKENS)).float().cpu().numpy()
                )
        return vectors


def main() -> None:
    """Train and write a checkpoint now and then."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minilm", type=Path, required=True, help="folder with model.safetensors and tokenizer.json")
    parser.add_argument("--corpus", type=Path, required=True, help="folder with catalogs/ and tasks/")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoints")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=sorted(CHUNK), default="cpu")
    parser.add_argument("--every", type=int, default=50, help="steps between checkpoints")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    tokenizer = Tokenizer.from_file(str(options.minilm / "tokenizer.json"))
    tokenizer.no_padding()
    corpus, random = read_corpus(options.corpus), Random(options.seed)
    trainer = EncoderTrainer(
        read_minilm(options.minilm / "model.safetensors"), corpus, tokenizer, random, options.device
    )
    print(f"{len(corpus.definitions)} documents, {sum(map(len, corpus.tasks.values()))} tasks", flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    trainer.remember_untrained(options.out.parent / "untrained.npy")
    fit(trainer, options)


def fit(trainer: EncoderTrainer, options: argparse.Namespace) -> None:
    """Train: the learning rate rises for twenty steps and stays; the average of the weights settles instead."""
    model = trainer.model
    # The words' vectors stay: too few of them occur in the corpus to move them without losing the others.
    model.words.weight.requires_grad_(False)
    moving = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(moving, lr=options.rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 20))
    average = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    losses: list[float] = []
    for step in range(1, options.steps + 1):
        loss = trainer.loss(options.batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(moving, 1.0)
        optimizer.step()
        schedule.step()
        for name, weight in model.named_parameters():
            if weight.requires_grad:
                average[name].lerp_(weight.detach(), 1 - AVERAGING)
        losses.append(loss.item())
        if step % 10 == 0:
            seconds = time.process_time() / step
            print(f"{step} loss {np.mean(losses[-20:]):.4f}, {seconds:.2f} s of CPU per step", flush=True)
        if step % options.every == 0 or step == options.steps:
            save_file(average, options.out / f"step-{step}.safetensors")


if __name__ == "__main__":
    main()
