"""Tasks of the bench: prompts in sessions, each with the tools that it needs, labelled before anything was measured."""

from collections.abc import Sequence
from dataclasses import dataclass

from mcp_dynaload.errors import ConfigError
from mcp_dynaload.measure.quality.labelled import NamedCatalog
from mcp_dynaload.measure.quality.tool_search import content_words

SINGLE, TWO, COMPOUND, FOLLOW_UP, NOTHING = "single", "two", "compound", "follow-up", "nothing"
KINDS = (SINGLE, TWO, COMPOUND, FOLLOW_UP, NOTHING)

TRIES = 3
"""So often a model searches for a tool before it gives up."""

Key = tuple[str, str]
"""A server and the name of one of its tools."""


@dataclass(frozen=True, slots=True)
class TaskNeed:
    """One thing that a task needs."""

    tools: tuple[Key, ...]
    """Those that serve, the best first; one is called."""

    queries: tuple[str, ...]
    """The searches for it, fixed in advance; as many as a model tries."""


@dataclass(frozen=True, slots=True)
class BenchTask:
    """A prompt and what it needs."""

    id: str
    kind: str
    prompt: str
    needs: tuple[TaskNeed, ...] = ()
    agent: str | None = None
    """The prompt of the subagent that does it; None: the session itself does."""


@dataclass(frozen=True, slots=True)
class BenchSession:
    """The prompts of one conversation, in order."""

    name: str
    source: str
    """Who wrote its prompts."""

    tasks: tuple[BenchTask, ...]


@dataclass(frozen=True, slots=True)
class BenchData:
    """Sessions, and the servers' definitions that their tasks speak of."""

    known: NamedCatalog
    sessions: tuple[BenchSession, ...]


def task(id_: str, prompt: str, needs: Sequence[Sequence[Key]], *, is_agents: bool = False) -> BenchTask:
    """Return a task whose searches are for its prompt's words; with `is_agents` a subagent is given the prompt."""
    found = tuple(TaskNeed(tuple(tools), queries(prompt, tools[0][0], prompt)) for tools in needs)
    asked = f"Have an agent do this: {prompt}" if is_agents else prompt
    return BenchTask(id_, kind_of(len(found)), asked, found, prompt if is_agents else None)


def kind_of(needs: int) -> str:
    """Return the kind of a task that begins a subject and needs so many things."""
    return (NOTHING, SINGLE, TWO)[needs] if needs <= 2 else COMPOUND


def queries(words: str, server: str, prompt: str) -> tuple[str, ...]:
    """Return the searches for a need: its words in the prompt, the same with its server's name, the whole prompt."""
    own = " ".join(content_words(words))
    found = dict.fromkeys((own, f"{server} {own}", " ".join(content_words(prompt))))
    return (*found, own)[:TRIES]


def check_tools(data: BenchData) -> None:
    """Check that the catalog has every tool that a task names.

    Raises:
        ConfigError: It lacks one.
    """
    for session in data.sessions:
        for played in session.tasks:
            for server, tool in (key for need in played.needs for key in need.tools):
                if f"{server}/{tool}" not in data.known.names:
                    raise ConfigError(f"task {played.id!r} needs {server}/{tool}, which is not in the catalog")


def evenly(sessions: Sequence[BenchSession], many: int) -> list[BenchSession]:
    """Return so many of the sessions, from all places alike."""
    if many >= len(sessions):
        return list(sessions)
    return [sessions[number * len(sessions) // many] for number in range(many)]


def in_turn(*kinds: Sequence[BenchSession]) -> tuple[BenchSession, ...]:
    """Return sessions of several kinds as one list in which each kind is spread evenly."""
    places = [(place / len(kind), session) for kind in kinds for place, session in enumerate(kind)]
    return tuple(session for _, session in sorted(places, key=lambda placed: placed[0]))
