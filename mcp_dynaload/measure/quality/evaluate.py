"""Runs a ranker and the strategies over tasks and measures them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.measure.quality.conversation import RankedOnce, query_of, state_before
from mcp_dynaload.measure.quality.intervals import Bootstrap
from mcp_dynaload.measure.quality.labelled import Task
from mcp_dynaload.measure.quality.metrics import Path, oracle_metrics, ranking_metrics, selection_metrics
from mcp_dynaload.measure.quality.rankers import Models, RankerKind
from mcp_dynaload.measure.quality.reliability import Reliability
from mcp_dynaload.measure.quality.report import Report, intervals_of
from mcp_dynaload.ranking.ranker import Ranker
from mcp_dynaload.selection.actions import PromptSubmitted
from mcp_dynaload.selection.policy import Strategy
from mcp_dynaload.selection.state import Context, SessionState
from mcp_dynaload.selection.step import step


@dataclass(frozen=True, slots=True)
class Indexed:
    """A ranker built for a catalog."""

    kind: RankerKind
    catalog: Catalog
    ranker: Ranker
    index_ms: float
    """The milliseconds that building it took; for an encoder that is not shared yet, with reading it."""


@dataclass(frozen=True, slots=True)
class _Choice:
    strategy: Strategy
    loaded: tuple[str, ...]
    milliseconds: float


@dataclass(slots=True)
class _TaskFindings:
    samples: dict[Path, list[float]] = field(default_factory=dict[Path, list[float]])
    reliability: Reliability = field(default_factory=Reliability)
    rank_ms: list[float] = field(default_factory=list[float])

    def add(self, measured: Iterable[tuple[Path, float]]) -> None:
        for path, value in measured:
            self.samples.setdefault(path, []).append(value)


def index(kind: RankerKind, catalog: Catalog, models: Models) -> Indexed:
    """Build the ranker for the catalog and take the time."""
    started = perf_counter()
    ranker = kind.build(catalog, models)
    return Indexed(kind, catalog, ranker, _since(started))


def evaluate(indexed: Indexed, tasks: Sequence[Task], strategies: Sequence[Strategy], bootstrap: Bootstrap) -> Report:
    """Return the ranker's figures on these tasks; those that need nothing are the negatives."""
    findings = _TaskFindings()
    for task in tasks:
        _look_at(task, indexed, strategies, findings)
    return Report(
        ranker=indexed.kind.name,
        tasks=sum(bool(task.needs) for task in tasks),
        negatives=sum(not task.needs for task in tasks),
        tools=len(indexed.catalog.tools),
        catalog_tokens=indexed.catalog.total_cost,
        samples=findings.samples,
        reliability=findings.reliability,
        rank_ms=findings.rank_ms,
        index_ms=indexed.index_ms,
        intervals=intervals_of(findings.samples, bootstrap),
    )


def _look_at(task: Task, indexed: Indexed, strategies: Sequence[Strategy], findings: _TaskFindings) -> None:
    catalog, ranker = indexed.catalog, RankedOnce(indexed.ranker)
    before = state_before(task.history, catalog)
    # Choosing comes first: its time is to count what a session would have to compute, nothing remembered.
    choices = list(_choices(task, before, Context(catalog=catalog, ranker=ranker), strategies))
    ranking = ranker.rank(query_of(task, before, reads_session=indexed.kind.reads_session), len(catalog.tools))
    findings.reliability.add(task, ranking)
    if task.needs:
        findings.add(ranking_metrics(task, [scored.name for scored in ranking], catalog))
        findings.add(oracle_metrics(task, catalog))
        findings.rank_ms.append(choices[0].milliseconds)
    for choice in choices:
        findings.add(selection_metrics(task, choice.strategy.value, choice.loaded, catalog))


def _choices(task: Task, before: SessionState, context: Context, strategies: Iterable[Strategy]) -> Iterator[_Choice]:
    """Yield the tools that each strategy loads for the prompt."""
    for strategy in strategies:
        state = replace(before, strategy=strategy)
        started = perf_counter()
        _, decision = step(state, PromptSubmitted(task.prompt), context)
        yield _Choice(strategy, decision.added, _since(started))


def _since(started: float) -> float:
    return (perf_counter() - started) * 1_000
