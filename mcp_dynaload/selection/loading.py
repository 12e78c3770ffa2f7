"""Which of some tools a session loads: those it has not yet, may have, and still has tokens for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from mcp_dynaload.ranking.ranker import Scored
from mcp_dynaload.selection.choice import Choice
from mcp_dynaload.selection.flows import completing
from mcp_dynaload.selection.policy import (
    BOUNDS,
    SCARCITY,
    room_for_prompt,
    session_tokens,
    share_of_best,
    within_tokens,
)
from mcp_dynaload.selection.state import Context, Decision, SessionState, advertised, is_pinned, listed_names


@dataclass(frozen=True, slots=True)
class SessionRoom:
    """The tokens of definitions that a session may have loaded."""

    used: int
    """Those of the listed ones."""

    left: int
    """As many more does the strategy allow."""


def load(
    state: SessionState, names: Iterable[str], context: Context, ranked: tuple[Scored, ...] = (), *, reason: str
) -> tuple[SessionState, Decision]:
    """Load tools that the user has not ordered; what needs the user's word for being there with the others waits."""
    wanted = tuple(names)
    state = _choosing(state, wanted)
    new = _new(state, wanted, context)
    held = held_back(state, new, context)
    added = tuple(name for name in new if name not in held)
    after = replace(state, loaded=state.loaded | frozenset(added), held=state.held | frozenset(held))
    return after, Decision(added=added, held=held, ranked=ranked, reason=reason, changed=bool(added))


def load_choice(state: SessionState, choice: Choice, context: Context) -> tuple[SessionState, Decision]:
    """Load what a prompt needs, as far as it is worth the room that the session has left."""
    costs, listed = context.catalog.costs, listed_names(state, context.catalog)
    room = _room(state, listed, context)
    worth = worth_their_room(choice, costs, room.used, room.left, BOUNDS[state.strategy].search_tokens)
    names = within_tokens(_new(state, worth, context), costs, room.left)
    if not state.first_prompt_seen:  # with a core that most prompts leave unused the first list must stay short
        names = names[: room_for_prompt(len(listed), len(context.catalog.tools), choice.need)]
    chosen = _choosing(state, choice.names)
    after, decision = load(chosen, names, context, choice.ranked, reason=choice.reason)
    there = listed.union(decision.added)
    return after, replace(decision, needed=tuple(name for name in choice.names if name in there))


def load_unasked(
    state: SessionState, names: Iterable[str], context: Context, *, reason: str, limit: int | None = None
) -> tuple[SessionState, Decision]:
    """Load the first of what nobody asked for, where it is harmless and there are tokens for it."""
    new = _new(state, names, context)
    harmless = [name for name in new if not context.catalog.tool(name).is_destructive]
    return load(state, affordable(state, harmless[:limit], context), context, reason=reason)


def load_ordered(
    state: SessionState, names: Iterable[str], context: Context, ranked: tuple[Scored, ...] = (), *, reason: str
) -> tuple[SessionState, Decision]:
    """Have all of `names` that may be loaded listed and callable, unloaded before or not."""
    wanted = [name for name in dict.fromkeys(names) if context.catalog.get(name)]
    asked = _choosing(replace(state, unloaded=state.unloaded.difference(wanted)), wanted)
    after = replace(asked, loaded=asked.loaded.union(_new(asked, wanted, context)), held=asked.held.difference(wanted))
    new = frozenset(advertised(after, context.catalog)).difference(advertised(state, context.catalog))
    added = tuple(name for name in wanted if name in new)
    return after, Decision(added=added, ranked=ranked, reason=reason, changed=bool(added))


def affordable(state: SessionState, names: Iterable[str], context: Context) -> tuple[str, ...]:
    """Return those of `names` not listed yet for which the session still has tokens."""
    room = _room(state, listed_names(state, context.catalog), context)
    return within_tokens(_new(state, names, context), context.catalog.costs, room.left)


def held_back(state: SessionState, names: Iterable[str], context: Context) -> tuple[str, ...]:
    """Return those of `names` with which the session could do all that is dangerous together."""
    if not context.asks_for_flows or state.is_flow_allowed:
        return ()
    there = [name for name in advertised(state, context.catalog) if name not in state.unloaded]
    found = completing(context.catalog.known(there), context.catalog.known(names))
    return tuple(tool.name for tool in found)


def worth_their_room(
    choice: Choice, costs: Mapping[str, int], used: int, left: int, search_tokens: float
) -> tuple[str, ...]:
    """Return the chosen names that are worth their room: the less is left, the surer a tool must be.

    `used` and `left` are tokens of definitions that the session may have loaded. A tool is worth its room when the
    search that it probably saves costs no less than its own tokens at the price `SCARCITY * used / left`, which is 0 at
    the start, and when it is not far behind the best one, the less so the fuller the session is, and where a prompt
    clearly means one thing: a long session of many subjects still has room for each subject's likeliest tools. The best
    one of a prompt is worth whatever room is left.
    """
    probabilities = {judged.scored.name: judged.scored.probability for judged in choice.judged}
    best = max((probabilities[name] for name in choice.names), default=0.0)
    whole = max(1, used + left)

    def is_worth_it(name: str) -> bool:
        probability = probabilities[name]
        pays = costs[name] * SCARCITY * used <= probability * search_tokens * left
        return pays and probability >= best * share_of_best(best, choice.terms, used / whole, costs[name] / whole)

    return tuple(
        name for place, name in enumerate(choice.names) if (not place and costs[name] <= left) or is_worth_it(name)
    )


def _choosing(state: SessionState, names: Iterable[str]) -> SessionState:
    """Return the state in which those of `names` that stay listed though nobody had chosen them are chosen."""
    chosen = state.kept.intersection(names)
    return replace(state, loaded=state.loaded | chosen, kept=state.kept - chosen)


def _new(state: SessionState, names: Iterable[str], context: Context) -> tuple[str, ...]:
    """Return those of `names` that exist, may be loaded and are not listed yet."""
    there_or_barred = state.loaded | state.kept | state.unloaded
    found = ((name, context.catalog.get(name)) for name in dict.fromkeys(names))
    return tuple(name for name, tool in found if tool and not is_pinned(state, tool) and name not in there_or_barred)


def _room(state: SessionState, listed: frozenset[str], context: Context) -> SessionRoom:
    catalog = context.catalog
    used = sum(catalog.costs[name] for name in listed)
    allowed = session_tokens(BOUNDS[state.strategy].min_reduction, catalog.total_cost, context.overhead_tokens)
    return SessionRoom(used, max(0, allowed - used))
