"""The steps for the user's orders, which are carried out whatever the ranking says."""

from dataclasses import replace

from mcp_dynaload.selection.actions import (
    FlowAllowed,
    Order,
    ProfileChosen,
    SessionReset,
    StrategyChosen,
    TaskNamed,
    ToolsOrdered,
    ToolsPinned,
    ToolsUnloaded,
    ToolsUnpinned,
)
from mcp_dynaload.selection.loading import load_ordered
from mcp_dynaload.selection.state import Context, Decision, SessionState, advertised, keeping, still_listed
from mcp_dynaload.selection.task import on_task


def on_order(state: SessionState, action: Order, context: Context) -> tuple[SessionState, Decision]:
    """Carry out an order; the decision tells what may be called again by it, too."""
    after, decision = _carried_out(state, action, context)
    return after, replace(decision, allowed=tuple(sorted(state.unloaded - after.unloaded)))


def _carried_out(state: SessionState, action: Order, context: Context) -> tuple[SessionState, Decision]:
    match action:
        case TaskNamed():
            return on_task(state, action, context)
        case ToolsOrdered(names, why):
            return load_ordered(state, names, context, reason=why)
        case ToolsUnloaded(names):
            unwanted = frozenset(names)
            after = replace(still_listed(state, unwanted, context.catalog), unloaded=state.unloaded | unwanted)
            return replace(after, held=state.held - unwanted), Decision(reason="unloaded by you")
        case ToolsPinned(names):
            wanted = frozenset(names)
            kept = {"unloaded": state.unloaded - wanted, "held": state.held - wanted}
            after = replace(state, pinned=state.pinned | wanted, unpinned=state.unpinned - wanted, **kept)
            return after, listed_since(state, after, context, "pinned by you")
        case ToolsUnpinned(names):
            taken_back = frozenset(names)
            left = still_listed(state, taken_back, context.catalog)
            after = replace(left, pinned=state.pinned - taken_back, unpinned=state.unpinned | taken_back)
            return after, listed_since(state, after, context, "unpinned by you")
        case FlowAllowed():
            allowed = replace(state, held=frozenset(), is_flow_allowed=True)
            return load_ordered(allowed, sorted(state.held), context, reason="allowed by you")
        case StrategyChosen(strategy):
            return replace(state, strategy=strategy), Decision(reason=f"strategy {strategy}")
        case ProfileChosen(listed):
            after = keeping(state, listed)
            added = tuple(name for name in advertised(after, context.catalog) if name not in listed)
            return after, Decision(added=added, reason="profile chosen by you", changed=True)
        case SessionReset(strategy):
            after = replace(state, strategy=strategy, unloaded=frozenset(), settled=None)
            return after, listed_since(state, after, context, "reset by you")


def listed_since(before: SessionState, after: SessionState, context: Context, reason: str) -> Decision:
    """Return the decision by which a state comes after another one."""
    was = frozenset(advertised(before, context.catalog))
    added = tuple(name for name in advertised(after, context.catalog) if name not in was)
    return Decision(added=added, reason=reason, changed=bool(added))
