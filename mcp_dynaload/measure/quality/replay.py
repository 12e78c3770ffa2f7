"""The worth of learning: made-up projects that use some tools often, played session by session, cold and learned."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from itertools import accumulate, islice
from statistics import fmean

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.quality.conversation import RankedOnce, query_of, state_before
from mcp_dynaload.measure.quality.following import Following, following
from mcp_dynaload.measure.quality.labelled import Task
from mcp_dynaload.measure.quality.metrics import Path, nested, oracle_metrics, ranking_metrics
from mcp_dynaload.ranking.ranker import Ranker
from mcp_dynaload.selection.actions import PromptSubmitted, SessionStarted, ToolsFound
from mcp_dynaload.selection.policy import Strategy
from mcp_dynaload.selection.priors import NOTHING_LEARNED, LearnedRanker, Priors, SessionUse, priors_of
from mcp_dynaload.selection.state import Context, SessionState, advertised, find, initial_state
from mcp_dynaload.selection.step import step

SESSIONS = 20
"""Sessions that are learned from, and as many that are measured."""

PROMPTS = 5
"""Prompts of a session."""

HABITS = 10
"""Tools around which a project's prompts turn, the n-th used 1/n as often as the first."""

PROJECTS = 8
"""Made-up projects, each with other habits."""

FOUND = 5
"""Tools that a search for one that is not listed adds to the list: it, and the best others for the prompt."""

SEED = 20_261_124

DAY_SECONDS = 86_400.0
"""Between two sessions."""

Session = tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Project:
    """The sessions of one project; no prompt of the measured ones is among those learned from."""

    learned: tuple[Session, ...]
    measured: tuple[Session, ...]


@dataclass(slots=True)
class _ReplayFindings:
    samples: dict[Path, list[float]] = field(default_factory=dict[Path, list[float]])

    def add(self, measured: Iterable[tuple[Path, float]]) -> None:
        for path, value in measured:
            self.samples.setdefault(path, []).append(value)

    @property
    def means(self) -> dict[Path, float]:
        return {path: fmean(values) for path, values in self.samples.items()}


@dataclass(frozen=True, slots=True)
class Replay:
    """The measured sessions' figures, cold and learned, and the oracle's."""

    prompts: int
    cold: Mapping[Path, float]
    learned: Mapping[Path, float]
    oracle: Mapping[Path, float]
    following: Following | None = None
    """The worth of loading ahead; none where the tasks are no conversations."""

    def gap_closed(self, path: Path) -> float:
        """Share of what the cold figure lacks to the best possible one that learning adds; 1 where it lacks nothing."""
        gap = self.oracle[path] - self.cold[path]
        return (self.learned[path] - self.cold[path]) / gap if gap else 1.0

    def as_json(self) -> Json:
        """Return all figures."""
        return {
            "sessions": SESSIONS,
            "projects": PROJECTS,
            "prompts": self.prompts,
            "cold": nested(self.cold),
            "learned": nested(self.learned),
            "oracle": nested(self.oracle),
            "following": self.following and self.following.as_json(),
            "gap_closed": nested({path: self.gap_closed(path) for path in self.oracle}),
        }


def replay(ranker: Ranker, catalog: Catalog, tasks: Sequence[Task], *, reads_session: bool) -> Replay:
    """Play the projects made of these tasks; those that need nothing are negatives for each.

    Raises:
        ConfigError: No tool is needed by two tasks.
    """
    once = RankedOnce(ranker)
    negatives = [task for task in tasks if not task.needs]
    cold, learned, oracle = _ReplayFindings(), _ReplayFindings(), _ReplayFindings()
    for project in projects_of(tasks):
        known = learn(project.learned, once, catalog)
        for priors, findings in ((NOTHING_LEARNED, cold), (known, learned)):
            for session in project.measured:
                findings.add(_measured(session, once, catalog, priors, reads_session))
            findings.add(_abstained(negatives, once, catalog, priors))
        oracle.add(_of_best(project, catalog))
    followed = following(once, catalog, tasks)
    return Replay(len(oracle.samples["balanced", "recall"]), cold.means, learned.means, oracle.means, followed)


@dataclass(frozen=True, slots=True)
class _ReplayedTurn:
    """A prompt of a played session."""

    task: Task
    listed: frozenset[str]
    """Tools in the list when the prompt is answered."""

    called: tuple[str, ...]
    missed: tuple[str, ...]
    """Those of the called ones that were not listed, and are from then on."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The tools that prompts of real sessions called, and how many of these were listed in time, cold and learned."""

    prompts: int = 0
    called: int = 0
    listed_cold: int = 0
    listed_learned: int = 0
    tokens_cold: int = 0
    """The tokens of the lists of all prompts together."""

    tokens_learned: int = 0

    def __add__(self, other: "Effect") -> "Effect":
        return Effect(*map(sum, zip(astuple(self), astuple(other), strict=True)))


def effect_of(priors: Priors, sessions: Iterable[Session], ranker: Ranker, catalog: Catalog) -> Effect:
    """Return the effect of what was learned on sessions that it was not learned from."""
    once, whole = RankedOnce(ranker), Effect()
    for session in sessions:
        cold, learned = (list(_play(session, once, catalog, known)) for known in (NOTHING_LEARNED, priors))
        whole += Effect(
            len(cold),
            sum(len(turn.called) for turn in cold),
            *map(_in_time, (cold, learned)),
            *(sum(catalog.costs[name] for turn in turns for name in turn.listed) for turns in (cold, learned)),
        )
    return whole


def _in_time(turns: Iterable[_ReplayedTurn]) -> int:
    return sum(len(turn.called) - len(turn.missed) for turn in turns)


def projects_of(tasks: Sequence[Task]) -> tuple[Project, ...]:
    """Make projects of these tasks; the same for the same tasks.

    Raises:
        ConfigError: No tool is needed by two tasks.
    """
    chance = random.Random(SEED)
    needing = [task for task in tasks if task.needs]
    return tuple(_project(needing, chance) for _ in range(PROJECTS))


def learn(sessions: Sequence[Session], ranker: Ranker, catalog: Catalog) -> Priors:
    """Return what is known after these sessions, each played with what was known before it."""
    log: list[SessionUse] = []
    for number, session in enumerate(sessions):
        now = number * DAY_SECONDS
        played = _play(session, ranker, catalog, priors_of(log, now))
        log.insert(0, _use_of(played, now))
    return priors_of(log, len(sessions) * DAY_SECONDS)


def _play(session: Session, ranker: Ranker, catalog: Catalog, priors: Priors) -> Iterator[_ReplayedTurn]:
    """Play a session that calls what each task needs, and searches what is not listed; yield each turn."""
    context, state = _start(ranker, catalog, priors)
    for task in session:
        state, _ = step(_told(task, state, catalog), PromptSubmitted(task.prompt), context)
        listed = frozenset(advertised(state, catalog))
        called = [min(need & listed or need) for need in task.needs]
        missed = tuple(name for name in called if name not in listed)
        if missed:
            others = (scored.name for scored in find(state, context, task.prompt, FOUND) if scored.name not in missed)
            state, _ = step(state, ToolsFound((*missed, *islice(others, FOUND - 1))), context)
        yield _ReplayedTurn(task, listed, tuple(called), missed)


def _start(ranker: Ranker, catalog: Catalog, priors: Priors) -> tuple[Context, SessionState]:
    context = Context(catalog=catalog, ranker=LearnedRanker(ranker, priors.lifts(catalog)))
    state, _ = step(initial_state(Strategy.BALANCED), SessionStarted(priors.core(catalog)), context)
    return context, state


def _told(task: Task, state: SessionState, catalog: Catalog) -> SessionState:
    """Return the session with the task's own conversation in mind: tasks were not written for each other."""
    memory = state_before(task.history, catalog).memory
    return replace(state, memory=memory, settled=None)


def _use_of(turns: Iterable[_ReplayedTurn], at: float) -> SessionUse:
    turns = tuple(turns)
    called = frozenset(name for turn in turns for name in turn.called)
    missed = frozenset(name for turn in turns for name in turn.missed)
    return SessionUse(at, called, missed, frozenset(name for turn in turns for name in turn.listed) - called)


def _measured(
    session: Session, ranker: Ranker, catalog: Catalog, priors: Priors, reads_session: bool
) -> Iterator[tuple[Path, float]]:
    learned = LearnedRanker(ranker, priors.lifts(catalog))
    for turn in _play(session, ranker, catalog, priors):
        query = query_of(turn.task, state_before(turn.task.history, catalog), reads_session=reads_session)
        names = [scored.name for scored in learned.rank(query, len(catalog.tools))]
        yield from _at_tokens(ranking_metrics(turn.task, names, catalog))
        yield ("balanced", "recall"), 1 - len(turn.missed) / len(turn.called)
        yield ("balanced", "tokens"), sum(catalog.costs[name] for name in turn.listed)
        yield ("balanced", "tools"), len(turn.listed)


def _abstained(
    negatives: Iterable[Task], ranker: Ranker, catalog: Catalog, priors: Priors
) -> Iterator[tuple[Path, float]]:
    context, started = _start(ranker, catalog, priors)
    for task in negatives:
        _, decision = step(started, PromptSubmitted(task.prompt), context)
        yield ("balanced", "abstained_negatives"), float(not decision.added)


def _of_best(project: Project, catalog: Catalog) -> Iterator[tuple[Path, float]]:
    for task in (task for session in project.measured for task in session):
        yield from _at_tokens((path[1:], value) for path, value in oracle_metrics(task, catalog))
        yield ("balanced", "recall"), 1.0


def _at_tokens(measured: Iterable[tuple[Path, float]]) -> Iterator[tuple[Path, float]]:
    return ((path, value) for path, value in measured if path[0] == "recall_at_tokens")


def _project(tasks: Sequence[Task], chance: random.Random) -> Project:
    shuffled = chance.sample(tasks, len(tasks))
    learned, measured = _by_tool(shuffled[::2]), _by_tool(shuffled[1::2])
    known = sorted(set(learned) & set(measured))
    if not known:
        raise ConfigError("no tool is needed by two tasks: there is nothing to learn from one for another")
    habits = chance.sample(known, min(HABITS, len(known)))
    return Project(_sessions(learned, habits, chance), _sessions(measured, habits, chance))


def _sessions(by_tool: Mapping[str, list[Task]], habits: Sequence[str], chance: random.Random) -> tuple[Session, ...]:
    bounds = list(accumulate(1 / rank for rank, _ in enumerate(habits, start=1)))
    return tuple(
        tuple(chance.choice(by_tool[name]) for name in chance.choices(habits, cum_weights=bounds, k=PROMPTS))
        for _ in range(SESSIONS)
    )


def _by_tool(tasks: Iterable[Task]) -> dict[str, list[Task]]:
    """Return the tasks that need a tool, by its name; where others serve as well, by the first of their names."""
    by_tool: dict[str, list[Task]] = {}
    for task in tasks:
        for need in task.needs:
            by_tool.setdefault(min(need), []).append(task)
    return by_tool
