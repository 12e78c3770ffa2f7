"""The one way in which a session's loaded tools change: `step` from state and action to state and decision."""

from dataclasses import replace

from mcp_dynaload.selection.actions import (
    Action,
    AgentPrompted,
    CatalogChanged,
    ChoicesResumed,
    PinsRead,
    PromptSubmitted,
    SessionCleared,
    SessionResumed,
    SessionStarted,
    StepTaken,
    ToolsFound,
    ToolUsed,
    TurnEnded,
)
from mcp_dynaload.selection.asked import on_agent, on_prompt
from mcp_dynaload.selection.loading import load, load_unasked
from mcp_dynaload.selection.orders import listed_since, on_order
from mcp_dynaload.selection.policy import MAX_FOLLOWERS
from mcp_dynaload.selection.state import Context, Decision, SessionState, is_frozen, keeping, listed_names


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
            cleared = replace(begun, loaded=frozenset(), kept=frozenset(), held=frozenset(), is_flow_allowed=False)
            after, decision = load_unasked(cleared, core, context, reason="session cleared")
            return after, replace(decision, changed=bool(state.kept) or after.loaded != state.loaded)
        case SessionResumed(names, still_listed):
            loaded = replace(state, loaded=state.loaded | frozenset(names), first_prompt_seen=True)
            resumed = keeping(loaded, still_listed)
            is_other = (resumed.loaded, resumed.kept) != (state.loaded, state.kept)
            return resumed, Decision(reason="session resumed", changed=is_other)
        case ChoicesResumed(strategy, unloaded, is_flow_allowed):
            barred = frozenset(unloaded)
            other = replace(state, memory=(), settled=None)  # what was said before was said in another conversation
            chosen = replace(other, strategy=strategy, unloaded=barred, is_flow_allowed=is_flow_allowed)
            return chosen, Decision(reason="session resumed")
        case PinsRead(names):
            wanted = frozenset(names) - state.unpinned
            pinned = replace(state, pinned=state.pinned | wanted, held=state.held - (wanted - state.unloaded))
            return pinned, listed_since(state, pinned, context, "pinned by you")
        case CatalogChanged(kept):
            return keeping(state, kept), Decision(reason="catalog changed", changed=True)
        case _:
            return on_order(state, action, context)


def _on_turn_end(state: SessionState, followers: tuple[str, ...], context: Context) -> tuple[SessionState, Decision]:
    if not context.tool_search or is_frozen(state, context):
        return state, Decision(reason="loading ahead would cost more than it saves")
    return load_unasked(state, followers, context, reason="usually comes next", limit=MAX_FOLLOWERS)


def _on_step(state: SessionState, names: tuple[str, ...], context: Context, why: str) -> tuple[SessionState, Decision]:
    """Load what nobody asked for only where it is harmless, and where the model's next request can have it."""
    if not context.tool_search or is_frozen(state, context):
        return state, Decision(reason="loading between steps would cost more than it saves")
    after, decision = load_unasked(state, names, context, reason=why)
    barred, listed = state.unloaded, listed_names(after, context.catalog)
    here = [name for name in names if name in listed and name not in barred]
    return after, replace(
        decision, needed=tuple(name for name in here if not context.catalog.tool(name).is_destructive)
    )
