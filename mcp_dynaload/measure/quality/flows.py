"""How often the user would be told of tools that are dangerous together, on labelled prompts."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.quality.labelled import Task
from mcp_dynaload.measure.quality.rankers import Models, RankerKind
from mcp_dynaload.measure.quality.suite import Suite, TaskSet
from mcp_dynaload.ranking.ranker import Ranker
from mcp_dynaload.selection.actions import PromptSubmitted
from mcp_dynaload.selection.flows import Capability, flow_of
from mcp_dynaload.selection.state import Context, advertised, initial_state
from mcp_dynaload.selection.step import step


@dataclass(frozen=True, slots=True)
class FlowRow:
    """The prompts of a set, each the first of a session."""

    name: str
    prompts: int
    whole: int
    """Prompts whose tools can do all three together."""

    several: int
    """Those of them for which no server can alone."""

    told: int
    """Lines that a user sees who sends all of them in one project, one after the other."""

    waiting: int
    """Prompts of which a tool that they need waits for the user's word, if that is wanted."""

    def as_json(self) -> Json:
        """Return all figures."""
        return asdict(self)


def flows_of_suite(suite: Suite, kind: RankerKind, models: Models, on_done: Callable[[str], None]) -> list[FlowRow]:
    """Return the figures of each set; a catalog is indexed once. `on_done` is told each set that is through."""
    rankers: dict[str, Ranker] = {}
    rows: list[FlowRow] = []
    for one in (*suite.sets, *suite.negatives):
        catalog = one.known.catalog
        if catalog.version not in rankers:
            rankers[catalog.version] = kind.build(catalog, models)
        rows.append(flows_of_set(one, rankers[catalog.version]))
        on_done(one.name)
    return rows


def flows_of_set(one: TaskSet, ranker: Ranker) -> FlowRow:
    """Return the figures of a set's prompts."""
    context = Context(catalog=one.known.catalog, ranker=ranker)
    asking = replace(context, asks_for_flows=True)
    whole = several = told = waiting = 0
    known: frozenset[tuple[Capability, str]] = frozenset()
    for task in one.tasks:
        flow = flow_of(context.catalog.known(_loaded(task, context)))
        if flow.is_whole:
            whole += 1
            several += not any(_can_all(server, flow.parts) for server in {server for _, server in flow.parts})
            told += not flow.parts <= known
            known |= flow.parts
        waiting += _waits(task, asking)
    return FlowRow(one.name, len(one.tasks), whole, several, told, waiting)


def total_flows(rows: Iterable[FlowRow]) -> FlowRow:
    """Return the sum of all rows."""
    figures = [row.as_json() for row in rows]
    sums = {key: sum(row[key] for row in figures) for key in ("prompts", "whole", "several", "told", "waiting")}
    return FlowRow("all", **sums)


def _can_all(server: str, parts: Iterable[tuple[Capability, str]]) -> bool:
    return {capability for capability, other in parts if other == server} == set(Capability)


def _loaded(task: Task, context: Context) -> tuple[str, ...]:
    state, _ = step(initial_state(), PromptSubmitted(task.prompt), context)
    return advertised(state, context.catalog)


def _waits(task: Task, context: Context) -> bool:
    """Return whether a tool that the prompt needs is held back, and none that serves as well is loaded."""
    state, _ = step(initial_state(), PromptSubmitted(task.prompt), context)
    return any(need & state.held and not need & state.loaded for need in task.needs)
