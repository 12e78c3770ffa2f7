"""Measures the golden prompts: the product's own ranker, its own choice, one figure for each prompt."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from mcp_dynaload.measure.quality.conversation import query_of, state_before
from mcp_dynaload.measure.quality.evaluate import Indexed, evaluate, index
from mcp_dynaload.measure.quality.intervals import Bootstrap
from mcp_dynaload.measure.quality.labelled import NamedCatalog
from mcp_dynaload.measure.quality.metrics import Path
from mcp_dynaload.measure.quality.rankers import DEFAULT, Models, ranker_named
from mcp_dynaload.selection.actions import PromptSubmitted
from mcp_dynaload.selection.policy import Strategy
from mcp_dynaload.selection.state import Context
from mcp_dynaload.selection.step import step
from tests.golden.prompts import Labelled

STRATEGY = Strategy.BALANCED

RANKED: Path = ("recall_at_tokens", "2000")
LOADED: Path = ("selection", STRATEGY.value, "recall")
LEFT_WITH_NONE: Path = ("selection", STRATEGY.value, "abstained")
ABSTAINED: Path = ("selection", STRATEGY.value, "abstained_negatives")

Product = Mapping[str, Indexed]
"""The product's ranker for each catalog."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one prompt."""

    labelled: Labelled
    figures: Mapping[Path, float]

    @property
    def is_miss(self) -> bool:
        """Whether it lacks a tool, or got one that it does not need."""
        return self.figures.get(LOADED, self.figures.get(ABSTAINED)) != 1


def build_product(catalogs: Mapping[str, NamedCatalog]) -> Product:
    """Build the ranker for each catalog, with the encoder that travels with us."""
    models = Models()
    return {name: index(ranker_named(DEFAULT), known.catalog, models) for name, known in catalogs.items()}


def outcomes(product: Product, prompts: Sequence[Labelled]) -> list[Outcome]:
    """Return the figures of every prompt."""
    found: list[Outcome] = []
    for catalog, indexed in product.items():
        for needs_any in (True, False):
            group = [labelled for labelled in prompts if _is_in(labelled, catalog, needs_any)]
            report = evaluate(indexed, [labelled.task for labelled in group], (STRATEGY,), Bootstrap())
            found += [
                Outcome(labelled, {path: values[place] for path, values in report.samples.items()})
                for place, labelled in enumerate(group)
            ]
    return found


def mean(outcomes: Sequence[Outcome], path: Path) -> float:
    """Return a figure's mean."""
    return fmean(outcome.figures[path] for outcome in outcomes)


def misses(product: Product, outcomes: Sequence[Outcome]) -> str:
    """Return a line for each prompt that lacks a tool or got one in vain, with the product's choice."""
    return "".join(f"\n{line}" for outcome in outcomes if outcome.is_miss for line in _told(product, outcome.labelled))


def _told(product: Product, labelled: Labelled) -> Iterator[str]:
    task, indexed = labelled.task, product[labelled.catalog]
    state = replace(state_before(task.history, indexed.catalog), strategy=STRATEGY)
    _, decision = step(state, PromptSubmitted(task.prompt), Context(catalog=indexed.catalog, ranker=indexed.ranker))
    ranking = indexed.ranker.rank(query_of(task, state, reads_session=True), len(indexed.catalog.tools))
    ranks = {scored.name: rank for rank, scored in enumerate(ranking, start=1)}
    need = ranking[0].need if ranking else 0.0
    wanted = [min((ranks[name], name) for name in names if name in ranks) for names in task.needs if names & set(ranks)]
    yield f"{task.id} {task.prompt!r}: need {need:.2f}, wanted {wanted}, loaded {list(decision.added)}"


def _is_in(labelled: Labelled, catalog: str, needs_any: bool) -> bool:
    return labelled.catalog == catalog and bool(labelled.task.needs) == needs_any
