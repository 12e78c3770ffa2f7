"""Prompts as a session would pass them on: after the earlier prompts of their conversation."""

from collections.abc import Sequence
from dataclasses import replace

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.measure.quality.labelled import Task
from mcp_dynaload.ranking.cleaning import clean
from mcp_dynaload.ranking.query import Query, parse_query
from mcp_dynaload.ranking.ranker import Ranker, Scored
from mcp_dynaload.selection.actions import PromptSubmitted
from mcp_dynaload.selection.policy import MAX_MEMORY
from mcp_dynaload.selection.state import Context, SessionState, initial_state
from mcp_dynaload.selection.step import step


class _NothingFits:
    """A ranker that ranks no tool: for prompts that are only to be remembered."""

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        return ()


class RankedOnce:
    """A ranker that remembers rankings while one task is looked at: strategies ask for the same ones."""

    def __init__(self, ranker: Ranker) -> None:
        self._ranker = ranker
        self._rankings: dict[tuple[Query, int], tuple[Scored, ...]] = {}

    def rank(self, query: Query, limit: int) -> tuple[Scored, ...]:
        """Return the ranker's own answer."""
        key = query, limit
        if key not in self._rankings:
            self._rankings[key] = self._ranker.rank(query, limit)
        return self._rankings[key]


def state_before(history: Sequence[str], catalog: Catalog) -> SessionState:
    """Return a session that remembers these prompts and has loaded nothing: every task is a choice of its own."""
    context = Context(catalog=catalog, ranker=_NothingFits())
    state = initial_state()
    for prompt in history:
        state, _ = step(state, PromptSubmitted(prompt), context)
    # The same prompt once more is to be chosen for anew.
    return replace(state, settled=None)


def session_query(prompt: str, state: SessionState) -> Query:
    """Return the query of a session in this state for the whole prompt, even if that has no content of its own."""
    text = clean(prompt) or prompt
    earlier = tuple(before for before in state.memory if before != text)[: MAX_MEMORY - 1]
    return parse_query(text, earlier)


def query_of(task: Task, state: SessionState, *, reads_session: bool) -> Query:
    """Return the query by which a ranker's order for the task is judged."""
    return session_query(task.prompt, state) if reads_session else Query(task.prompt)
