"""How much a strategy may load, and on how much evidence."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

MAX_ADVERTISED = 12
"""Tools in the list after the first prompt, `find_tools` counted."""

MAX_LOADED_PER_PROMPT = 10
"""Tier-2 tools that one prompt may bring."""

LEAST_ROOM = 3
"""Tools that a prompt may bring however many are pinned."""

MAX_FOLLOWERS = 3
"""Tools loaded ahead at the end of a turn."""

MAX_MEMORY = 4
"""Prompts remembered, the current one counted."""

SMALL_CATALOG_TOKENS = 3_000
"""What may be loaded of any catalog: below this there is little to save."""

SHORT_QUERY_TERMS = 20
"""Terms up to which a query must not make up for its length."""

LENGTH_DEMAND = 0.2
"""What each doubling of the length beyond that adds to the probability demanded: long prompts match by chance."""

MOST_DEMANDED = 0.6
"""The highest probability demanded of a single tool for that reason."""

CLEAR_PROBABILITY = 0.3
"""From here on the words clearly mean the tool: what a destructive one needs."""

COSTLY_GROWTH_PROBABILITY = 0.2
"""What the best tool needs when loading it rewrites the client's prompt cache."""


class Strategy(StrEnum):
    """How readily tools are loaded: the person's choice."""

    CONSERVATIVE = "conservative"
    BALANCED = "balanced"
    AGGRESSIVE = "aggressive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one selection may do."""

    gate: float
    """Least probability of the best tool; below it nothing is loaded."""

    floor: float
    """Least probability of the others."""

    ratio: float
    """Least probability of the others as a share of the best one's in the same clause."""

    prompt_tokens: int
    """Most tokens of definitions that one prompt may bring."""

    least_reduction: float
    """Share of the all-loaded tokens that must be saved."""


BOUNDS: Mapping[Strategy, Bounds] = {
    Strategy.CONSERVATIVE: Bounds(gate=0.06, floor=0.015, ratio=0.05, prompt_tokens=8_000, least_reduction=0.5),
    Strategy.BALANCED: Bounds(gate=0.075, floor=0.02, ratio=0.1, prompt_tokens=6_000, least_reduction=0.6),
    Strategy.AGGRESSIVE: Bounds(gate=0.1, floor=0.04, ratio=0.25, prompt_tokens=4_000, least_reduction=0.7),
}


def widened(bounds: Bounds) -> Bounds:
    """For a choice that cannot be corrected later, or not for free: as much evidence for the best, less for others."""
    return replace(bounds, floor=bounds.floor / 2, ratio=bounds.ratio / 4)


def demanded(gate: float, query_terms: int) -> float:
    """The probability that the best tool for a query of this length must have."""
    surplus = math.log2(max(query_terms, SHORT_QUERY_TERMS) / SHORT_QUERY_TERMS)
    return min(MOST_DEMANDED, gate + LENGTH_DEMAND * surplus)


def room_for_prompt(pinned: int) -> int:
    """Tier-2 tools that one prompt may bring beside `find_tools` and the pinned ones."""
    return max(LEAST_ROOM, min(MAX_LOADED_PER_PROMPT, MAX_ADVERTISED - 1 - pinned))


def session_tokens(least_reduction: float, all_loaded_tokens: int, overhead_tokens: int) -> int:
    """Tokens of definitions that a session may have loaded so that the reduction holds with our overhead counted."""
    return max(SMALL_CATALOG_TOKENS, int((1 - least_reduction) * all_loaded_tokens) - overhead_tokens)


def is_frozen_after_first_request(model: str | None) -> bool:
    """Whether this model's tools stay as they are in a session's first request (no mid-conversation tool changes)."""
    return model is not None and any(family in model.lower() for family in ("sonnet", "haiku"))
