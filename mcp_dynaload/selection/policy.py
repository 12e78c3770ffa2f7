"""How much a strategy may load, and on how much evidence."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate, compress

from mcp_dynaload.selection.choice import Verdict

MAX_ADVERTISED = 12
"""Tools in the list after the first prompt, `find_tools` counted, unless the catalog is large."""

MAX_LOADED_PER_PROMPT = 10
"""Tier-2 tools that one prompt may bring, unless the catalog is large."""

LARGE_CATALOG_TOOLS, VERY_LARGE_CATALOG_TOOLS = 100, 190
"""More tools than the first are so many alike that the needed ones stand out less, from the second on all the less."""

MAX_LOADED_OF_LARGE = 26
"""Tier-2 tools that one prompt may bring of a very large catalog; of a large one fewer, the fewer it has, unless the
prompt is sure to need any: such a one may name many steps."""

SURE_NEED = 0.9985
"""From here on a prompt may bring all that there is room for: a step of its own may stand far down in the ranking."""

SURE_SHARE = 0.5
"""How much of what may be left out otherwise may be then."""

MIN_ROOM = 3
"""Tools that a prompt may bring however many are pinned."""

MAX_FOLLOWERS = 3
"""Tools loaded ahead at the end of a turn."""

MAX_MEMORY = 4
"""Prompts remembered, the current one counted."""

SMALL_CATALOG_TOKENS = 3_000
"""The tokens that may be loaded of any catalog: below this there is little to save."""

MIN_PROBABILITY = 0.02
"""The least probability of the best tool, however sure it is that some tool is needed."""

MAX_REPEATING, REPEATING_NEED = 4, 0.95
"""Tools of servers that repeat what the client does itself (files, git, a shell) that a prompt may bring of a large
catalog where it is less sure than the second that any is needed.

Whether such a tool is wanted or the client's own, the words do not tell; one of them is there in any case. What is
loaded in vain falls by .3 of 6.4 tools so, and one of eleven sets loses .004 of its needed tools, where a server
for files stands for the client's own tools.
"""

UNLIKELY = 0.006
"""A tool less probable than this, given that any is needed, is not loaded, however much is left out: where one tool is
meant the many behind it are not worth their tokens."""

PRICE = 0.15
"""The price of a token of a definition, where one of the search that it may save costs 1: tools are loaded that are as
probable, given that any is needed, as their own tokens at this price are dear beside the search.

Of eleven sets of labelled prompts one loses .007 of the needed tools by it, one .002, one .001, the others none, for 1
to 47% fewer tokens, most where definitions are long. That a definition stays in the model's context would be a reason
for a higher price, at which more is lost.
"""

DISTURBANCE_TOKENS = 500
"""The cost of loading in vain beside its tokens: the list is read again, and the model has more to choose from."""

WORTH_TOKENS = 5_000
"""Definitions that a need has to pay for if all that is wanted costs more: then the best of it are loaded."""

SCARCITY = 2.0
"""How much dearer a session's room gets as it fills."""

SHARE_OF_BEST = 0.8
"""The share of the probability of a prompt's best tool that another needs when the session's room is all used up.

It grows with the square of what is used.
"""

SHARE_OF_CLEAR = 0.4
"""The least such share where a short prompt has a clear best tool, some of the room is used and the other tool takes
much of it. What follows says how short, clear, used and much; in between it is less than this.

At its start a session has room for some tools in vain, a long one needs it for the later subjects.
`python -m mcp_dynaload.research.sessions BENCH` plays labelled prompts as whole sessions and prints what they have.
"""

CLEARLY = (0.3, 0.4)
"""The probability of the best tool up to which it is not clear, and from which on it is."""

FILLING = (0.08, 0.2)
"""The share of the session's room up to which hardly any is used, and from which on some is."""

LARGE = 0.01
"""The share of the room from which on a tool takes much of it, whatever the size of the catalog."""

ONE_THING, SEVERAL_THINGS = 5, 9
"""Different terms up to which a prompt means one thing, and from which on several: the tools of several things are each
less likely than the one of a short prompt is."""

COSTLY_GROWTH_PROBABILITY = 0.2
"""The probability that the best tool needs when loading it rewrites the client's prompt cache."""


class Strategy(StrEnum):
    """The readiness with which tools are loaded: the user's choice."""

    CONSERVATIVE = "conservative"
    BALANCED = "balanced"
    AGGRESSIVE = "aggressive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The limits of one selection."""

    search_tokens: float
    """The cost, in tokens, of a needed tool that is missing and has to be searched: one more model request."""

    left_out: float
    """Expected share of the needed tools that may be left out: tools are loaded until it is reached."""

    least: float = MIN_PROBABILITY
    """Least probability of the best tool."""

    prompt_tokens: int
    """Most tokens of definitions that one prompt may bring."""

    min_reduction: float
    """Share of the all-loaded tokens that must be saved."""


BOUNDS: Mapping[Strategy, Bounds] = {
    Strategy.CONSERVATIVE: Bounds(search_tokens=6_000, left_out=0.02, prompt_tokens=12_000, min_reduction=0.5),
    Strategy.BALANCED: Bounds(search_tokens=4_200, left_out=0.03, prompt_tokens=10_000, min_reduction=0.6),
    Strategy.AGGRESSIVE: Bounds(search_tokens=3_200, left_out=0.15, prompt_tokens=4_000, min_reduction=0.7),
}


@dataclass(frozen=True, slots=True)
class Amount:
    """So many tools or so many tokens of definitions, whichever is more."""

    tools: float
    tokens: float

    def of(self, costs: Sequence[int]) -> int:
        """Return how many of the tools with these costs it is."""
        within = sum(tokens <= self.tokens for tokens in accumulate(costs))
        return max(within, min(len(costs), round(self.tools)))


AMOUNTS = ((1.85, Amount(2, 900)), (3.15, Amount(14, 1_300)), (5.0, Amount(18, 6_000)))
"""The tools that a prompt may bring at these log-odds that it needs any, with straight lines between them.

From `SURE_NEED` on all may come; where a prompt is unsure, what it needs is among the best. Chosen by totals over sets
that the models of need had not seen: prompts that need nothing and load something load 6 tools and 1,150 tokens on
`dev` so, where without a limit over 0.9 they brought 11 and 2,800; prompts that need tools load a tenth fewer of them,
too. Of seven sets one loses two hundredths of its recall, one one, the others at most half a hundredth.
"""

SPREAD_WEIGHT, USUAL_SPREAD = 1.7, 1.0
"""How much the log-odds count less where what is wanted is spread over more servers than usual: an accident of words is
near to tools of many, a task speaks for those of few. Where 70% of the prompts that need nothing and load something are
held back, 3% of tasks are, with the need alone 6%."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one choice beside the pinned tools, worked out from how probable it is that any tool is needed."""

    bounds: Bounds
    need: float
    room: int
    """Tools at most."""

    amount: Amount | None
    """As much of them as a need that is not sure may bring; None: all that there is room for."""

    tokens: int
    """Tokens of definitions that such a need pays for."""

    def are_met(self, best: float, costs: Sequence[int]) -> bool:
        """Tell whether the best of all tools is probable enough, and the need for what tools of these costs take."""
        within = compress(costs, _paid(costs[: self.room], self.bounds.prompt_tokens))
        return best >= self.bounds.least and self.need >= min_need(self.bounds, min(sum(within), WORTH_TOKENS))

    def verdicts(self, costs: Sequence[int]) -> list[Verdict]:
        """Return what becomes of tools of these costs, the most needed first, by room, need and tokens."""
        roomy = costs[: self.room]
        filled = self.amount.of(roomy) if self.amount else len(roomy)
        affordable = [Verdict.CHOSEN if paid else Verdict.NO_TOKENS for paid in _paid(costs[:filled], self.tokens)]
        unsure, outside = len(roomy) - filled, len(costs) - len(roomy)
        return [*affordable, *[Verdict.UNSURE] * unsure, *[Verdict.NO_ROOM] * outside]


def limits_of(bounds: Bounds, need: float, spread: float, pinned: int, tools: int) -> Limits:
    """Return the limits of a choice from a catalog of so many tools, of which some are pinned."""
    tokens = int(min(bounds.prompt_tokens, paid_tokens(bounds, need)))
    return Limits(bounds, need, room_for_prompt(pinned, tools, need), amount_for_need(need, spread), tokens)


def within_tokens(names: Iterable[str], costs: Mapping[str, int], tokens: int) -> tuple[str, ...]:
    """Return the names in order, leaving out each that the tokens left no longer pay for."""
    named = tuple(names)
    return tuple(compress(named, _paid((costs[name] for name in named), tokens)))


def _paid(costs: Iterable[int], tokens: int) -> Iterator[bool]:
    """Yield for each cost whether the tokens left still pay for it."""
    for cost in costs:
        is_paid = cost <= tokens
        tokens -= cost if is_paid else 0
        yield is_paid


def min_need(bounds: Bounds, tokens: int) -> float:
    """Return the least probability that any tool is needed at which loading so many tokens is worth it.

    What is lost in vain, these tokens and the disturbance, is weighed against the search that is saved.
    """
    in_vain = DISTURBANCE_TOKENS + tokens
    return in_vain / (in_vain + bounds.search_tokens)


def paid_tokens(bounds: Bounds, need: float) -> float:
    """Return, the other way around, the tokens of definitions worth loading when any tool is needed so probably."""
    return bounds.search_tokens * need / max(1 - need, 1e-9) - DISTURBANCE_TOKENS


def widened(bounds: Bounds) -> Bounds:
    """Return bounds for a choice that cannot be corrected freely later: as much need, but less is left out."""
    return replace(bounds, left_out=bounds.left_out / 4)


def room_for_prompt(pinned: int, tools: int, need: float = 0.0) -> int:
    """Return how many tier-2 tools one prompt may bring, beside `find_tools` and the pinned ones of the catalog."""
    if tools <= LARGE_CATALOG_TOOLS:
        return max(MIN_ROOM, min(MAX_LOADED_PER_PROMPT, MAX_ADVERTISED - 1 - pinned))
    if need >= SURE_NEED:
        return MAX_LOADED_OF_LARGE
    largeness = min(1.0, (tools - LARGE_CATALOG_TOOLS) / (VERY_LARGE_CATALOG_TOOLS - LARGE_CATALOG_TOOLS))
    return round(MAX_ADVERTISED + largeness * (MAX_LOADED_OF_LARGE - MAX_ADVERTISED))


def share_of_best(best: float, terms: int, fill: float, size: float) -> float:
    """Return the share of the best tool's probability, `best`, that another one needs.

    `terms` is the number of the prompt's different terms, `fill` the share of the session's room that is used, and
    `size` the share of it that the other takes.
    """
    means_one = _along(best, *CLEARLY) * (1 - _along(terms, ONE_THING, SEVERAL_THINGS))
    takes_room = _along(fill, *FILLING) * min(1.0, size / LARGE)
    return max(SHARE_OF_BEST * fill**2, SHARE_OF_CLEAR * means_one * takes_room)


def _along(value: float, start: float, end: float) -> float:
    """Return how far a value is from the start to the end: 0 before, 1 behind."""
    return min(1.0, max(0.0, (value - start) / (end - start)))


def room_for_repeating(tools: int, need: float) -> int:
    """Return how many tools of servers that repeat what the client does itself a prompt may bring of so many tools.

    In a small catalog such a server is a good part of what the user connected, and all that it brings is little.
    """
    return tools if tools <= LARGE_CATALOG_TOOLS or need >= REPEATING_NEED else MAX_REPEATING


def amount_for_need(need: float, spread: float) -> Amount | None:
    """Return what a need so probable may bring; None where it is sure, and all that there is room for may come.

    `spread` is the entropy of the servers' shares in what is wanted.
    """
    if need >= SURE_NEED:
        return None
    odds = math.log(max(need, 1e-9) / (1 - need)) - SPREAD_WEIGHT * (spread - USUAL_SPREAD)
    (before, least), *further = AMOUNTS
    for at, amount in further:
        if odds < at:
            part = max(0.0, (odds - before) / (at - before))
            return Amount(
                least.tools + part * (amount.tools - least.tools), least.tokens + part * (amount.tokens - least.tokens)
            )
        before, least = at, amount
    return least


def session_tokens(min_reduction: float, all_loaded_tokens: int, overhead_tokens: int) -> int:
    """Return the tokens of definitions that a session may have loaded, for the reduction to hold with our overhead."""
    return max(SMALL_CATALOG_TOKENS, int((1 - min_reduction) * all_loaded_tokens) - overhead_tokens)


def is_frozen_after_first_request(model: str | None) -> bool:
    """Return whether this model's tools stay as in a session's first request (no mid-conversation tool changes)."""
    return model is not None and any(family in model.lower() for family in ("sonnet", "haiku"))
