"""The one way in which a session's loaded tools change: `step` from state and action to state and decision."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.ranking.query import clean, clean_text, parse_query
from mcp_dynaload.ranking.ranker import Ranker, Scored
from mcp_dynaload.selection.actions import (
    Action,
    AgentPrompted,
    CatalogChanged,
    FlowAllowed,
    Order,
    ProfileChosen,
    PromptSubmitted,
    SessionCleared,
    SessionReset,
    SessionResumed,
    SessionStarted,
    StepTaken,
    StrategyChosen,
    TaskNamed,
    ToolsFound,
    ToolsOrdered,
    ToolsPinned,
    ToolsUnloaded,
    ToolsUnpinned,
    ToolUsed,
    TurnEnded,
)
from mcp_dynaload.selection.choose import Choice, Verdict, choose, tool_of, within_tokens, worth_their_room
from mcp_dynaload.selection.flows import completing
from mcp_dynaload.selection.nearest import FITTING, NearestTools, serving
from mcp_dynaload.selection.policy import (
    BOUNDS,
    COSTLY_GROWTH_PROBABILITY,
    MAX_FOLLOWERS,
    MAX_MEMORY,
    Bounds,
    Strategy,
    is_frozen_after_first_request,
    room_for_prompt,
    session_tokens,
    widened,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """The state of one session that selection remembers."""

    strategy: Strategy
    loaded: frozenset[str] = frozenset()
    """Advertised names of the learned core and tier 2: only grows until the session is cleared."""

    pinned: frozenset[str] = frozenset()
    """The tools that the user pinned, beside those that the configuration pins."""

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
    listed = state.loaded | ((state.pinned | catalog.pinned) - state.unloaded)
    return tuple(sorted(name for name in listed if catalog.get(name) is not None))


def is_pinned(state: SessionState, tool: Tool) -> bool:
    """Return whether the tool is listed from the start, by the configuration or the user."""
    return (tool.pinned or tool.name in state.pinned) and tool.name not in state.unloaded


def find(state: SessionState, context: Context, words: str, limit: int) -> tuple[Scored, ...]:
    """Rank the tools for the words of a search, however weak the evidence; without those that the user unloaded."""
    barred = state.unloaded
    ranked = context.ranker.rank(parse_query(words), limit + len(barred))
    return tuple(scored for scored in ranked if scored.name not in barred)[:limit]


def step(state: SessionState, action: Action, context: Context) -> tuple[SessionState, Decision]:
    """Return the state after `action`, and the decision."""
    match action:
        case SessionStarted(core):
            return _with_core(state, core, context, reason="usual in this project")
        case PromptSubmitted():
            return _on_prompt(state, action, context)
        case AgentPrompted(text):
            return _on_choice(state, _choice(state, clean_text(text), context), context)
        case ToolsFound(names):
            return _loading(state, names, context, reason="found by a search")
        case ToolUsed(name):
            return _loading(state, (name,), context, reason="called")
        case StepTaken(names, why):
            return _on_step(state, names, context, why)
        case TurnEnded(followers):
            return _on_turn_end(state, followers, context)
        case SessionCleared(core):
            begun = replace(state, memory=(), first_prompt_seen=False, settled=None)
            cleared = replace(begun, loaded=frozenset(), held=frozenset(), is_flow_allowed=False)
            after, decision = _with_core(cleared, core, context, reason="session cleared")
            return after, replace(decision, changed=after.loaded != state.loaded)
        case SessionResumed(names, unloaded):
            loaded = state.loaded | frozenset(names)
            resumed = replace(state, loaded=loaded, unloaded=frozenset(unloaded), first_prompt_seen=True)
            return resumed, Decision(reason="session resumed", changed=resumed.loaded != state.loaded)
        case CatalogChanged():
            return state, Decision(reason="catalog changed", changed=True)
        case _:
            after, decision = _on_order(state, action, context)
            return after, replace(decision, allowed=tuple(sorted(state.unloaded - after.unloaded)))


def _on_order(state: SessionState, action: Order, context: Context) -> tuple[SessionState, Decision]:
    """Carry out the user's order, whatever the ranking says."""
    match action:
        case TaskNamed():
            return _on_task(state, action, context)
        case ToolsOrdered(names, why):
            return _ordered(state, names, context, reason=why)
        case ToolsUnloaded(names):
            listed = frozenset(names).intersection(advertised(state, context.catalog))
            after = replace(state, loaded=state.loaded | listed, unloaded=state.unloaded | frozenset(names))
            return after, Decision(reason="unloaded by you")
        case ToolsPinned(names):
            wanted = frozenset(names)
            kept = {"unloaded": state.unloaded - wanted, "held": state.held - wanted}
            after = replace(state, pinned=state.pinned | wanted, **kept)
            return after, _difference(state, after, context, "pinned by you")
        case ToolsUnpinned(names):
            listed = frozenset(names).intersection(advertised(state, context.catalog))
            after = replace(state, pinned=state.pinned - frozenset(names), loaded=state.loaded | listed)
            return after, _difference(state, after, context, "unpinned by you")
        case FlowAllowed():
            allowed = replace(state, held=frozenset(), is_flow_allowed=True)
            return _ordered(allowed, sorted(state.held), context, reason="allowed by you")
        case StrategyChosen(strategy):
            return replace(state, strategy=strategy), Decision(reason=f"strategy {strategy}")
        case ProfileChosen(listed):
            after = replace(state, loaded=state.loaded | frozenset(listed))
            added = tuple(name for name in advertised(after, context.catalog) if name not in listed)
            return after, Decision(added=added, reason="profile chosen by you", changed=True)
        case SessionReset(strategy):
            after = replace(state, strategy=strategy, unloaded=frozenset(), settled=None)
            return after, _difference(state, after, context, "reset by you")


def _difference(before: SessionState, after: SessionState, context: Context, reason: str) -> Decision:
    was = frozenset(advertised(before, context.catalog))
    added = tuple(name for name in advertised(after, context.catalog) if name not in was)
    return Decision(added=added, reason=reason, changed=bool(added))


def _ordered(
    state: SessionState, names: Iterable[str], context: Context, ranked: tuple[Scored, ...] = (), reason: str = ""
) -> tuple[SessionState, Decision]:
    """Return the state in which all of `names` that may be loaded are listed and callable, unloaded before or not."""
    wanted = [name for name in dict.fromkeys(names) if context.catalog.get(name)]
    asked = replace(state, unloaded=state.unloaded.difference(wanted))
    after = replace(asked, loaded=asked.loaded.union(_new(asked, wanted, context)), held=asked.held.difference(wanted))
    new = frozenset(advertised(after, context.catalog)).difference(advertised(state, context.catalog))
    added = tuple(name for name in wanted if name in new)
    return after, Decision(added=added, ranked=ranked, reason=reason, changed=bool(added))


def _on_prompt(state: SessionState, action: PromptSubmitted, context: Context) -> tuple[SessionState, Decision]:
    state = replace(state, model=action.model or state.model)
    text = clean(action.text)
    if not text:
        return state, Decision(reason="no content of its own")
    question = (text, state.strategy, context.catalog.version)
    if question == state.settled:
        return state, Decision(reason="same prompt again")
    after, decision = _on_choice(state, _choice(state, text, context, action), context)
    memory = (text, *_earlier(state, text))
    return replace(after, memory=memory, first_prompt_seen=True, settled=question), decision


def _on_choice(state: SessionState, choice: Choice, context: Context) -> tuple[SessionState, Decision]:
    used, left = _session_room(state, context)
    worth = worth_their_room(choice, context.catalog.costs, used, left, BOUNDS[state.strategy].search_tokens)
    affordable = _affordable(state, worth, context)
    if not state.first_prompt_seen:  # with a core that most prompts leave unused the first list must stay short
        listed_before = len(advertised(state, context.catalog))
        affordable = affordable[: room_for_prompt(listed_before, len(context.catalog.tools), choice.need)]
    after, decision = _loading(state, affordable, context, choice.ranked, choice.reason)
    listed = frozenset(advertised(after, context.catalog))
    return after, replace(decision, needed=tuple(name for name in choice.names if name in listed))


def _on_task(state: SessionState, action: TaskNamed, context: Context) -> tuple[SessionState, Decision]:
    """Take a task for which some tool is needed; no request has been made with the tools yet."""
    text = clean_text(action.text)
    if not text:
        return state, Decision(reason="no content of its own")
    bounds = replace(BOUNDS[Strategy.CONSERVATIVE if action.is_wide else state.strategy], search_tokens=math.inf)
    bounds = widened(bounds) if action.is_wide else bounds
    choice = choose(parse_query(text), context.catalog, context.ranker, bounds)
    served = (
        NearestTools(choice.names, FITTING) if action.is_wide else serving(text, choice, is_worded=action.is_worded)
    )
    meant = [*served.names, *_meant_pinned(choice, bounds)]
    asked = replace(state, unloaded=state.unloaded.difference(meant))
    listed = state.unloaded.intersection(meant).intersection(advertised(asked, context.catalog))
    paid = _affordable(asked, meant, context)
    held = _held(asked, paid, context)
    given = [name for name in paid if name not in held]
    after, decision = _ordered(state, (*given, *sorted(listed)), context, choice.ranked, served.reason)
    after = replace(after, memory=(text, *_earlier(state, text)), held=after.held.union(held))
    return after, replace(decision, held=held)


def _meant_pinned(choice: Choice, bounds: Bounds) -> list[str]:
    """Return the tools pinned by the configuration for which the task speaks: they are no part of a choice."""
    return [
        one.scored.name
        for one in choice.judged
        if one.verdict is Verdict.PINNED and one.scored.probability >= bounds.least
    ]


def _on_turn_end(state: SessionState, followers: tuple[str, ...], context: Context) -> tuple[SessionState, Decision]:
    if not context.tool_search or _is_frozen(state, context):
        return state, Decision(reason="loading ahead would cost more than it saves")
    safe = _harmless(state, followers, context)[:MAX_FOLLOWERS]
    return _loading(state, _affordable(state, safe, context), context, reason="usually comes next")


def _on_step(state: SessionState, names: tuple[str, ...], context: Context, why: str) -> tuple[SessionState, Decision]:
    """Load what nobody asked for only where it is harmless, and where the model's next request can have it."""
    if not context.tool_search or _is_frozen(state, context):
        return state, Decision(reason="loading between steps would cost more than it saves")
    safe = _harmless(state, names, context)
    after, decision = _loading(state, _affordable(state, safe, context), context, reason=why)
    barred, listed = state.unloaded, frozenset(advertised(after, context.catalog))
    here = [name for name in names if name in listed and name not in barred]
    return after, replace(
        decision, needed=tuple(name for name in here if not tool_of(context.catalog, name).is_destructive)
    )


def _with_core(
    state: SessionState, core: tuple[str, ...], context: Context, reason: str
) -> tuple[SessionState, Decision]:
    return _loading(state, _affordable(state, _harmless(state, core, context), context), context, reason=reason)


def _harmless(state: SessionState, names: Iterable[str], context: Context) -> tuple[str, ...]:
    """Return those not listed yet that may be loaded though nobody asked for them."""
    new = _new(state, names, context)
    return tuple(name for name in new if not tool_of(context.catalog, name).is_destructive)


def _choice(state: SessionState, text: str, context: Context, prompt: PromptSubmitted | None = None) -> Choice:
    """Choose what `text` needs; with `prompt` it is the user's own and follows on those before."""
    return choose(
        parse_query(text, _earlier(state, text) if prompt else ()),
        context.catalog,
        context.ranker,
        _bounds(state, context),
        withheld=state.unloaded,
        plan_mode=prompt is not None and prompt.plan_mode,
    )


def _bounds(state: SessionState, context: Context) -> Bounds:
    bounds = BOUNDS[state.strategy]
    if state.first_prompt_seen and not context.tool_search:
        return widened(replace(bounds, least=COSTLY_GROWTH_PROBABILITY))
    is_last_chance = not context.tool_search or _is_frozen(state, context)
    return widened(bounds) if is_last_chance and not state.first_prompt_seen else bounds


def _is_frozen(state: SessionState, context: Context) -> bool:
    return is_frozen_after_first_request(state.model) and not context.is_selected


def _loading(
    state: SessionState, names: Iterable[str], context: Context, ranked: tuple[Scored, ...] = (), reason: str = ""
) -> tuple[SessionState, Decision]:
    """Load tools that the user has not ordered; what needs the user's word for being there with the others waits."""
    new = _new(state, names, context)
    held = _held(state, new, context)
    added = tuple(name for name in new if name not in held)
    after = replace(state, loaded=state.loaded | frozenset(added), held=state.held | frozenset(held))
    return after, Decision(added=added, held=held, ranked=ranked, reason=reason, changed=bool(added))


def _held(state: SessionState, names: Iterable[str], context: Context) -> tuple[str, ...]:
    """Return those of `names` with which the session could do all that is dangerous together."""
    if not context.asks_for_flows or state.is_flow_allowed:
        return ()
    there = [name for name in advertised(state, context.catalog) if name not in state.unloaded]
    found = completing(context.catalog.known(there), context.catalog.known(names))
    return tuple(tool.name for tool in found)


def _new(state: SessionState, names: Iterable[str], context: Context) -> tuple[str, ...]:
    """Return those of `names` that exist, may be loaded and are not listed yet."""
    barred = state.unloaded
    found = ((name, context.catalog.get(name)) for name in dict.fromkeys(names))
    return tuple(
        name
        for name, tool in found
        if tool and not is_pinned(state, tool) and name not in state.loaded and name not in barred
    )


def _affordable(state: SessionState, names: Iterable[str], context: Context) -> tuple[str, ...]:
    """Return those of `names` not listed yet for which the session still has tokens."""
    _, left = _session_room(state, context)
    return within_tokens(_new(state, names, context), context.catalog.costs, left)


def _session_room(state: SessionState, context: Context) -> tuple[int, int]:
    """Return the tokens of definitions that are listed, and how many more the strategy allows the session."""
    catalog = context.catalog
    listed = sum(catalog.costs[name] for name in advertised(state, catalog))
    allowed = session_tokens(BOUNDS[state.strategy].min_reduction, catalog.total_cost, context.overhead_tokens)
    return listed, max(0, allowed - listed)


def _earlier(state: SessionState, text: str) -> tuple[str, ...]:
    return tuple(prompt for prompt in state.memory if prompt != text)[: MAX_MEMORY - 1]
