"""The cost of ranking for a process at its start: time and memory.

`python -m mcp_dynaload.research.start_up CATALOG` prints it for a catalog file, in the order in which a server takes
the steps; what a server has stored is made before.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import TypeVar

import psutil

from mcp_dynaload.measure.quality.labelled import characters_in_fours, read_catalog
from mcp_dynaload.ranking.lexical import LexicalRanker
from mcp_dynaload.ranking.lexical_index import build_index, parse_index
from mcp_dynaload.ranking.query import parse_query

PROMPT = "Find the open issues on login, and then write a message to the author of the oldest one; draft a reply, too."

Say = Callable[[str], object]
Made = TypeVar("Made")


def report(catalog_file: Path, say: Say) -> None:
    """Print a line for each step."""
    catalog = read_catalog(catalog_file, characters_in_fours).catalog
    stored_index = build_index(catalog).as_bytes()
    say(f"{len(catalog.tools)} tools, index {len(stored_index) / 1e6:.1f} MB")
    index = _timed("index from its bytes", lambda: parse_index(stored_index), say)
    _timed("ranker by words", lambda: LexicalRanker(catalog, index), say)
    before = _megabytes()

    import numpy as np  # heavy: part of what is measured

    from mcp_dynaload.encoder.own_work import read_own_work
    from mcp_dynaload.encoder.sentence_encoder import WIDTH, read_encoder
    from mcp_dynaload.encoder.tool_text import tool_texts
    from mcp_dynaload.ranking.hybrid import HybridRanker
    from mcp_dynaload.ranking.own_work import OwnWork
    from mcp_dynaload.ranking.tool_vectors import ToolVectors, starts_of

    encoder = _timed("encoder", read_encoder, say)
    # What the vectors are makes no difference to the time; making them would take memory that a server does not need.
    counts = [len(tool_texts(tool)) for tool in catalog.tools]
    stored_vectors = np.random.default_rng(0).normal(0, WIDTH**-0.5, (sum(counts), WIDTH)).astype("f2").tobytes()
    vectors = _timed(
        f"{sum(counts)} vectors from their bytes",
        lambda: ToolVectors(np.frombuffer(stored_vectors, "f2").astype("f4").reshape(-1, WIDTH), starts_of(counts)),
        say,
    )
    ranker = _timed(
        "ranker by words and meaning",
        lambda: HybridRanker(catalog, vectors, OwnWork(*read_own_work()), encoder, index),
        say,
    )
    for prompt in (PROMPT, f"{PROMPT} Again."):
        _timed("a prompt of several clauses", lambda prompt=prompt: ranker.rank(parse_query(prompt), 60), say)
    say(f"memory beyond the ranking by words: {_megabytes() - before:.0f} MB")


def _timed(name: str, make: Callable[[], Made], say: Say) -> Made:
    started, spent = perf_counter(), process_time()
    made = make()
    say(f"{name}: {(perf_counter() - started) * 1e3:.0f} ms, {(process_time() - spent) * 1e3:.0f} ms of processors")
    return made


def _megabytes() -> float:
    return psutil.Process().memory_info().rss / 1e6


def main(arguments: Sequence[str]) -> None:
    """Measure this process."""
    if len(arguments) != 1:
        sys.exit("name one catalog file: python -m mcp_dynaload.research.start_up CATALOG")
    report(Path(arguments[0]), print)


if __name__ == "__main__":
    main(sys.argv[1:])
