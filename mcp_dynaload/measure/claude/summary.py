"""The figures of a run, summed up: by set-up, by kind of task, by model, and ours as shares of the others'."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from mcp_dynaload.measure.claude.record import TaskFigures
from mcp_dynaload.measure.claude.setups import NATIVE, ORDER, OURS
from mcp_dynaload.measure.claude.tasks import KINDS, NOTHING
from mcp_dynaload.measure.quality.intervals import Bootstrap

ALL, NEEDY, IDLE_SESSIONS = "all", "all that need a tool", "in sessions that need none"

DOLLARS_PER_MILLION = {"haiku": 1.0, "sonnet": 3.0, "opus": 5.0}
"""The price list: of input tokens, by family; an answered token costs five times as much in each."""

NONE = "-"
"""In place of a figure."""

Measure = Callable[[TaskFigures], float]
Pair = tuple[TaskFigures, TaskFigures]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads, to be printed or written."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def as_markdown(self) -> str:
        """Return it as a Markdown table under its title."""
        lines = ["| " + " | ".join(row) + " |" for row in (self.heads, *self.rows)]
        rule = "|---|" + "--:|" * (len(self.heads) - 1)
        return "\n".join([f"{self.title}:", "", lines[0], rule, *lines[1:], ""])


def tables(tasks: Sequence[TaskFigures]) -> list[Table]:
    """Return all tables of a run."""
    models = list(_models(tasks))
    found = [by_set_up(tasks), _crossed("Model requests of a task, by kind", tasks, _requests, list(_kinds(tasks)))]
    if len(models) > 1:
        found.append(_crossed("Model requests of a task, by model", tasks, _requests, models))
        found.append(_crossed("Cost of a task in k units, by model", tasks, _kilo_units, models))
    ours = [name for name, _ in _by_set_up(tasks) if name in OURS]
    others = [name for name, _ in _by_set_up(tasks) if name not in OURS]
    if ours and others:
        found.append(shares(tasks, ours, others))
    found += [beside(tasks, name, NATIVE) for name in ours if NATIVE in others]
    return found


def by_set_up(tasks: Sequence[TaskFigures]) -> Table:
    """Return the means of all tasks, a row a set-up."""
    heads = (
        "set-up",
        "model requests",
        "tool at once",
        "definition tokens",
        "input tokens",
        "cost, k units",
        "never reached",
        "processes",
    )
    rows = tuple(
        (
            name,
            f"{fmean(map(_requests, some)):.2f}",
            _share_at_once(some),
            f"{fmean(map(_definitions, some)):,.0f}",
            f"{fmean(task.input_tokens for task in some):,.0f}",
            f"{fmean(map(_kilo_units, some)):,.1f}",
            f"{sum(task.missed for task in some)} of {sum(task.needs for task in some)}",
            f"{fmean(task.processes for task in some):.0f}",
        )
        for name, some in _by_set_up(tasks)
    )
    return Table("A task in each set-up, means (tokens: of a request)", heads, rows)


def shares(tasks: Sequence[TaskFigures], ours: Sequence[str], others: Sequence[str]) -> Table:
    """Return our sums over all tasks as shares of each other set-up's, with 95% intervals."""
    heads = ("ours", "theirs", "model requests", "cost", "cost after 5 idle minutes", "definition tokens")
    rows = tuple(
        (mine, other, *(_share_with_interval(paired(tasks, mine, other), measure) for measure in _MEASURES))
        for mine in ours
        for other in others
    )
    return Table("Ours as a share of theirs, sums over all tasks, with 95% intervals", heads, rows)


def beside(tasks: Sequence[TaskFigures], ours: str, other: str) -> Table:
    """Return our sums as shares of another set-up's over the same tasks, a row a kind."""
    heads = (
        "tasks",
        "number",
        "model requests",
        "cost",
        "cost after 5 idle minutes",
        "definition tokens",
        "tool at once",
        "never reached",
    )
    pairs = paired(tasks, ours, other)
    sources = sorted({task.source for task in tasks})
    rows: list[tuple[str, ...]] = []
    for group in (ALL, NEEDY, *KINDS, IDLE_SESSIONS, *(sources if len(sources) > 1 else ())):
        some = [pair for pair in pairs if _is_of(group, pair[0], tasks)]
        if some:
            mine, theirs = ([pair[place] for pair in some] for place in (0, 1))
            at_once = f"{_share_at_once(mine)} to {_share_at_once(theirs)}"
            missed = f"{sum(task.missed for task in mine)} to {sum(task.missed for task in theirs)}"
            rows.append((group, str(len(some)), *(_share(some, measure) for measure in _MEASURES), at_once, missed))
    return Table(f"“{ours}” as a share of “{other}”, sums over the same tasks", heads, tuple(rows))


def paired(tasks: Sequence[TaskFigures], ours: str, other: str) -> list[Pair]:
    """Return the tasks that were played in both set-ups."""
    theirs = {(task.model, task.session, task.task): task for task in tasks if task.set_up == other}
    mine = [task for task in tasks if task.set_up == ours]
    keys = [(task.model, task.session, task.task) for task in mine]
    return [(task, theirs[key]) for task, key in zip(mine, keys, strict=True) if key in theirs]


def dollars_for_hundred(tasks: Sequence[TaskFigures]) -> dict[str, float]:
    """Return what a hundred tasks cost in each set-up."""
    return {name: 100 * fmean(map(dollars, some)) for name, some in _by_set_up(tasks)}


def dollars(task: TaskFigures) -> float:
    """Return the price of a task by the price list; of a family that it lacks, the dearest."""
    prices = [price for family, price in DOLLARS_PER_MILLION.items() if family in task.model]
    return task.units * (prices or [max(DOLLARS_PER_MILLION.values())])[0] / 1e6


def _share(pairs: Sequence[Pair], measure: Measure) -> str:
    mine, theirs = _sums(pairs, measure)
    return f"{mine / theirs:.2f}" if theirs else NONE


def _share_with_interval(pairs: Sequence[Pair], measure: Measure) -> str:
    if not _sums(pairs, measure)[1]:
        return NONE
    low, high = Bootstrap().ratio_interval([measure(mine) for mine, _ in pairs], [measure(other) for _, other in pairs])
    return f"{_share(pairs, measure)} [{low:.2f}, {high:.2f}]"


def _sums(pairs: Sequence[Pair], measure: Measure) -> tuple[float, float]:
    return sum(measure(mine) for mine, _ in pairs), sum(measure(other) for _, other in pairs)


def _share_at_once(tasks: Sequence[TaskFigures]) -> str:
    """Return how many of the needs had a tool in the first request."""
    needs = sum(task.needs for task in tasks)
    return f"{sum(task.at_once for task in tasks) / needs:.0%}" if needs else NONE


def _is_of(group: str, task: TaskFigures, tasks: Sequence[TaskFigures]) -> bool:
    if group == IDLE_SESSIONS:
        return all(other.kind == NOTHING for other in tasks if other.session == task.session)
    if group == NEEDY:
        return task.kind != NOTHING
    return group in (ALL, task.kind, task.source)


def _crossed(
    title: str, tasks: Sequence[TaskFigures], measure: Measure, columns: Sequence[tuple[str, list[TaskFigures]]]
) -> Table:
    rows = tuple(
        (name, *(f"{fmean(map(measure, _of(some, name))):.2f}" for _, some in columns)) for name, _ in _by_set_up(tasks)
    )
    return Table(f"{title}, means", ("set-up", *(name for name, _ in columns)), rows)


def _kinds(tasks: Sequence[TaskFigures]) -> Iterable[tuple[str, list[TaskFigures]]]:
    for kind in KINDS:
        if some := [task for task in tasks if task.kind == kind]:
            yield kind, some


def _models(tasks: Sequence[TaskFigures]) -> Iterable[tuple[str, list[TaskFigures]]]:
    for name in dict.fromkeys(task.model for task in tasks):
        yield name, [task for task in tasks if task.model == name]


def _by_set_up(tasks: Sequence[TaskFigures]) -> list[tuple[str, list[TaskFigures]]]:
    return [(name, some) for name in ORDER if (some := _of(tasks, name))]


def _of(tasks: Sequence[TaskFigures], set_up: str) -> list[TaskFigures]:
    return [task for task in tasks if task.set_up == set_up]


def _requests(task: TaskFigures) -> float:
    return task.requests


def _kilo_units(task: TaskFigures) -> float:
    return task.units / 1e3


def _idle_units(task: TaskFigures) -> float:
    return task.idle_units


def _definitions(task: TaskFigures) -> float:
    return task.definition_tokens


_MEASURES: tuple[Measure, ...] = (_requests, _kilo_units, _idle_units, _definitions)
