"""A folder of catalogs, task files and negatives, evaluated as a whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mcp_dynaload.catalog.cost import Count
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.quality.evaluate import Indexed, evaluate, index
from mcp_dynaload.measure.quality.intervals import Bootstrap
from mcp_dynaload.measure.quality.labelled import NamedCatalog, Task, TaskFile, read_catalog, read_tasks, tasks_of
from mcp_dynaload.measure.quality.metrics import nested
from mcp_dynaload.measure.quality.rankers import Models, RankerKind
from mcp_dynaload.measure.quality.report import Report, mean_of_reports
from mcp_dynaload.selection.policy import Strategy


@dataclass(frozen=True, slots=True)
class TaskSet:
    """The labelled prompts over one catalog."""

    name: str
    known: NamedCatalog
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """Every set's report, by name of its file."""

    sets: Mapping[str, Report]
    negatives: Mapping[str, Report]

    def as_json(self) -> Json:
        """Return all reports, and each metric's mean over the sets, every set counting alike."""
        return {
            "sets": {name: report.as_json() for name, report in self.sets.items()},
            "negatives": {name: report.as_json() for name, report in self.negatives.items()},
            "mean": nested(mean_of_reports(self.sets.values())),
        }


@dataclass(frozen=True, slots=True)
class Suite:
    """The sets of a folder: those with tasks, and those whose prompts need nothing."""

    sets: tuple[TaskSet, ...]
    negatives: tuple[TaskSet, ...]


def read_set(catalog: Path, tasks: Path, negatives: Path | None, count: Count) -> TaskSet:
    """Read the tasks and negatives of single files.

    Raises:
        ConfigError: A file cannot be read, or a task's tool is not in the catalog.
    """
    known = read_catalog(catalog, count)
    found = tasks_of(read_tasks(tasks), known)
    return TaskSet(tasks.stem, known, found + (_negatives(read_tasks(negatives), known) if negatives else ()))


def read_suite(folder: Path, count: Count) -> Suite:
    """Read the sets in `folder`: `tasks/*.jsonl`, `negatives/*.jsonl` and the `catalogs/*.json` that they name.

    Raises:
        ConfigError: There are no tasks, a file cannot be read, or a task's tool is not in the catalog.
    """
    tasks, negatives = _files(folder / "tasks"), _files(folder / "negatives")
    if not tasks:
        raise ConfigError(f"{str(folder)!r} has no tasks/*.jsonl")
    names = {file.catalog for file in (*tasks, *negatives)}
    known = {name: read_catalog(folder / "catalogs" / f"{name}.json", count) for name in sorted(names)}
    return Suite(
        sets=tuple(_set(file, tasks_of(file, known[file.catalog]), known) for file in tasks),
        negatives=tuple(_set(file, _negatives(file, known[file.catalog]), known) for file in negatives),
    )


def evaluate_suite(
    suite: Suite,
    kind: RankerKind,
    models: Models,
    strategies: Sequence[Strategy],
    bootstrap: Bootstrap,
    on_done: Callable[[str], None],
) -> SuiteReport:
    """Report on the ranker for each set; a catalog is indexed once. `on_done` is told each set that is through."""
    indexes: dict[str, Indexed] = {}

    def report(found: TaskSet) -> Report:
        catalog = found.known.catalog
        if catalog.version not in indexes:
            indexes[catalog.version] = index(kind, catalog, models)
        report = evaluate(indexes[catalog.version], found.tasks, strategies, bootstrap)
        on_done(found.name)
        return report

    return SuiteReport(
        sets={found.name: report(found) for found in suite.sets},
        negatives={found.name: report(found) for found in suite.negatives},
    )


def _set(file: TaskFile, tasks: tuple[Task, ...], known: Mapping[str, NamedCatalog]) -> TaskSet:
    return TaskSet(file.path.stem, known[file.catalog], tasks)


def _files(folder: Path) -> list[TaskFile]:
    return [read_tasks(path) for path in sorted(folder.glob("*.jsonl"))]


def _negatives(file: TaskFile, known: NamedCatalog) -> tuple[Task, ...]:
    tasks = tasks_of(file, known)
    for task in tasks:
        if task.needs:
            raise ConfigError(f"task {task.id!r} of {str(file.path)!r} needs tools: it is no negative")
    return tasks
