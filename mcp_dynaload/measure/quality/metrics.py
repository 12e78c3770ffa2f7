"""The metrics of a ranking and of a selection for one task: one number each."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.cost import reduction
from mcp_dynaload.measure.quality.labelled import Task
from mcp_dynaload.measure.quality.oracle import min_costs, most_met
from mcp_dynaload.selection.policy import within_tokens

RANKS = (1, 3, 5, 10, 20, 50)
TOKENS = (500, 1_000, 2_000, 4_000, 8_000, 16_000)
REDUCTIONS = (70, 80, 90, 95)
"""Percent of the catalog's tokens that are not used."""

Path = tuple[str, ...]
"""Where a metric stands in the report."""

Measured = Iterator[tuple[Path, float]]


def ranking_metrics(task: Task, names: Sequence[str], catalog: Catalog) -> Measured:
    """Yield recall and coverage of a ranking cut at ranks and at tokens; a tool that does not fit is skipped."""
    for rank in RANKS:
        yield from _at_rank(rank, *_hits(task, names[:rank]))
    for tokens in TOKENS:
        recall, _ = _hits(task, within_tokens(names, catalog.costs, tokens))
        yield ("recall_at_tokens", str(tokens)), recall
    for percent in REDUCTIONS:
        loaded = within_tokens(names, catalog.costs, budget_at(percent, catalog))
        yield from _at_reduction(percent, *_hits(task, loaded))


def oracle_metrics(task: Task, catalog: Catalog) -> Measured:
    """Yield the same metrics of the best ranking that there could be at each cut."""
    by_rank = min_costs(task.needs, dict.fromkeys(catalog.costs, 1))
    by_tokens = min_costs(task.needs, catalog.costs)
    for rank in RANKS:
        yield from _of_oracle(_at_rank(rank, *_best(by_rank, rank)))
    for tokens in TOKENS:
        recall, _ = _best(by_tokens, tokens)
        yield ("oracle", "recall_at_tokens", str(tokens)), recall
    for percent in REDUCTIONS:
        yield from _of_oracle(_at_reduction(percent, *_best(by_tokens, budget_at(percent, catalog))))


def selection_metrics(task: Task, strategy: str, loaded: Collection[str], catalog: Catalog) -> Measured:
    """Yield what a strategy loaded for a task; of a prompt that needs nothing whether nothing, or how much in vain."""
    tokens = sum(catalog.costs[name] for name in loaded)
    if not task.needs:
        yield ("selection", strategy, "abstained_negatives"), float(not loaded)
        yield ("selection", strategy, "tools_in_vain"), len(loaded)
        yield ("selection", strategy, "tokens_in_vain"), tokens
        return
    recall, covered = _hits(task, loaded)
    yield ("selection", strategy, "recall"), recall
    yield ("selection", strategy, "covered"), covered
    yield ("selection", strategy, "reduction_mean"), reduction(catalog.total_cost, tokens)
    yield ("selection", strategy, "tokens_mean"), tokens
    yield ("selection", strategy, "tools_mean"), len(loaded)
    yield ("selection", strategy, "abstained"), float(not loaded)


def in_vain(means: Mapping[Path, float], strategy: str) -> tuple[float, float]:
    """Return the tools and tokens that those prompts load in the mean that need nothing and load something."""
    failing = 1 - means.get(("selection", strategy, "abstained_negatives"), 1.0)
    tools, tokens = (means.get(("selection", strategy, name), 0.0) for name in ("tools_in_vain", "tokens_in_vain"))
    return (tools / failing, tokens / failing) if failing else (0.0, 0.0)


def budget_at(percent: int, catalog: Catalog) -> int:
    """Return the tokens that are left when this share of the catalog's is saved."""
    return catalog.total_cost * (100 - percent) // 100


def _hits(task: Task, names: Collection[str]) -> tuple[float, float]:
    """Share of the needs that the tools meet, and whether they meet all."""
    met = sum(not need.isdisjoint(names) for need in task.needs)
    return met / len(task.needs), float(met == len(task.needs))


def _best(least: Sequence[int], budget: int) -> tuple[float, float]:
    needs, met = len(least) - 1, most_met(least, budget)
    return met / needs, float(met == needs)


def _at_rank(rank: int, recall: float, covered: float) -> Measured:
    yield ("recall_at_k", str(rank)), recall
    yield ("covered_at_k", str(rank)), covered


def _at_reduction(percent: int, recall: float, covered: float) -> Measured:
    yield ("recall_at_reduction", str(percent)), recall
    yield ("covered_at_reduction", str(percent)), covered


def _of_oracle(measured: Measured) -> Measured:
    return ((("oracle", *path), value) for path, value in measured)


def nested(values: Mapping[Path, object]) -> dict[str, object]:
    """Return values by path as objects in objects."""
    tree: dict[str, object] = {}
    for path in values:
        if path[0] not in tree:
            inner = {rest[1:]: values[rest] for rest in values if rest[0] == path[0]}
            tree[path[0]] = inner[()] if () in inner else nested(inner)
    return tree
