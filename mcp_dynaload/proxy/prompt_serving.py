"""A prompt served: tools chosen, the list changed, the client waited for, and all of it told."""

import time
from dataclasses import dataclass

from mcp_dynaload.proxy.decision_timing import Watch
from mcp_dynaload.proxy.events import tell_prompt
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.selection.actions import AgentPrompted, PromptSubmitted
from mcp_dynaload.selection.state import Decision
from mcp_dynaload.telemetry.events import PromptServed


@dataclass(frozen=True, slots=True)
class Served:
    """What a prompt got."""

    decision: Decision
    fact: PromptServed
    """The same in numbers, as it was told."""


async def serve_prompt(session: Session, event: PromptSubmitted | AgentPrompted, *, is_first: bool = False) -> Served:
    """Choose tools for a prompt; when this returns the client has read the list, or has had its time."""
    watch, started = Watch(), time.perf_counter()
    decision = await session.decide(event, watch)
    decided = time.perf_counter()
    await session.reread.hold()
    watch.refresh_seconds = time.perf_counter() - decided
    watch.total_seconds = time.perf_counter() - started
    return Served(decision, tell_prompt(session, event, decision, watch, is_first=is_first))
