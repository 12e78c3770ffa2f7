"""Fits the clues by which a short prompt after others needs a tool (`ranking/follow_up.py::WEIGHTS`).

`python -m mcp_dynaload.research.fit_follow_ups BENCH` prints them; `BENCH` has the crawl that `needing.jsonl` is over.
They are fitted to `follow_ups.jsonl`, and to short prompts for the client's own work, each after one by chance that
needs a tool: these have nothing to do with what was before.
"""

import random
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mcp_dynaload.measure.quality.labelled import NamedCatalog, characters_in_fours, read_catalog
from mcp_dynaload.ranking.follow_up import WEIGHTS, Clues
from mcp_dynaload.ranking.hybrid import HybridRanker, Reader
from mcp_dynaload.ranking.query import MAX_FOLLOW_UP_TERMS
from mcp_dynaload.ranking.terms import prose_terms
from mcp_dynaload.research.fit import logistic
from mcp_dynaload.research.follow_ups import FollowUp, conversations, packaged_follow_ups
from mcp_dynaload.research.own_work import further_own_work_texts, own_work_texts
from mcp_dynaload.research.samples import Own, Remembering, packaged_own

OWN_WORK, OWN_WORK_WEIGHT = 1_800, 0.3
"""The prompts of the second kind, and what each counts: mostly a prompt has to do with the one before."""

STRENGTH = 3.0
"""The strength of the ridge: a few conversations tell little of a clue that is rare among them."""

FITTED_CLUES = tuple(name for name in Clues._fields if name not in ("always", "earlier", "names_again"))
"""These conversations tell nothing of the last two: the first prompt of each needs a tool, and few names come again."""


def fitted(crawl: NamedCatalog, own: Own, follow_ups: Sequence[FollowUp], work: Sequence[str], reader: Reader) -> Clues:
    """Return the weights, as they are for the clues of which these conversations tell nothing."""
    chance, firsts = random.Random(0), sorted({one.after for one in follow_ups})
    short = [text for text in work if 0 < len(set(prose_terms(text))) <= MAX_FOLLOW_UP_TERMS]
    picked = chance.sample(short, min(OWN_WORK, len(short)))
    unrelated = [FollowUp(chance.choice(firsts), text, None) for text in picked]
    rows: list[list[float]] = []
    needing: list[bool] = []
    weights: list[float] = []
    for group, weight in ((follow_ups, 1.0), (unrelated, OWN_WORK_WEIGHT)):
        for one, _, ours, query in conversations(crawl, own, group, reader):
            assert isinstance(ours.ranker, HybridRanker)
            if clues := ours.ranker.clues(query):
                rows.append([float(getattr(clues, name)) for name in FITTED_CLUES])
                needing.append(one.server is not None)
                weights.append(weight)
    model = logistic(np.array(rows), np.array(needing), np.array(weights), STRENGTH)
    found = dict(zip(FITTED_CLUES, model.coefficients, strict=True))
    return WEIGHTS._replace(**found, always=model.intercept)


def main(arguments: Sequence[str]) -> None:
    """Fit with the encoder of the package."""
    from mcp_dynaload.encoder.sentence_encoder import read_encoder  # heavy

    if len(arguments) != 1:
        sys.exit("name one folder with catalogs/: python -m mcp_dynaload.research.fit_follow_ups BENCH")
    own = packaged_own()
    crawl = read_catalog(Path(arguments[0]) / "catalogs" / f"{own.needing.catalog}.json", characters_in_fours)
    work = own_work_texts() + further_own_work_texts()
    found = fitted(crawl, own, packaged_follow_ups(), work, Remembering(read_encoder()))
    for name, weight in found._asdict().items():
        print(f"{name}: {weight:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
