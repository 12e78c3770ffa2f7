"""The tools for a task that the user names: those that fit, or the nearest few that could serve."""

import math
import re
from dataclasses import dataclass, replace

from mcp_dynaload.catalog.cost import Count
from mcp_dynaload.ranking.cleaning import clean_text
from mcp_dynaload.ranking.query import parse_query
from mcp_dynaload.ranking.ranker import Scored
from mcp_dynaload.ranking.terms import english_terms, everyday_terms, prose_terms
from mcp_dynaload.selection.actions import TaskNamed
from mcp_dynaload.selection.asked import NO_CONTENT
from mcp_dynaload.selection.choice import Choice, Verdict
from mcp_dynaload.selection.choose import choose
from mcp_dynaload.selection.loading import affordable, held_back, load_ordered
from mcp_dynaload.selection.policy import BOUNDS, Bounds, Strategy, widened
from mcp_dynaload.selection.state import Context, Decision, SessionState, advertised

FITTING = "your task"
NEAREST = "nearest to your task"
UNFITTING = "no tool fits the task"
"""Reasons of a decision, in words for the user."""

MAX_NEAREST = 4
"""Tools loaded where none clearly fits: enough to begin with, few enough to cost little in vain."""

NEAR_SHARE = 0.25
"""The share of the best one's probability: what is further behind is no neighbour of it."""

UNKNOWN_WORDS_PROBABILITY = 0.1
"""The probability that the best tool needs where most words are unknown: a name ("kubernetes") reaches it by its
meaning, a string of letters that mean nothing does not."""

LETTERS_PER_TOKEN = 3.6
"""Words that people write are few tokens, "bookkeeping" two; "asdf", "xyzzy" and "snarfblat" fall to pieces."""

_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class NearestTools:
    """The tools for a task, and why these."""

    names: tuple[str, ...]
    reason: str


def on_task(state: SessionState, action: TaskNamed, context: Context) -> tuple[SessionState, Decision]:
    """Take a task for which some tool is needed; no request has been made with the tools yet."""
    text = clean_text(action.text)
    if not text:
        return state, Decision(reason=NO_CONTENT)
    bounds = replace(BOUNDS[Strategy.CONSERVATIVE if action.is_wide else state.strategy], search_tokens=math.inf)
    bounds = widened(bounds) if action.is_wide else bounds
    choice = choose(parse_query(text), context.catalog, context.ranker, bounds)
    served = (
        NearestTools(choice.names, FITTING) if action.is_wide else _serving(text, choice, is_worded=action.is_worded)
    )
    meant = [*served.names, *_meant_pinned(choice, bounds)]
    asked = replace(state, unloaded=state.unloaded.difference(meant))
    listed = state.unloaded.intersection(meant).intersection(advertised(asked, context.catalog))
    paid = affordable(asked, meant, context)
    held = held_back(asked, paid, context)
    given = [name for name in paid if name not in held]
    after, decision = load_ordered(state, (*given, *sorted(listed)), context, choice.ranked, reason=served.reason)
    after = replace(after.remembering(text), held=after.held.union(held))
    return after, replace(decision, held=held)


def _meant_pinned(choice: Choice, bounds: Bounds) -> list[str]:
    """Return the tools pinned by the configuration for which the task speaks: they are no part of a choice."""
    return [
        one.scored.name
        for one in choice.judged
        if one.verdict is Verdict.PINNED and one.scored.probability >= bounds.least
    ]


def _serving(text: str, choice: Choice, *, is_worded: bool) -> NearestTools:
    """Return what could serve a task: the choice, else the nearest few, else nothing."""
    ranked = choice.ranked
    best = max((scored.probability for scored in ranked), default=0.0)
    is_known = is_worded or _is_of_catalog(text, ranked) or best >= UNKNOWN_WORDS_PROBABILITY
    if not ranked or not is_known:
        return NearestTools((), UNFITTING)
    if choice.names:
        return NearestTools(choice.names, FITTING)
    near = [scored.name for scored in ranked if scored.probability >= NEAR_SHARE * ranked[0].probability]
    return NearestTools(tuple(near[:MAX_NEAREST]), NEAREST)


def sureness(scored: Scored) -> float:
    """Return how probable it is that a task needs this tool, given that it needs any: so much the user has said."""
    return min(1.0, scored.probability / scored.need) if scored.need else 0.0


def is_worded(text: str, count: Count) -> bool:
    """Return whether at least half of a task's words are words: a string of letters is as near to any tool."""
    words = _WORD.findall(text)
    return bool(words) and 2 * sum(_is_word(word, count) for word in words) >= len(words)


def _is_word(word: str, count: Count) -> bool:
    if not word.isascii():  # of another language's words nothing is known here, not even their usual length
        return True
    listed = english_terms() | everyday_terms()
    return bool(listed.intersection(prose_terms(word))) or len(word) >= LETTERS_PER_TOKEN * count(f" {word}")


def _is_of_catalog(text: str, ranked: tuple[Scored, ...]) -> bool:
    """Return whether at least half of the terms are in the definitions that were found."""
    terms, found = set(prose_terms(text)), {term for scored in ranked for term in scored.terms}
    return 2 * len(terms & found) >= len(terms) > 0
