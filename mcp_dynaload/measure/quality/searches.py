"""Measures what a model reaches by searches of its own, where a prompt's choice left out something that it needs.

The model is a script: for each thing that it lacks it searches with the content words of the prompt, then with the
server's name before them, then with the first words again, and gives up.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.quality.labelled import NamedCatalog, Task
from mcp_dynaload.measure.quality.rankers import NATIVE, RankerKind
from mcp_dynaload.measure.quality.tool_search import content_words
from mcp_dynaload.ranking.native_search import FOUND
from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.ranking.ranker import Ranker
from mcp_dynaload.selection.actions import PromptSubmitted
from mcp_dynaload.selection.found import found_by_search, ranks_for_search
from mcp_dynaload.selection.policy import Strategy
from mcp_dynaload.selection.state import Context, find, initial_state
from mcp_dynaload.selection.step import step


@dataclass(frozen=True, slots=True, kw_only=True)
class Searches:
    """Figures over the prompts that need several things; tokens are those of definitions, the rest shares."""

    prompts: int
    needs: int
    first: float
    """Share of the needs whose tool was chosen for the prompt."""

    reached: float
    """Share of those whose tool was chosen or found."""

    searches: float
    """Searches of a prompt, on average."""

    tokens: float
    """The tokens of what a prompt's choice loads, on average."""

    found_tokens: float
    """The tokens of what its searches load beside that, on average."""

    def as_json(self) -> Json:
        """Return all figures."""
        return asdict(self)


def searches(kind: RankerKind, ranker: Ranker, known: NamedCatalog, tasks: Sequence[Task]) -> Searches:
    """Return what is reached of the tasks that need several things, each the first of a session.

    The client's own search chooses nothing for a prompt.
    """
    chooses = kind.name != NATIVE
    played = [_played(ranker, known, task, chooses=chooses) for task in tasks if len(task.needs) > 1]
    needs = sum(one.needs for one in played)
    costs = known.catalog.costs
    return Searches(
        prompts=len(played),
        needs=needs,
        first=sum(one.first for one in played) / max(needs, 1),
        reached=sum(one.reached for one in played) / max(needs, 1),
        searches=_mean([one.searches for one in played]),
        tokens=_mean([sum(costs[name] for name in one.chosen) for one in played]),
        found_tokens=_mean([sum(costs[name] for name in one.found) for one in played]),
    )


@dataclass(slots=True)
class _Played:
    """A prompt, and what its searches have found."""

    chosen: frozenset[str]
    needs: int
    first: int
    reached: int = 0
    searches: int = 0
    found: frozenset[str] = frozenset()


def _played(ranker: Ranker, known: NamedCatalog, task: Task, *, chooses: bool) -> _Played:
    context = Context(catalog=known.catalog, ranker=ranker, tool_search=True, is_selected=True)
    state = initial_state(Strategy.BALANCED)
    if chooses:
        state, _ = step(state, PromptSubmitted(task.prompt), context)
    chosen = state.loaded if chooses else frozenset[str]()
    played = _Played(chosen, len(task.needs), sum(not chosen.isdisjoint(need) for need in task.needs))
    words, costs = " ".join(content_words(task.prompt)), known.catalog.costs
    for need in task.needs:
        tool = known.catalog.get(min(need))
        for tried in (words, f"{tool.upstream} {words}" if tool else words, words):
            has = chosen | played.found
            if not has.isdisjoint(need):
                break
            played.searches += 1
            if chooses:
                ranked = find(state, context, tried, ranks_for_search(has, FOUND))
                found = found_by_search(ranked, has, FOUND, costs)
                names = [scored.name for scored in (*found.likely, *found.more)]
            else:
                names = [scored.name for scored in ranker.rank(parse_query(tried), FOUND)]
            played.found |= frozenset(names) - chosen
        played.reached += not (chosen | played.found).isdisjoint(need)
    return played


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0
