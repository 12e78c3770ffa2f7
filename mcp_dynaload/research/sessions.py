"""The choice over whole sessions: what is there when it is needed, and what that takes of the catalog's tokens.

`python -m mcp_dynaload.research.sessions BENCH` plays each conversation of the labelled sets as a session, and sessions
of many prompts, which are conversations drawn one after the other. What a prompt lacks is searched and stays, as a
model does it.
"""

import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from statistics import fmean

from mcp_dynaload.measure.quality.evaluate import Indexed
from mcp_dynaload.measure.quality.labelled import Task, characters_in_fours
from mcp_dynaload.measure.quality.suite import read_set
from mcp_dynaload.ranking.features import FITTED
from mcp_dynaload.ranking.hybrid import Reader
from mcp_dynaload.research.conversing import BEFORE, TURNS
from mcp_dynaload.research.indexed import files_of, indexed
from mcp_dynaload.research.samples import Remembering
from mcp_dynaload.selection.actions import PromptSubmitted, ToolsFound
from mcp_dynaload.selection.state import Context, advertised, initial_state
from mcp_dynaload.selection.step import step

SESSIONS, MIN_PROMPTS = 10, 24
"""The long sessions of each set: how many, and how many prompts each has at least."""


Talk = tuple[Task, ...]
"""The tasks of a conversation in order, each with all that was said before it as history."""


@dataclass(frozen=True, slots=True)
class PlayedPrompt:
    """A prompt of a session once its tools are listed."""

    recall: float
    listed: float
    """The share of the tokens of all definitions that the listed ones take."""


def report(bench: Path, names: Sequence[str], reader: Reader, say: Callable[[str], object]) -> None:
    """Print a row for the conversations of each set, and one for its long sessions."""
    say("| sessions of | prompts | recall | left with none | of all definitions' tokens |\n|---|--:|--:|--:|--:|")
    for name in names:
        found = read_set(*files_of(bench, name), None, characters_in_fours)
        ours, talks = indexed(found.known.catalog, FITTED, reader), talks_of(found.tasks)
        alone, long = [(talk,) for talk in talks], [*long_sessions(talks, name)]
        for kind, sessions in (("one conversation", alone), (f"{MIN_PROMPTS} prompts and more", long)):
            played = [prompt for session in sessions for prompt in played_session(session, ours)]
            recall, listed = (fmean(figures) for figures in zip(*((p.recall, p.listed) for p in played), strict=True))
            none = fmean(prompt.recall == 0 for prompt in played)
            say(f"| {name}, {kind} | {len(played)} | {recall:.3f} | {none:.3f} | {listed:.3f} |")


def talks_of(tasks: Iterable[Task]) -> list[Talk]:
    """Return the tasks of each conversation, which are those that begin with the same prompt."""
    found: dict[str, list[Task]] = {}
    for task in tasks:
        found.setdefault((*task.history, task.prompt)[0], []).append(task)
    return [tuple(talk) for talk in found.values()]


def long_sessions(talks: Sequence[Talk], seed: str) -> Iterator[tuple[Talk, ...]]:
    """Draw conversations until they have enough prompts; of a set with few prompts all make a session."""
    chance = random.Random(seed)
    for _ in range(SESSIONS):
        drawn = chance.sample(talks, len(talks))
        prompts = accumulate(len(talk) for talk in drawn)
        yield tuple(talk for talk, until in zip(drawn, prompts, strict=True) if until - len(talk) < MIN_PROMPTS)


def played_session(session: Iterable[Talk], ours: Indexed) -> Iterator[PlayedPrompt]:
    """Send all that is said in these conversations, and search what a prompt lacks."""
    context, state = Context(catalog=ours.catalog, ranker=ours.ranker), initial_state()
    for talk in session:
        said = 0
        for task in talk:
            for prompt in (*task.history[said:], task.prompt):
                state, _ = step(state, PromptSubmitted(prompt), context)
            said = len(task.history) + 1
            there = advertised(state, ours.catalog)
            missing = [min(need) for need in task.needs if need.isdisjoint(there)]
            listed = sum(ours.catalog.costs[name] for name in there) / ours.catalog.total_cost
            yield PlayedPrompt(1 - len(missing) / len(task.needs), listed)
            state, _ = step(state, ToolsFound(tuple(missing)), context)


def main(arguments: Sequence[str]) -> None:
    """Measure with the encoder of the package."""
    from mcp_dynaload.encoder.sentence_encoder import read_encoder  # heavy

    if len(arguments) != 1:
        sys.exit("name one folder with catalogs/ and tasks/: python -m mcp_dynaload.research.sessions BENCH")
    report(Path(arguments[0]), (*TURNS, *BEFORE), Remembering(read_encoder()), print)


if __name__ == "__main__":
    main(sys.argv[1:])
