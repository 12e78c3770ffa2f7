"""The worth of loading ahead: conversations played with and without the tools that usually come next."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import fmean

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.measure.quality.labelled import Task
from mcp_dynaload.ranking.ranker import Ranker
from mcp_dynaload.selection.actions import PromptSubmitted, StepTaken, ToolsFound, TurnEnded
from mcp_dynaload.selection.followers import Followed, usual_follower
from mcp_dynaload.selection.policy import MAX_FOLLOWERS
from mcp_dynaload.selection.state import Context, SessionState, advertised, initial_state
from mcp_dynaload.selection.step import step
from mcp_dynaload.store.usage import MIN_FOLLOWING

Conversation = tuple[Task, ...]
Followers = dict[str, tuple[str, ...]]
"""For each tool those that came after it, most often first."""


@dataclass(frozen=True, slots=True)
class _FollowedTurn:
    """A turn that another one follows in the same conversation."""

    called: frozenset[str]
    """The tools that the next turn calls."""

    ahead: frozenset[str]
    """The tools that were loaded at this turn's end."""

    first: str | None
    """The most usual follower of this turn's last call, listed or not."""

    listed: frozenset[str]
    """The tools that are listed when the next prompt is answered."""

    listed_without: frozenset[str]
    """The same, had nothing been loaded ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """The figures over the turns of the conversations that nothing was learned from."""

    conversations: int
    """That were learned from; as many, or one fewer, are measured."""

    turns: int
    """Measured turns that another one follows."""

    predicted: float
    """Share of them after which some tool usually comes."""

    right_first: float
    """The share of these in which the next turn calls the most usual one."""

    tools_ahead: float
    """Tools loaded at a turn's end, on average."""

    tokens_ahead: float
    """The tokens that they cost, on average."""

    called_ahead: float
    """Share of the tools loaded ahead that the next turn calls."""

    recall: float
    """Share of what a next turn calls that is listed by then."""

    recall_without: float
    """The same, had nothing been loaded ahead."""

    missing: int
    """Calls within the turns, after the first one, of tools that neither the prompt nor a turn before has loaded."""

    in_time: int
    """Those of which the tool was loaded between the steps, after the call that it usually follows."""

    in_vain: int
    """Tools that were loaded so and not called in the rest of the turn."""

    def as_json(self) -> Json:
        """Return all figures."""
        return asdict(self)


def following(ranker: Ranker, catalog: Catalog, tasks: Sequence[Task]) -> Following | None:
    """Learn from every other conversation, play the rest; none if there are no two conversations."""
    talks = [talk for talk in conversations(tasks) if len(talk) > 1]
    if len(talks) < 2:
        return None
    followers = learned_followers(talks[::2])
    turns = [turn for talk in talks[1::2] for turn in _played(talk, ranker, catalog, followers)]
    predicted = [turn for turn in turns if turn.first]
    between = [_between(talk, ranker, catalog, _followings(talks[::2])) for talk in talks[1::2]]
    ahead = [(name, name in turn.called) for turn in turns for name in turn.ahead]
    return Following(
        conversations=len(talks[::2]),
        turns=len(turns),
        predicted=len(predicted) / len(turns),
        right_first=_mean(turn.first in turn.called for turn in predicted),
        tools_ahead=len(ahead) / len(turns),
        tokens_ahead=sum(catalog.costs[name] for name, _ in ahead) / len(turns),
        called_ahead=_mean(is_called for _, is_called in ahead),
        recall=_mean(name in turn.listed for turn in turns for name in turn.called),
        recall_without=_mean(name in turn.listed_without for turn in turns for name in turn.called),
        missing=sum(missing for missing, _, _ in between),
        in_time=sum(in_time for _, in_time, _ in between),
        in_vain=sum(in_vain for _, _, in_vain in between),
    )


def conversations(tasks: Iterable[Task]) -> list[Conversation]:
    """Return conversations of tasks one after the other; each has the history of the one before and its prompt."""
    found: dict[tuple[str, ...], list[Task]] = {}
    for task in tasks:
        if task.needs:
            said = found.pop(task.history, []) if task.history else []
            found[*task.history, task.prompt] = [*said, task]
    return [tuple(talk) for talk in found.values()]


def learned_followers(talks: Iterable[Conversation]) -> Followers:
    """Return followers as the product learns them: tools called after others, as often as makes it usual."""
    followers: Followers = {}
    for tool, follower, count in _followings(talks):
        if count >= MIN_FOLLOWING:
            followers[tool] = (*followers.get(tool, ()), follower)[:MAX_FOLLOWERS]
    return followers


def _followings(talks: Iterable[Conversation]) -> list[Followed]:
    """Return what was called right after what, and how often, most often first."""
    counts = Counter(
        (tool, follower)
        for talk in talks
        for tool, follower in pairwise(name for task in talk for name in _called(task))
        if tool != follower
    )
    return [(*pair, count) for pair, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def _between(
    talk: Conversation, ranker: Ranker, catalog: Catalog, followings: Sequence[Followed]
) -> tuple[int, int, int]:
    """Return how many calls within the turns lacked their tool, and how many followers came in time and in vain."""
    context = Context(catalog=catalog, ranker=ranker, is_selected=True)
    state = initial_state()
    missing = in_time = in_vain = 0
    for task in talk:
        state, _ = step(state, PromptSubmitted(task.prompt), context)
        calls = _called(task)
        ahead: set[str] = set()
        for place, name in enumerate(calls):
            missing += place > 0 and (name not in advertised(state, catalog) or name in ahead)
            in_time += name in ahead
            ahead.discard(name)
            state, _ = step(state, ToolsFound((name,)), context)
            follower = usual_follower(name, followings)
            state, decision = step(state, StepTaken((follower,) if follower else (), "usually comes next"), context)
            ahead.update(decision.added)
        in_vain += len(ahead)
    return missing, in_time, in_vain


def _played(talk: Conversation, ranker: Ranker, catalog: Catalog, followers: Followers) -> Iterator[_FollowedTurn]:
    context = Context(catalog=catalog, ranker=ranker)
    state = without = initial_state()
    for task, upcoming in pairwise(talk):
        usual = followers.get(_called(task)[-1], ())
        state, ahead = _turn(state, task, usual, context)
        without, _ = _turn(without, task, (), context)
        listed, listed_without = (_listed_for(upcoming, before, context) for before in (state, without))
        first = usual[0] if usual else None
        yield _FollowedTurn(frozenset(_called(upcoming)), ahead, first, listed, listed_without)


def _turn(
    state: SessionState, task: Task, usual: tuple[str, ...], context: Context
) -> tuple[SessionState, frozenset[str]]:
    """Return the state after a turn in which the model calls what the task needs, and what was loaded ahead then."""
    state, _ = step(state, PromptSubmitted(task.prompt), context)
    missed = tuple(name for name in _called(task) if name not in advertised(state, context.catalog))
    state, _ = step(state, ToolsFound(missed), context)
    state, decision = step(state, TurnEnded(usual), context)
    return state, frozenset(decision.added)


def _listed_for(task: Task, state: SessionState, context: Context) -> frozenset[str]:
    state, _ = step(state, PromptSubmitted(task.prompt), context)
    return frozenset(advertised(state, context.catalog))


def _called(task: Task) -> tuple[str, ...]:
    """Return one tool for each need, in their order."""
    return tuple(min(need) for need in task.needs)


def _mean(values: Iterable[bool]) -> float:
    found = list(values)
    return fmean(found) if found else 0.0
