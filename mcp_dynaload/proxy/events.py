"""A session's doings told as facts."""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mcp_dynaload.catalog.catalog import Catalog
from mcp_dynaload.catalog.cost import SEARCH_REQUEST_TOKENS
from mcp_dynaload.catalog.tool import Tool
from mcp_dynaload.proxy.decision_timing import Watch
from mcp_dynaload.selection.actions import AgentPrompted, Event, PromptSubmitted, SessionCleared
from mcp_dynaload.selection.choose import NO_EVIDENCE
from mcp_dynaload.selection.state import Decision, SessionState
from mcp_dynaload.selection.tiers import tiers_of
from mcp_dynaload.telemetry.events import (
    Fallback,
    FellBack,
    ListChanged,
    PromptServed,
    SessionClosed,
    SessionOpened,
    Who,
)

if TYPE_CHECKING:
    from mcp_dynaload.proxy.session import Session

MAX_TEXT = 2_000
"""Characters of a prompt that are kept where the person asked for that."""

PINNED = "pinned by the servers file or its server"


def who(session: "Session") -> Who:
    """Whose it is."""
    return Who(session.learning.session, session.client.user, session.learning.project)


def tell_opened(session: "Session") -> None:
    """A client has come, or is in another conversation now: what it has from the start, each with its reason."""
    facts, catalog = session.shared.facts, session.live.catalog
    facts.emit(
        SessionOpened(
            who=who(session),
            client=session.client.name,
            strategy=session.state.strategy,
            tools=len(catalog.tools),
            baseline_tokens=catalog.total_cost,
        )
    )
    listed = session.listed() if session.is_dynamic else []
    reasons = {tool.name: session.history.reason(tool.name) or PINNED for tool in listed}
    for reason in dict.fromkeys(reasons.values()):
        names = tuple(name for name, why in reasons.items() if why == reason)
        facts.emit(_list_changed(session, reason, names, listed=listed))


def tell_closed(session: "Session") -> None:
    """The client has left, or has left this conversation."""
    session.shared.facts.emit(SessionClosed(who=who(session)))


def tell_list(
    session: "Session", event: Event, decision: Decision, before: Iterable[Tool], state: SessionState
) -> None:
    """The list differs from the one `before`, when the state was `state`."""
    listed, was = session.listed(), {tool.name for tool in before}
    now = {tool.name for tool in listed}
    names = tuple(tool.name for tool in listed if tool.name not in was)
    rewrites = state.first_prompt_seen and not session.client.environment.tool_search
    prefix = session.conversation.context_tokens or _listed_tokens(session, was & session.live.catalog.costs.keys())
    session.shared.facts.emit(
        _list_changed(
            session,
            decision.reason,
            names,
            listed=listed,
            removed=tuple(sorted(was - now)),
            cost=prefix if rewrites and not isinstance(event, SessionCleared) else 0,
        )
    )


def _list_changed(
    session: "Session",
    why: str,
    added: tuple[str, ...],
    *,
    listed: list[Tool],
    removed: tuple[str, ...] = (),
    cost: int = 0,
) -> ListChanged:
    costs = session.live.catalog.costs
    return ListChanged(
        who=who(session),
        why=why,
        added=added,
        removed=removed,
        added_tokens=sum(costs[name] for name in added),
        listed=len(listed),
        listed_tokens=_listed_tokens(session, [tool.name for tool in listed]),
        cache_cost_tokens=cost,
    )


def tell_prompt(
    session: "Session", event: PromptSubmitted | AgentPrompted, decision: Decision, watch: Watch, *, is_first: bool
) -> PromptServed:
    """Tools were chosen for a prompt, and the client has had its time to read the list."""
    catalog, listed = session.live.catalog, session.listed()
    names = [tool.name for tool in listed]
    served = PromptServed(
        who=who(session),
        is_agent=isinstance(event, AgentPrompted),
        is_first=is_first,
        strategy=session.state.strategy,
        baseline_tokens=catalog.total_cost,
        native_tokens=session.live.native_tokens + sum(catalog.costs[name] + SEARCH_REQUEST_TOKENS for name in names),
        listed_tokens=_listed_tokens(session, names),
        listed=len(listed),
        added=decision.added,
        added_tokens=sum(catalog.costs[name] for name in decision.added),
        categories=_category_tokens(session, decision.added),
        tiers=_tiers(session, catalog),
        reason=decision.reason,
        confidence=max((scored.probability for scored in decision.ranked), default=0.0),
        cache_hit=watch.was_kept,
        detection_ms=1000 * watch.ranking_seconds,
        selection_ms=1000 * max(0.0, watch.choosing_seconds - watch.ranking_seconds),
        refresh_ms=1000 * watch.refresh_seconds,
        total_ms=1000 * watch.total_seconds,
        text=_kept(session, event.text),
    )
    session.shared.facts.emit(served)
    if decision.reason.startswith(NO_EVIDENCE):  # whatever it was chosen by
        tell_fallback(session, Fallback.LOW_CONFIDENCE, detail=f"{served.confidence:.2f} at {session.state.strategy}")
    return served


def _kept(session: "Session", text: str) -> str | None:
    is_detailed = session.shared.settings.detailed_logging_enabled
    return session.shared.masker.text(text)[:MAX_TEXT] if is_detailed else None


def tell_fallback(session: "Session", step: Fallback, *, upstream: str = "", tool: str = "", detail: str = "") -> None:
    """The usual way was not open."""
    fact = FellBack(who=who(session), step=step, upstream=upstream, tool=tool[:MAX_TEXT], detail=detail)
    session.shared.facts.emit(fact)


def _listed_tokens(session: "Session", names: Iterable[str]) -> int:
    return session.live.overhead_tokens + sum(session.live.catalog.costs[name] for name in names)


def _category_tokens(session: "Session", names: Iterable[str]) -> dict[str, int]:
    tokens: Counter[str] = Counter()
    wanted, costs = frozenset(names), session.live.catalog.costs
    if wanted:
        for category, tools in session.live.categories().items():
            if found := wanted.intersection(tools):
                tokens[category] = sum(costs[name] for name in found)
    return dict(tokens)


def _tiers(session: "Session", catalog: Catalog) -> str:
    tiers = tiers_of(session.state, catalog, session.learning.core(catalog))
    return "+".join(name for name, names in (("core", tiers.core), ("task", tiers.task)) if names) or "none"
