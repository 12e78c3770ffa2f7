"""The selection for one prompt at the start of a session, and its reasons."""

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace

from mcp_dynaload.by_key import ByKey
from mcp_dynaload.catalog.cost import reduction
from mcp_dynaload.ranking.caching import CachedRanker, RankingCache
from mcp_dynaload.ranking.cleaning import clean
from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.ranking.ranker import Ranker
from mcp_dynaload.selection.actions import PromptSubmitted
from mcp_dynaload.selection.choice import Choice, Judged, Verdict
from mcp_dynaload.selection.choose import RANKED, choose
from mcp_dynaload.selection.policy import BOUNDS, Strategy
from mcp_dynaload.selection.state import Context, initial_state
from mcp_dynaload.selection.step import step

MAX_NEAREST = 8
"""Tools that were not chosen of which the reason is told."""

_AT_ONCE = 4
"""Rankings kept while one prompt is explained."""


@dataclass(frozen=True, slots=True)
class ToolExplained(ByKey):
    """A tool with what speaks for it and what became of it."""

    name: str
    is_loaded: bool
    reason: str
    terms: tuple[str, ...]
    score: float
    """Log-odds with the price of the definition held against them: what tools are ordered by."""

    prior: float
    """How much of that earlier sessions of this project have added."""

    probability: float
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptExplained:
    """The tools that a prompt loads of a catalog, and why."""

    strategy: Strategy
    reason: str
    tools: int
    """In the catalog."""

    loaded: tuple[ToolExplained, ...]
    """Most needed first, then the pinned ones."""

    nearest: tuple[ToolExplained, ...]
    """The best of those that are not loaded."""

    baseline_tokens: int
    """The tokens of all definitions."""

    loaded_tokens: int
    """The tokens of the loaded definitions and of what we add ourselves."""

    need: float
    """Probability that the prompt needs any tool."""

    detection_ms: float
    """To read the prompt and rank the tools."""

    selection_ms: float
    """To choose among them."""

    @property
    def reduction(self) -> float:
        """The share of the baseline that is saved."""
        return reduction(self.baseline_tokens, self.loaded_tokens)


def explain_prompt(
    prompt: str, strategy: Strategy, context: Context, priors: Mapping[str, float], clock: Callable[[], float]
) -> PromptExplained:
    """Take the same steps as in a session, with their times by the clock, in seconds; `priors` are by tool."""
    context = replace(context, ranker=_once(context.ranker))
    started = clock()
    query = parse_query(clean(prompt))
    if query.text:
        context.ranker.rank(query, RANKED)
    detected = clock()
    _, decision = step(initial_state(strategy), PromptSubmitted(prompt), context)
    selected = clock()
    choice = choose(query, context.catalog, context.ranker, BOUNDS[strategy])
    judged = _judged(choice, frozenset(decision.added)) if query.text else ()
    told = [_told(one, context, priors) for one in judged]
    pinned = _pinned(context, frozenset(one.name for one in told))
    loaded = tuple(one for one in (*told, *pinned) if one.is_loaded)
    return PromptExplained(
        strategy=strategy,
        reason=decision.reason,
        tools=len(context.catalog.tools),
        loaded=loaded,
        nearest=tuple(one for one in told if not one.is_loaded)[:MAX_NEAREST],
        baseline_tokens=context.catalog.total_cost,
        loaded_tokens=context.overhead_tokens + sum(one.tokens for one in loaded),
        need=choice.ranked[0].need if query.text and choice.ranked else 0.0,
        detection_ms=(detected - started) * 1000,
        selection_ms=(selected - detected) * 1000,
    )


def _once(ranker: Ranker) -> Ranker:
    """Return the same ranker, which ranks a query once."""
    return CachedRanker(ranker, RankingCache(lambda: 0.0, math.inf, _AT_ONCE, nullcontext()), "")


def _judged(choice: Choice, added: frozenset[str]) -> tuple[Judged, ...]:
    """Return the verdicts of the choice, corrected by what the session's own limits let through."""
    return tuple(
        Judged(one.scored, Verdict.NO_SESSION_ROOM)
        if one.verdict is Verdict.CHOSEN and one.scored.name not in added
        else one
        for one in choice.judged
    )


def _told(judged: Judged, context: Context, priors: Mapping[str, float]) -> ToolExplained:
    scored = judged.scored
    return ToolExplained(
        name=scored.name,
        is_loaded=judged.verdict in (Verdict.CHOSEN, Verdict.PINNED),
        reason=str(judged.verdict),
        terms=scored.terms,
        score=scored.score,
        prior=priors.get(scored.name, 0.0),
        probability=scored.probability,
        tokens=context.catalog.costs[scored.name],
    )


def _pinned(context: Context, told: frozenset[str]) -> list[ToolExplained]:
    """Return the pinned tools for which nothing in the prompt speaks."""
    return [
        ToolExplained(tool.name, True, str(Verdict.PINNED), (), 0.0, 0.0, 0.0, context.catalog.costs[tool.name])
        for tool in context.catalog.tools
        if tool.pinned and tool.name not in told
    ]
