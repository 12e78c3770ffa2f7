"""The one way in which a session's loaded tools change: `step` from state and action to state and decision."""

from dataclasses import replace

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
from mcp_dynaload.selection.asked import on_agent, on_prompt
from mcp_dynaload.selection.loading import load, load_ordered, load_unasked
from mcp_dynaload.selection.policy import MAX_FOLLOWERS
from mcp_dynaload.selection.state import Context, Decision, SessionState, advertised, is_frozen
from mcp_dynaload.selection.task import on_task


def step(state: SessionState, action: Action, context: Context) -> tuple[SessionState, Decision]:
    """Return the state after `action`, and the decision."""
    match action:
        case SessionStarted(core):
            return load_unasked(state, core, context, reason="usual in this project")
        case PromptSubmitted():
            return on_prompt(state, action, context)
        case AgentPrompted(text):
            return on_agent(state, text, context)
        case ToolsFound(names):
            return load(state, names, context, reason="found by a search")
        case ToolUsed(name):
            return load(state, (name,), context, reason="called")
        case StepTaken(names, why):
            return _on_step(state, names, context, why)
        case TurnEnded(followers):
            return _on_turn_end(state, followers, context)
        case SessionCleared(core):
            begun = replace(state, memory=(), first_prompt_seen=False, settled=None)
            cleared = replace(begun, loaded=frozenset(), held=frozenset(), is_flow_allowed=False)
            after, decision = load_unasked(cleared, core, context, reason="session cleared")
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
            return on_task(state, action, context)
        case ToolsOrdered(names, why):
            return load_ordered(state, names, context, reason=why)
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
            return load_ordered(allowed, sorted(state.held), context, reason="allowed by you")
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


def _on_turn_end(state: SessionState, followers: tuple[str, ...], context: Context) -> tuple[SessionState, Decision]:
    if not context.tool_search or is_frozen(state, context):
        return state, Decision(reason="loading ahead would cost more than it saves")
    return load_unasked(state, followers, context, reason="usually comes next", limit=MAX_FOLLOWERS)


def _on_step(state: SessionState, names: tuple[str, ...], context: Context, why: str) -> tuple[SessionState, Decision]:
    """Load what nobody asked for only where it is harmless, and where the model's next request can have it."""
    if not context.tool_search or is_frozen(state, context):
        return state, Decision(reason="loading between steps would cost more than it saves")
    after, decision = load_unasked(state, names, context, reason=why)
    barred, listed = state.unloaded, frozenset(advertised(after, context.catalog))
    here = [name for name in names if name in listed and name not in barred]
    return after, replace(
        decision, needed=tuple(name for name in here if not context.catalog.tool(name).is_destructive)
    )
