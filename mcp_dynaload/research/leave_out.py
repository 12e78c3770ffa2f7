"""The choice's figures on each set when its models never saw that set, beside the field's usual methods.

`python -m mcp_dynaload.research.leave_out BENCH` prints a table in Markdown; `BENCH` has `catalogs/`, `tasks/` and
`negatives/`. The encoder saw none of these sets; how words are weighed (`ranking/evidence.py`) saw all of them.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean

import numpy as np

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.quality.evaluate import Indexed, evaluate, index
from mcp_dynaload.measure.quality.intervals import Bootstrap
from mcp_dynaload.measure.quality.labelled import characters_in_fours
from mcp_dynaload.measure.quality.metrics import in_vain
from mcp_dynaload.measure.quality.rankers import NATIVE, RANKERS, Models
from mcp_dynaload.measure.quality.report import Report
from mcp_dynaload.measure.quality.suite import TaskSet, read_set
from mcp_dynaload.ranking.features import FITTED, Coefficients, Model, Vector, tool_features
from mcp_dynaload.ranking.hybrid import COST_WEIGHT, SIBLINGS_WEIGHT, Reader, held_back
from mcp_dynaload.research.ablation import PARTS, without
from mcp_dynaload.research.conversing import converse
from mcp_dynaload.research.fit import Columns, fit, fit_tool
from mcp_dynaload.research.indexed import files_of, indexed
from mcp_dynaload.research.samples import WEIGHTS, Own, Remembering, Sample, packaged_own, read_samples
from mcp_dynaload.selection.policy import Strategy

PEERS = (NATIVE, "bm25", "lexical", "dense", "fusion")
BUDGETS = (2_000, 8_000)

ABSTAINING = ("dev", "dev_plus")
"""Catalogs over which prompts that need nothing are measured: the larger, the nearer the nearest tool is by chance."""

ABLATED_TASKS = 150
"""The tasks of each set, where the ranking by words has to be run anew for each row of a table."""

ABLATIONS: Mapping[str, Columns] = {
    "everything": (),
    "without words": (0, 1, 6),
    "without meaning": (2, 3, 4, 5, 7, 8),
    "without clauses": (0, 3, 5),
    "without the whole prompt": (1, 2, 4),
    "without the company of the upstream": (6, 7, 8),
}
"""Which of the tool's features (`combination.tool_features`) are taken away before fitting anew."""

Say = Callable[[str], object]


def report(bench: Path, reader: Reader, own: Own, say: Say) -> None:
    """Print the tables."""
    samples = list(read_samples(bench, reader, own))
    training = [sample for sample in samples if sample.may_train]
    unseen = {name: fit([sample for sample in training if sample.source != name]) for name in WEIGHTS}
    _compare(bench, reader, unseen, say)
    negatives = sorted((bench / "negatives").glob("*.jsonl"))
    unknown = {path: fit([sample for sample in training if sample.source != path.stem]) for path in negatives}
    _abstain(bench, reader, unknown, say)
    converse(bench, reader, unknown, unseen, say)
    _ablate(samples, training, say)
    _ablate_words(bench, reader, unseen, say)


def _compare(bench: Path, reader: Reader, unseen: Mapping[str, Coefficients], say: Say) -> None:
    """Print recall at a budget of tokens and what the balanced strategy loads, set by set."""
    models, bootstrap, rows = Models(), Bootstrap(), list[tuple[str, list[float]]]()
    say("| set | ranker | R@2000t | R@8000t | recall | tools | tokens | left with none |")
    say("|---|---|---|---|--:|--:|--:|--:|")
    for name in WEIGHTS:
        found = read_set(*files_of(bench, name), None, characters_in_fours)
        reports = dict(_peers(found, models, bootstrap))
        ours = indexed(found.known.catalog, unseen[name], reader)
        reports["ours"] = evaluate(ours, found.tasks, [Strategy.BALANCED], bootstrap)
        for ranker, measured in reports.items():
            say(f"| {name} | {ranker} | {_recalls(measured)} | {_balanced(measured)} |")
            rows.append((ranker, [measured.means["recall_at_tokens", str(budget)] for budget in BUDGETS]))
        oracle = [reports["ours"].means["oracle", "recall_at_tokens", str(budget)] for budget in BUDGETS]
        say(f"| {name} | oracle | {oracle[0]:.3f} | {oracle[1]:.3f} | | | | |")
        rows.append(("oracle", oracle))
    for ranker in dict.fromkeys(ranker for ranker, _ in rows):
        means = [fmean(column) for column in zip(*(values for name, values in rows if name == ranker), strict=True)]
        say(f"| mean | {ranker} | {means[0]:.3f} | {means[1]:.3f} | | | | |")


def _peers(found: TaskSet, models: Models, bootstrap: Bootstrap) -> Iterator[tuple[str, Report]]:
    """Yield those rankers that can run: the dense ones need a development extra."""
    for name in PEERS:
        try:
            peer = index(RANKERS[name], found.known.catalog, models)
        except ConfigError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
        else:
            yield name, evaluate(peer, found.tasks, [Strategy.BALANCED], bootstrap)


def _abstain(bench: Path, reader: Reader, unknown: Mapping[Path, Coefficients], say: Say) -> None:
    """Print how many prompts of each file without needs load nothing, and what the others load in vain.

    By models that were fitted without that file, and by the packaged ones.
    """
    say("\n| prompts that need nothing | catalog | loaded nothing | tools in vain | tokens in vain |")
    say("|---|---|--:|--:|--:|")
    catalogs = [name for name in ABSTAINING if (bench / "catalogs" / f"{name}.json").exists()]
    for path, unseen in unknown.items():
        for coefficients, how in ((unseen, "left out"), (FITTED, "fitted")):
            for catalog in catalogs:
                found = read_set(bench / "catalogs" / f"{catalog}.json", path, None, characters_in_fours)
                ours = indexed(found.known.catalog, coefficients, reader)
                measured = evaluate(ours, found.tasks, [Strategy.BALANCED], Bootstrap())
                say(f"| {path.stem}, {how} | {catalog} | {_in_vain(measured)} |")


def _ablate(samples: Sequence[Sample], training: Sequence[Sample], say: Say) -> None:
    """Print mean recall over the sets, each left out, with features taken away."""
    say("\n| tool model | mean R@2000t | mean R@8000t |\n|---|--:|--:|")
    for name, columns in ABLATIONS.items():
        means = _left_out_recalls(samples, training, columns)
        say(f"| {name} | {means[0]:.3f} | {means[1]:.3f} |")
    means = _left_out_recalls(samples, training, (), cost_weight=0.0)
    say(f"| without holding back dear definitions | {means[0]:.3f} | {means[1]:.3f} |")
    means = _left_out_recalls(samples, training, (), siblings_weight=0.0)
    say(f"| without holding back tools of servers with many | {means[0]:.3f} | {means[1]:.3f} |")


def _ablate_words(bench: Path, reader: Reader, unseen: Mapping[str, Coefficients], say: Say) -> None:
    """Print the same, of the first tasks of each set, with parts of the ranking by words taken out; the models stay."""
    say("\n| ranking by words | lexical, R@2000t | R@8000t | ours, R@2000t | R@8000t |\n|---|--:|--:|--:|--:|")
    for part in (None, *PARTS):
        with contextlib.nullcontext() if part is None else without(part):
            lexical = _mean_recalls(bench, lambda _, catalog: index(RANKERS["lexical"], catalog, Models()))
            ours = _mean_recalls(bench, lambda name, catalog: indexed(catalog, unseen[name], reader))
        say(
            " | ".join([f"| without {part}" if part else "| everything", *(f"{m:.3f}" for m in (*lexical, *ours))])
            + " |"
        )


def _mean_recalls(bench: Path, build: Callable[[str, Catalog], Indexed]) -> list[float]:
    """Return the mean recall at each budget, over the sets, by a ranker that is built for each."""
    rows: list[list[float]] = []
    for name in WEIGHTS:
        found = read_set(*files_of(bench, name), None, characters_in_fours)
        built = build(name, found.known.catalog)
        measured = evaluate(built, found.tasks[:ABLATED_TASKS], [Strategy.BALANCED], Bootstrap())
        rows.append([measured.means["recall_at_tokens", str(budget)] for budget in BUDGETS])
    return [fmean(column) for column in zip(*rows, strict=True)]


def _left_out_recalls(
    samples: Sequence[Sample],
    training: Sequence[Sample],
    columns: Columns,
    cost_weight: float = COST_WEIGHT,
    siblings_weight: float = SIBLINGS_WEIGHT,
) -> list[float]:
    """Return the recall at each budget, over the sets, each by a model that was fitted without it."""
    rows: list[list[float]] = []
    for name in WEIGHTS:
        tool = fit_tool([sample for sample in training if sample.source != name], columns)
        own = [sample for sample in samples if sample.source == name and sample.is_whole]
        back = [held_back(sample.costs, sample.siblings, cost_weight, siblings_weight) for sample in own]
        rows.append([fmean(map(partial(_recall, tool, budget), own, back)) for budget in BUDGETS])
    return [fmean(column) for column in zip(*rows, strict=True)]


def _recall(tool: Model, budget: int, sample: Sample, back: Vector) -> float:
    scores = tool.odds(tool_features(sample.observed)) - back
    taken: set[int] = set()
    for place in map(int, np.argsort(-scores, kind="stable")):
        if sample.costs[place] <= budget:
            budget -= sample.costs[place]
            taken.add(place)
    return fmean(not taken.isdisjoint(need) for need in sample.needs)


def _recalls(measured: Report) -> str:
    paths = [("recall_at_tokens", str(budget)) for budget in BUDGETS]
    intervals = [measured.intervals[path] for path in paths]
    means = [measured.means[path] for path in paths]
    return " | ".join(
        f"{mean:.3f} ({low:.3f} to {high:.3f})" for mean, (low, high) in zip(means, intervals, strict=True)
    )


def _in_vain(measured: Report) -> str:
    """Return the share that loads nothing, and the means over the others."""
    share = measured.means["selection", Strategy.BALANCED.value, "abstained_negatives"]
    tools, tokens = in_vain(measured.means, Strategy.BALANCED.value)
    return f"{share:.3f} | {tools:.1f} | {tokens:.0f}"


def _balanced(measured: Report) -> str:
    recall, tools, tokens, none = (
        measured.means["selection", Strategy.BALANCED.value, name]
        for name in ("recall", "tools_mean", "tokens_mean", "abstained")
    )
    return f"{recall:.3f} | {tools:.1f} | {tokens:.0f} | {none:.3f}"


def main(arguments: Sequence[str]) -> None:
    """Measure with the encoder of the package."""
    from mcp_dynaload.encoder.sentence_encoder import read_encoder  # heavy

    if len(arguments) != 1:
        sys.exit("name one folder with catalogs/, tasks/ and negatives/: make eval-leave-out BENCH=DIR")
    try:
        report(Path(arguments[0]), Remembering(read_encoder()), packaged_own(), print)
    except ConfigError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
