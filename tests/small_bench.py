"""A small folder as the leave-one-out evaluation reads it, and an encoder that knows words only."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.encoder.sentence_encoder import WIDTH
from mcp_dynaload.measure.quality.labelled import read_tasks
from mcp_dynaload.research.samples import ABOUT_SERVICES, WEIGHTS, NeedLabelled, Own
from tests.builders import a_definition
from tests.measure.quality.builders import a_line, write_catalog, write_lines

THINGS = ("issue", "invoice", "meeting", "container", "photo", "recipe")
ACTS = {"create": "Create a new {}", "list": "List every {}", "delete": "Delete one {} for good"}
WORK = ("explain this loop", "rename the variable", "write a haiku", "thanks a lot", "why is this test slow")

LABELLED = (
    NeedLabelled("chat", needs=False, query="tell me more"),
    NeedLabelled("shop", needs=True, query="order it"),
    NeedLabelled(ABOUT_SERVICES, needs=False, query="what is an invoice"),
)


def a_bench(folder: Path) -> Path:
    """Write two tasks for each set, a file of prompts that need nothing, and a crawl for our own prompts."""
    for catalog in ("dev", "crawl"):
        write_catalog(folder / "catalogs" / f"{catalog}.json", servers())
    for number, name in enumerate(WEIGHTS):
        thing, other = THINGS[number % len(THINGS)], THINGS[(number + 1) % len(THINGS)]
        lines = (
            a_line(f"{name}-1", f"show me each {thing}", f"{thing}s/list_{thing}", catalog="dev"),
            a_line(f"sentry-{name}", f"make a {other}", f"{other}s/create_{other}", catalog="dev"),
        )
        write_lines(folder / "tasks" / f"{name}.jsonl", *lines)
    write_lines(folder / "negatives" / "chat.jsonl", a_line("chat-1", "tell me a joke about goats"))
    return folder


def our_own(folder: Path) -> Own:
    """Write a prompt for each thing that is there, and the client's own work."""
    lines = (a_line(f"own-{t}", f"is there a {t}?", f"{t}s/list_{t}", catalog="crawl") for t in THINGS)
    held_out = [1.5] * len(THINGS) + [-1.5] * len(WORK) + [1.5 if line.needs else -1.5 for line in LABELLED]
    return Own(WORK, read_tasks(write_lines(folder / "own.jsonl", *lines)), held_out, LABELLED)


def servers() -> dict[str, list[Json]]:
    """Return a server for each thing."""
    return {f"{t}s": [a_definition(f"{act}_{t}", text.format(t)) for act, text in ACTS.items()] for t in THINGS}


class WordReader:
    """A reader that knows words only, and that who says "is", "show" or "make" wants a tool."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, the nearer the more words two texts share."""
        vectors = np.full((len(texts), WIDTH), 1e-3, np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in text.lower().replace("_", " ").split():
                vector[zlib.crc32(word.encode()) % WIDTH] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def begin(self, texts: Sequence[str]) -> None:
        """Do nothing yet: it takes no time."""

    def read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the same."""
        return self.encode(texts)

    def need(self, text: str) -> float:
        """Return whether a text begins with such a word."""
        return 2.0 if text.split()[0] in {"is", "show", "make"} else -2.0
