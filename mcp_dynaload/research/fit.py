"""Fits selection's models to labelled prompts.

`python -m mcp_dynaload.research.fit BENCH` (a folder with `catalogs/`, `tasks/` and `negatives/`) writes
`ranking/data/coefficients.json` and prints what goes, rounded by hand, into `ranking/evidence.py`.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mcp_dynaload.ranking.features import (
    NEED_FEATURES,
    Coefficients,
    Model,
    need_features,
    to_file,
    tool_features,
)
from mcp_dynaload.research.samples import (
    ABOUT_SERVICES,
    ORDERS,
    WEIGHTS,
    Remembering,
    Sample,
    packaged_own,
    read_samples,
)

FILE = Path(__file__).parents[1] / "ranking" / "data" / "coefficients.json"

CAUTION = 1.8
"""Added to the log-odds that a tool is needed at all: a missing one costs more than one loaded in vain."""

VECTOR_SHARE = 0.15
"""The weight of the model with the prompt's vector beside the one without it, which knows less of what it was fitted to
and as much of what it never saw."""

NEED_SHARES = {
    **dict.fromkeys(WEIGHTS, 4.0),
    "mcpbench": 12.0,
    "needing": 5.0,
    ORDERS: 5.0,
    "own_work": 8.0,
    "need_labelled": 15.0,
    ABOUT_SERVICES: 8.0,
}
"""How much more a prompt counts where only the need of any tool is judged; one that needs eight tools, three times."""

VECTOR_STRENGTH = 300.0
"""The strength of the penalty where the prompt's vector is among the features."""

MIN_SPREAD = 1e-3
"""The least standard deviation that a feature is divided by; two numbers of a prompt's vector are the same for all."""

Array = NDArray[np.float64]
Columns = tuple[int, ...]


def fit(samples: Sequence[Sample], without: Columns = ()) -> Coefficients:
    """Fit the models of tool and need; `without` these of the tool's features."""
    tool = fit_tool(samples, without)
    return Coefficients(tool, fit_need(samples, tool))


def fit_words(samples: Sequence[Sample]) -> Model:
    """Fit the model of log-odds from evidence alone."""
    rows = [sample.evidence for sample in samples]
    needed = [sample.needed[sample.evident] for sample in samples]
    weights = [np.full(len(sample.evidence), sample.weight) for sample in samples]
    return logistic(np.concatenate(rows), np.concatenate(needed), np.concatenate(weights))


def fit_tool(samples: Sequence[Sample], without: Columns = ()) -> Model:
    """Fit the model that a tool is needed, given that any is."""
    useful = [sample for sample in samples if sample.needs and sample.source != ORDERS]
    rows = np.concatenate([tool_features(sample.observed) for sample in useful])
    rows[:, list(without)] = 0.0
    needed = [sample.needed for sample in useful]
    weights = [np.full(len(s.needed), s.weight / max(1, s.needed.sum()) ** 0.5) for s in useful]
    return logistic(rows, np.concatenate(needed), np.concatenate(weights))


def fit_need(samples: Sequence[Sample], tool: Model) -> Model:
    """Fit the model that any tool is needed; prompts with and without needs count alike in sum.

    A mixture of a model without the prompt's vector, which carries over to other kinds of prompts, and one with it,
    which knows more of those it has seen.
    """
    rows = np.concatenate([need_features(s.observed, tool.odds(tool_features(s.observed))) for s in samples])
    needing = np.array([bool(s.needs) for s in samples])
    weights = np.array([s.weight * NEED_SHARES.get(s.source, 1.0) for s in samples])
    weights[needing] *= weights[~needing].sum() / weights[needing].sum()
    without = logistic(rows[:, :NEED_FEATURES], needing, weights)
    with_vector = logistic(rows, needing, weights, VECTOR_STRENGTH)
    padded = (*without.coefficients, *[0.0] * (rows.shape[1] - NEED_FEATURES))
    mixed = tuple(_mixed(*both) for both in zip(padded, with_vector.coefficients, strict=True))
    return Model(mixed, _mixed(without.intercept, with_vector.intercept) + CAUTION)


def _mixed(without_vector: float, with_vector: float) -> float:
    return (1 - VECTOR_SHARE) * without_vector + VECTOR_SHARE * with_vector


def logistic(rows: NDArray[np.floating], targets: NDArray[np.bool_], weights: Array, strength: float = 1.0) -> Model:
    """Fit a ridge logistic regression by Newton's method, on standardised rows."""
    # A number that hardly ever differs tells nothing: divided by its spread, what is left of it would count.
    center, spread = rows.mean(axis=0), np.maximum(rows.std(axis=0), MIN_SPREAD)
    inputs = np.column_stack([(rows - center) / spread, np.ones(len(rows))]).astype(np.float64)
    penalty = np.append(np.full(rows.shape[1], strength), 0.0)
    found = np.zeros(inputs.shape[1])
    for _ in range(50):
        given = 1 / (1 + np.exp(-np.clip(inputs @ found, -30, 30)))
        slope = inputs.T @ (weights * (given - targets)) + penalty * found
        curve = (inputs * (weights * given * (1 - given))[:, None]).T @ inputs + np.diag(penalty + 1e-9)
        change = np.linalg.solve(curve, slope)
        found -= change
        if np.abs(change).max() < 1e-6:
            break
    coefficients = found[:-1] / spread
    return Model(tuple(map(float, coefficients)), float(found[-1] - coefficients @ center))


def report(samples: Sequence[Sample], path: Path, say: Callable[[str], object]) -> None:
    """Write the models fitted on all that may be trained on, and tell of them."""
    training = [sample for sample in samples if sample.may_train]
    words = fit_words(training)
    path.write_text(to_file(fit(training)), "utf-8")
    say(f"evidence: {tuple(round(c, 3) for c in words.coefficients)}, {words.intercept:.3f}")
    say(f"tool and need: written to {path}")


def main(arguments: Sequence[str]) -> None:
    """Fit with the encoder of the package."""
    from mcp_dynaload.encoder.sentence_encoder import read_encoder  # heavy

    reader = Remembering(read_encoder())
    report(list(read_samples(Path(arguments[0]), reader, packaged_own())), FILE, print)


if __name__ == "__main__":
    main(sys.argv[1:])
