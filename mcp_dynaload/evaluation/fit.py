"""Fits selection's models to labelled tasks and says what they reach on sets left out.

`python -m mcp_dynaload.evaluation.fit BENCH NOTHING.jsonl`: `BENCH` has `catalogs/`, `tasks/` and `negatives/`,
`NOTHING` more prompts that need no tool. What it prints goes into `selection/evidence.py` and `combination.py`.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mcp_dynaload.catalog.catalog import Catalog, build_catalog
from mcp_dynaload.encoder.text import tool_text
from mcp_dynaload.evaluation.conversation import session_query, state_before
from mcp_dynaload.evaluation.labelled import Task, characters_in_fours, read_catalog, read_tasks, tasks_of
from mcp_dynaload.selection.blended import COST_WEIGHT, BlendedRanker, Encode
from mcp_dynaload.selection.combination import Model, Observed, need_features, tool_features
from mcp_dynaload.selection.evidence import MAX_NAME_MASS, MAX_TEXT_MASS, Evidence
from mcp_dynaload.selection.lexical import LexicalRanker
from mcp_dynaload.selection.own_work import OWN_WORK
from mcp_dynaload.selection.query import Query, clean, parts

WEIGHTS = {
    "vendor_evals_dev": 1.0,
    "mcpproxy_golden_dev": 3.0,
    "imbios_claudecode": 2.0,
    "azure_e2e": 0.25,
    "mcpbench": 1.0,
    "bfcl_multiturn": 0.25,
}
"""What a task of each set counts: large sets of like tasks less."""

FORBIDDEN = "sentry"
"""Tasks whose id begins so are for measuring only: their licence forbids more."""

NOTHING = "nothing"
"""The set of prompts that need no tool."""

CAUTION = 0.5
"""Added to the log-odds that a tool is needed at all: a missing one costs more than one loaded in vain."""

PARTS_OF_CATALOG = 6
"""Smaller catalogs, made of some servers of each: people have few more often than many."""

PART_WEIGHT = 0.3
BUDGETS = (2_000, 8_000)

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """One prompt over one catalog, with what is known about the candidates."""

    source: str
    prompt: str
    weight: float
    may_train: bool
    is_whole: bool
    """Over the whole catalog, as the set is measured."""

    evidence: Array
    """A row for each candidate by words, of its best clause."""

    evident: NDArray[np.bool_]
    observed: Observed
    needed: NDArray[np.bool_]
    needs: tuple[frozenset[int], ...]
    """Of each need the places of the candidates that serve."""

    costs: tuple[int, ...]


def read_samples(bench: Path, nothing: Sequence[Path], encode: Encode) -> Iterator[Sample]:
    """All prompts of the folder over their catalogs and parts of these."""
    own_work = encode(OWN_WORK)
    free = [(path.stem, read_tasks(path).lines) for path in (*sorted((bench / "negatives").glob("*.jsonl")), *nothing)]
    files = {name: read_tasks(bench / "tasks" / f"{name}.jsonl") for name in WEIGHTS}
    for catalog_name in sorted({file.catalog for file in files.values()}):
        known = read_catalog(bench / "catalogs" / f"{catalog_name}.json", characters_in_fours)
        tasks = [
            (name, task)
            for name, file in files.items()
            if file.catalog == catalog_name
            for task in tasks_of(file, known)
        ]
        tasks += [(NOTHING, Task(line.id, line.query, ())) for _, lines in free for line in lines]
        for part in (known.catalog, *_parts(known.catalog, [task for _, task in tasks])):
            vectors = encode([tool_text(tool) for tool in part.tools])
            ranker, words = BlendedRanker(part, vectors, own_work, encode), LexicalRanker(part)
            for name, task in tasks:
                if all(any(part.get(tool) for tool in need) for need in task.needs) and clean(task.prompt):
                    yield _sample(name, task, part, ranker, words, is_whole=part is known.catalog)


def fit_words(samples: Sequence[Sample]) -> Model:
    """Log-odds from evidence alone."""
    rows = [sample.evidence for sample in samples]
    needed = [sample.needed[sample.evident] for sample in samples]
    weights = [np.full(len(sample.evidence), sample.weight) for sample in samples]
    return logistic(np.concatenate(rows), np.concatenate(needed), np.concatenate(weights))


def fit_tool(samples: Sequence[Sample]) -> Model:
    """That a tool is needed, given that any is."""
    useful = [sample for sample in samples if sample.needs]
    rows = [tool_features(sample.observed) for sample in useful]
    needed = [sample.needed for sample in useful]
    weights = [np.full(len(s.needed), s.weight / max(1, s.needed.sum()) ** 0.5) for s in useful]
    return logistic(np.concatenate(rows), np.concatenate(needed), np.concatenate(weights))


def fit_need(samples: Sequence[Sample], tool: Model) -> Model:
    """That any tool is needed; prompts with and without needs count alike in sum."""
    rows = np.concatenate([need_features(s.observed, tool.odds(tool_features(s.observed))) for s in samples])
    needing = np.array([bool(s.needs) for s in samples])
    weights = np.array([s.weight for s in samples])
    weights[needing] *= weights[~needing].sum() / weights[needing].sum()
    fitted = logistic(rows, needing, weights)
    return replace(fitted, intercept=fitted.intercept + CAUTION)


def logistic(rows: NDArray[np.floating], targets: NDArray[np.bool_], weights: Array, strength: float = 1.0) -> Model:
    """A ridge logistic regression by Newton's method, on standardised rows."""
    center, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
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


def report(samples: Sequence[Sample], say: Callable[[str], object]) -> None:
    """Print what is reached on each set by models that never saw it, then the models fitted on all."""
    training = [sample for sample in samples if sample.may_train]
    for left_out in WEIGHTS:
        seen = [sample for sample in training if sample.source != left_out]
        tool = fit_tool(seen)
        need = fit_need(seen, tool)
        own = [sample for sample in samples if sample.source == left_out and sample.is_whole]
        recalls = [np.mean([_recall(sample, tool, budget) for sample in own]) for budget in BUDGETS]
        missed = np.mean([_need_odds(sample, tool, need) < 0 for sample in own])
        say(f"{left_out:22} recall {recalls[0]:.3f} {recalls[1]:.3f}, taken to need nothing {missed:.3f}")
    words, tool = fit_words(training), fit_tool(training)
    need = fit_need(training, tool)
    free = [sample for sample in samples if sample.source == NOTHING and sample.is_whole]
    say(f"{NOTHING:22} taken to need nothing {np.mean([_need_odds(s, tool, need) < 0 for s in free]):.3f} (fitted)")
    for name, model in (("evidence", words), ("TOOL", tool), ("NEED", need)):
        say(f"{name}: {tuple(round(c, 3) for c in model.coefficients)}, {model.intercept:.3f}")


def _parts(catalog: Catalog, tasks: Sequence[Task]) -> Iterator[Catalog]:
    upstreams = sorted({tool.upstream for tool in catalog.tools})
    used = Counter(
        tool.upstream for task in tasks for need in task.needs for name in need if (tool := catalog.get(name))
    )
    chance = random.Random(0)
    for number in range(PARTS_OF_CATALOG):
        many = min(4 + 2 * number, len(upstreams) - 1)
        wanted = [name for name, _ in used.most_common(PARTS_OF_CATALOG)]
        kept = {*chance.sample(upstreams, many), wanted[number % len(wanted)]}
        yield build_catalog((tool for tool in catalog.tools if tool.upstream in kept), catalog.costs)


def _sample(
    source: str, task: Task, catalog: Catalog, ranker: BlendedRanker, words: LexicalRanker, *, is_whole: bool
) -> Sample:
    query = session_query(task.prompt, state_before(task.history, catalog))
    found = ranker.candidates(query, 0)
    names = [catalog.tools[index].name for index in found.indices]
    evidence = _best_evidence(words, query)
    needs = tuple(frozenset(place for place, name in enumerate(names) if name in need) for need in task.needs)
    return Sample(
        source=source,
        prompt=task.prompt,
        weight=WEIGHTS.get(source, 1.0) * (1.0 if is_whole else PART_WEIGHT),
        may_train=not task.id.startswith(FORBIDDEN),
        is_whole=is_whole,
        evidence=np.array([evidence[index] for index in found.indices if index in evidence]).reshape(-1, 8),
        evident=np.array([index in evidence for index in found.indices]),
        observed=found.observed,
        needed=np.array([any(place in need for need in needs) for place in range(len(names))]),
        needs=needs,
        costs=tuple(catalog.costs[name] for name in names),
    )


def _best_evidence(words: LexicalRanker, query: Query) -> dict[int, tuple[float, ...]]:
    best: dict[int, tuple[float, tuple[float, ...]]] = {}
    for clause in parts(query):
        for match in words.matches(clause, 20):
            if match.evidence and match.odds > best.get(match.index, (-np.inf,))[0]:
                best[match.index] = match.odds, _row(match.evidence)
    return {index: row for index, (_, row) in best.items()}


def _row(evidence: Evidence) -> tuple[float, ...]:
    name_mass = min(evidence.name_mass, MAX_NAME_MASS)
    capped = replace(
        evidence,
        name_mass=name_mass,
        query_coverage=name_mass * evidence.query_coverage,
        text_mass=min(evidence.text_mass, MAX_TEXT_MASS),
    )
    return astuple(capped)


def _recall(sample: Sample, tool: Model, budget: int) -> float:
    scores = tool.odds(tool_features(sample.observed)) - COST_WEIGHT * np.log(np.maximum(sample.costs, 1))
    taken: set[int] = set()
    for place in map(int, np.argsort(-scores, kind="stable")):
        if sample.costs[place] <= budget:
            budget -= sample.costs[place]
            taken.add(place)
    return float(np.mean([not taken.isdisjoint(need) for need in sample.needs]))


def _need_odds(sample: Sample, tool: Model, need: Model) -> float:
    return float(need.odds(need_features(sample.observed, tool.odds(tool_features(sample.observed))))[0])


def main(arguments: Sequence[str]) -> None:
    """Fit with the encoder of the package."""
    from mcp_dynaload.encoder.encoder import read_encoder  # heavy

    bench, *nothing = map(Path, arguments)
    report(list(read_samples(bench, nothing, remembered(read_encoder().encode))), print)


def remembered(encode: Encode) -> Encode:
    """The same encoder, each text only once."""
    known: dict[str, NDArray[np.float32]] = {}

    def look_up(texts: Iterable[str]) -> NDArray[np.float32]:
        wanted = list(texts)
        new = [text for text in dict.fromkeys(wanted) if text not in known]
        if new:
            known.update(zip(new, encode(new), strict=True))
        return np.stack([known[text] for text in wanted])

    return look_up


if __name__ == "__main__":
    main(sys.argv[1:])
