"""The effect of what `learn` learns: the newest sessions played again, without and with what those before have shown.

What the user asked in them is read for that and kept nowhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_dynaload.hosts.claude_code.transcripts import PastTurn
    from mcp_dynaload.measure.quality.replay import Effect, Session
    from mcp_dynaload.proxy.catalog_state import CatalogState

MAX_PROMPTS = 200
"""Prompts that are played, the newest of each project: some hundredths of a second each."""


NEWEST_SHARE = 0.2
"""The newest sessions of a project, by which is shown what the others would have been good for."""


@dataclass(frozen=True, slots=True)
class ProjectPast:
    """The past of one project: its sessions that called tools of connected servers, oldest first."""

    project: str
    sessions: tuple[tuple[str, float, tuple[str, ...]], ...]
    """Each with its id, its time and the tools that it called."""

    @property
    def newest(self) -> tuple[tuple[str, float, tuple[str, ...]], ...]:
        """The newest sessions; none where there are no others."""
        return self.sessions[len(self.before) :]

    @property
    def before(self) -> tuple[tuple[str, float, tuple[str, ...]], ...]:
        """The sessions before these."""
        count = len(self.sessions)
        return self.sessions[: count - (max(1, round(NEWEST_SHARE * count)) if count > 1 else 0)]

    def known_before(self) -> tuple[int, int]:
        """Return how many tools the newest sessions called, and how many of them the sessions before had called."""
        before = {tool for _, _, tools in self.before for tool in tools}
        called = [set(tools) for _, _, tools in self.newest]
        return sum(map(len, called)), sum(len(tools & before) for tools in called)


def effect_on(
    projects: Sequence[ProjectPast], names: Mapping[str, str], live: "CatalogState", config_dir: Path, since: float
) -> "Effect":
    """Return the effect on the newest sessions of each project of what was learned from the others; blocks."""
    from mcp_dynaload.hosts.claude_code.transcripts import past_turns
    from mcp_dynaload.measure.quality.replay import Effect, effect_of
    from mcp_dynaload.selection.priors import SessionUse, priors_of

    held_out = {id for one in projects for id, _, _ in one.newest}
    turns = past_turns(config_dir, since, held_out) if held_out else {}
    whole, left = Effect(), MAX_PROMPTS
    if turns:
        live.index_now()
    for project in projects:
        uses = [SessionUse(at, frozenset(tools)) for _, at, tools in reversed(project.before)]
        sessions: list[Session] = []
        for id, _, _ in reversed(project.newest):
            played = _played(turns.get(id, ()), names)[:left]
            left -= len(played)
            sessions.append(played)
        priors = priors_of(uses, project.newest[0][1]) if project.newest else priors_of((), 0)
        whole += effect_of(priors, sessions, live.index.ranker, live.catalog)
    return whole


def _played(turns: Sequence["PastTurn"], names: Mapping[str, str]) -> "Session":
    """Return a session as it can be played: its prompts with the tools that they called, as far as these are known."""
    from mcp_dynaload.measure.quality.labelled import Task
    from mcp_dynaload.selection.policy import MAX_MEMORY

    tasks: list[Task] = []
    for number, turn in enumerate(turns):
        called = dict.fromkeys(names[name] for name in turn.calls if name in names)
        history = tuple(before.prompt for before in turns[max(0, number - MAX_MEMORY) : number])
        if called:
            tasks.append(Task(str(number), turn.prompt, tuple(frozenset({name}) for name in called), history=history))
    return tuple(tasks)


def effect_sentence(effect: "Effect") -> str:
    """Return what the effect is, in a sentence."""
    cold, learned = (round(tokens / effect.prompts) for tokens in (effect.tokens_cold, effect.tokens_learned))
    return (
        f"Their prompts that called tools ({effect.prompts}), played again: of the {effect.called} tools that they "
        f"called {effect.listed_cold} were loaded in time without what was learned from the others, "
        f"{effect.listed_learned} with it ({cold:,} and {learned:,} tokens of definitions a prompt)."
    )
