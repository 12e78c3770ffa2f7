"""The choice's figures in conversations: what needs nothing right after what needs a tool, and turns that go on."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mcp_dynaload.measure.quality.evaluate import Indexed, evaluate
from mcp_dynaload.measure.quality.intervals import Bootstrap
from mcp_dynaload.measure.quality.labelled import Task, characters_in_fours
from mcp_dynaload.measure.quality.metrics import Path as Figure
from mcp_dynaload.measure.quality.suite import read_set
from mcp_dynaload.ranking.features import FITTED, Coefficients
from mcp_dynaload.ranking.hybrid import Reader
from mcp_dynaload.research.indexed import files_of, indexed
from mcp_dynaload.selection.policy import Strategy

BEFORE = ("imbios_claudecode", "mcpproxy_golden_dev", "vendor_evals_dev")
"""The sets, over one catalog, whose prompts stand before those that need nothing."""

TURNS = ("bfcl_multiturn", "tooltalk")
"""The sets whose tasks are turns of conversations."""

_SELECTED = ("selection", Strategy.BALANCED.value)


def converse(
    bench: Path,
    reader: Reader,
    unknown: Mapping[Path, Coefficients],
    unseen: Mapping[str, Coefficients],
    say: Callable[[str], object],
) -> None:
    """Print the tables; `unknown` are models by the file of prompts, `unseen` by the set, that they never saw."""
    _after_needs(bench, reader, unknown, say)
    _turns(bench, reader, unseen, say)


def _after_needs(
    bench: Path, reader: Reader, unknown: Mapping[Path, Coefficients], say: Callable[[str], object]
) -> None:
    say("\n| prompts that need nothing, left out | loaded nothing alone | after one that needs a tool |\n|---|--:|--:|")
    sets = [read_set(*files_of(bench, name), None, characters_in_fours) for name in BEFORE]
    prompts = [[task.prompt for task in found.tasks] for found in sets]
    for path, coefficients in unknown.items():
        chance = random.Random(path.stem)
        ours = indexed(sets[0].known.catalog, coefficients, reader)
        alone = read_set(files_of(bench, BEFORE[0])[0], path, None, characters_in_fours).tasks
        after = [replace(task, history=(chance.choice(chance.choice(prompts)),)) for task in alone]
        shares = [_means(ours, tasks)[*_SELECTED, "abstained_negatives"] for tasks in (alone, after)]
        say(f"| {path.stem} | {shares[0]:.3f} | {shares[1]:.3f} |")


def _turns(bench: Path, reader: Reader, unseen: Mapping[str, Coefficients], say: Callable[[str], object]) -> None:
    say("\n| turns after others | recall | tools | left with none |\n|---|--:|--:|--:|")
    for name in TURNS:
        if (bench / "tasks" / f"{name}.jsonl").exists():
            found = read_set(*files_of(bench, name), None, characters_in_fours)
            later = [task for task in found.tasks if task.history] or found.tasks
            means = _means(indexed(found.known.catalog, unseen.get(name, FITTED), reader), later)
            recall, tools, none = (means[*_SELECTED, figure] for figure in ("recall", "tools_mean", "abstained"))
            say(f"| {name} | {recall:.3f} | {tools:.1f} | {none:.3f} |")


def _means(ours: Indexed, tasks: Sequence[Task]) -> Mapping[Figure, float]:
    return evaluate(ours, tasks, [Strategy.BALANCED], Bootstrap()).means
