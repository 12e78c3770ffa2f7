"""The state of a session that selection remembers, what a step may look at, and its outcome."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.ranking.ranker import Ranker, Scored
from mcp_dynaload.selection.policy import MAX_MEMORY, Strategy, is_frozen_after_first_request


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """The state of one session that selection remembers."""

    strategy: Strategy
    loaded: frozenset[str] = frozenset()
    """Advertised names of the learned core and tier 2: only grows until the session is cleared."""

    kept: frozenset[str] = frozenset()
    """The tools that stay in the client's list, whatever had listed them, until the session is cleared: the servers
    behind us, the pins or the profile have changed. Nobody chose them, so that of an unused one nothing is learned."""

    pinned: frozenset[str] = frozenset()
    """The tools that the user pinned, beside those that the configuration pins."""

    unpinned: frozenset[str] = frozenset()
    """The tools whose pins the user took back in this session: those read of the store later stay taken back."""

    unloaded: frozenset[str] = frozenset()
    """The tools that the user does not want: never loaded, but listed on if they were, until the session is cleared."""

    held: frozenset[str] = frozenset()
    """The tools held back until the user allows what they could do together with those that are there."""

    is_flow_allowed: bool = False
    """The user has allowed it: nothing is held back any more, until the session is cleared."""

    memory: tuple[str, ...] = ()
    """The last prompts with a content of their own, cleaned, newest first."""

    first_prompt_seen: bool = False
    model: str | None = None
    """For example `claude-opus-5`; None until it is known."""

    settled: tuple[str, Strategy, str] | None = None
    """Cleaned text, strategy and catalog version of the last selection: the same again changes nothing."""

    def earlier(self, text: str) -> tuple[str, ...]:
        """Return the prompts before this one, newest first, as many as are remembered beside it."""
        return tuple(prompt for prompt in self.memory if prompt != text)[: MAX_MEMORY - 1]

    def remembering(self, text: str) -> "SessionState":
        """Return the state in which this is the newest prompt."""
        return replace(self, memory=(text, *self.earlier(text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The things besides state and action that a step may look at."""

    catalog: Catalog
    ranker: Ranker
    """Built for this very catalog."""

    tool_search: bool = True
    """False when every change of the list rewrites the client's prompt cache."""

    is_selected: bool = False
    """The client puts into any request what it is told, whatever the model: no list is frozen."""

    asks_for_flows: bool = False
    """Tools with which the session could read private data, take in what outsiders wrote and send out wait for the
    user's word."""

    overhead_tokens: int = 0
    """The tokens that we cost before any tool is loaded: `find_tools` and our instructions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome of a step and its reasons."""

    added: tuple[str, ...] = ()
    """Newly loaded tools, most needed first."""

    ranked: tuple[Scored, ...] = ()
    """The best of the ranking, loaded or not: for explaining and for warming upstreams."""

    reason: str
    changed: bool = False
    """Whether the loaded set differs from before; a changed catalog counts."""

    allowed: tuple[str, ...] = ()
    """Tools that the user had unloaded and has allowed again, in name order."""

    held: tuple[str, ...] = ()
    """The tools that would have been loaded, and wait for the user's word."""

    needed: tuple[str, ...] = ()
    """The tools that a prompt needs beside the pinned ones, listed before or not, most needed first."""

    @property
    def gained(self) -> tuple[str, ...]:
        """The tools that an order has loaded: newly listed, or listed still and callable again."""
        return tuple(dict.fromkeys((*self.added, *self.allowed)))


def initial_state(strategy: Strategy = Strategy.BALANCED, model: str | None = None) -> SessionState:
    """Return a session before its first prompt."""
    return SessionState(strategy=strategy, model=model)


def advertised(state: SessionState, catalog: Catalog) -> tuple[str, ...]:
    """Return tier 1 and tier 2 as far as the catalog still has them, in name order."""
    return tuple(sorted(listed_names(state, catalog)))


def listed_names(state: SessionState, catalog: Catalog) -> frozenset[str]:
    """Return the same in no order."""
    return (state.loaded | state.kept | ((state.pinned | catalog.pinned) - state.unloaded)) & catalog.names


def keeping(state: SessionState, names: Iterable[str]) -> SessionState:
    """Return the state in which these stay in the client's list, whatever had listed them."""
    return replace(state, kept=state.kept | (frozenset(names) - state.loaded))


def still_listed(state: SessionState, names: frozenset[str], catalog: Catalog) -> SessionState:
    """Return the state in which those of these that are listed stay so without a pin."""
    return keeping(state, names & listed_names(state, catalog))


def is_pinned(state: SessionState, tool: Tool) -> bool:
    """Return whether the tool is listed from the start, by the configuration or the user."""
    return (tool.pinned or tool.name in state.pinned) and tool.name not in state.unloaded


def is_frozen(state: SessionState, context: Context) -> bool:
    """Return whether the session's list stays as it was in its first request."""
    return is_frozen_after_first_request(state.model) and not context.is_selected


def find(state: SessionState, context: Context, words: str, limit: int) -> tuple[Scored, ...]:
    """Rank the tools for the words of a search, however weak the evidence; without those that the user unloaded."""
    barred = state.unloaded
    ranked = context.ranker.rank(parse_query(words), limit + len(barred))
    return tuple(scored for scored in ranked if scored.name not in barred)[:limit]
