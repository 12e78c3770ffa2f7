"""A prompt served: tools chosen, the list changed, the client waited for, and all of it told."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from mcp_dynaload.catalog.cost import SEARCH_REQUEST_TOKENS
from mcp_dynaload.proxy.decision_timing import DecisionTiming
from mcp_dynaload.proxy.events import MAX_TEXT
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.selection.actions import AgentPrompted, PromptSubmitted
from mcp_dynaload.selection.choose import NO_EVIDENCE
from mcp_dynaload.selection.state import Decision
from mcp_dynaload.selection.tiers import tiers_of
from mcp_dynaload.telemetry.events import Fallback, FellBack, PromptServed


@dataclass(frozen=True, slots=True)
class Served:
    """The tools and texts that a prompt got."""

    decision: Decision
    event: PromptServed
    """The same in numbers, as it was told."""


async def serve_prompt(session: Session, action: PromptSubmitted | AgentPrompted, *, is_first: bool = False) -> Served:
    """Choose tools for a prompt; when this returns the client has read the list, or has had its time."""
    watch, started = DecisionTiming(), time.perf_counter()
    decision = await session.decide(action, watch)
    decided = time.perf_counter()
    await session.list_refresh.hold()
    watch.refresh_seconds = time.perf_counter() - decided
    watch.total_seconds = time.perf_counter() - started
    served = _in_numbers(session, action, decision, watch, is_first=is_first)
    session.emit(served)
    if decision.reason.startswith(NO_EVIDENCE):  # whatever it was chosen by
        detail = f"{served.confidence:.2f} at {session.state.strategy}"
        session.emit(FellBack(step=Fallback.LOW_CONFIDENCE, detail=detail))
    return Served(decision, served)


def _in_numbers(
    session: Session,
    action: PromptSubmitted | AgentPrompted,
    decision: Decision,
    watch: DecisionTiming,
    *,
    is_first: bool,
) -> PromptServed:
    live, costs = session.live, session.costs
    names = [tool.name for tool in session.listed()]
    return PromptServed(
        is_agent=isinstance(action, AgentPrompted),
        is_first=is_first,
        strategy=session.state.strategy,
        baseline_tokens=live.catalog.total_cost,
        native_tokens=live.native_tokens + costs.of(names) + SEARCH_REQUEST_TOKENS * len(names),
        listed_tokens=costs.listed(names),
        listed=len(names),
        added=decision.added,
        added_tokens=costs.of(decision.added),
        categories=_category_tokens(live.categories() if decision.added else {}, decision.added, live.catalog.costs),
        tiers=_tiers(session),
        reason=decision.reason,
        confidence=max((scored.probability for scored in decision.ranked), default=0.0),
        cache_hit=watch.was_kept,
        detection_ms=1000 * watch.ranking_seconds,
        selection_ms=1000 * max(0.0, watch.choosing_seconds - watch.ranking_seconds),
        refresh_ms=1000 * watch.refresh_seconds,
        total_ms=1000 * watch.total_seconds,
        text=_kept(session, action.text),
    )


def _kept(session: Session, text: str) -> str | None:
    is_detailed = session.settings.detailed_logging_enabled
    return session.masker.text(text)[:MAX_TEXT] if is_detailed else None


def _category_tokens(
    categories: Mapping[str, Sequence[str]], names: Collection[str], costs: Mapping[str, int]
) -> dict[str, int]:
    found = {category: set(names).intersection(tools) for category, tools in categories.items()}
    return {category: sum(costs[name] for name in some) for category, some in found.items() if some}


def _tiers(session: Session) -> str:
    catalog = session.catalog
    tiers = tiers_of(session.state, catalog, session.learning.core(catalog))
    return "+".join(name for name, names in (("core", tiers.core), ("task", tiers.task)) if names) or "none"
