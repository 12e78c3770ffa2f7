"""The user's lines beside a prompt: definitions held back, tools that are dangerous together, and what was loaded."""

from mcp_dynaload.proxy.held_definitions import news_of
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.toxic_flow import flow_line, flow_with, held_line
from mcp_dynaload.selection.flows import Flow, flow_of
from mcp_dynaload.selection.state import Decision
from mcp_dynaload.telemetry.events import FlowNoticed

MAX_FLAGGED = 3
"""Lines about scanned calls beside one prompt."""


async def notice(session: Session, decision: Decision) -> str:
    """Return what the user is told beside a prompt: each thing once, and its loaded tools if that is wanted."""
    held = news_of(session.live.listings.quarantine.held, session.told_held)
    is_wanted = decision.added and session.settings.notify
    loaded = f"dynaload: loaded {', '.join(decision.added)}" if is_wanted else ""
    parts = (held, await _flow_notice(session), *_flagged(session), loaded)
    return "\n".join(part for part in parts if part)


def flow_in_session(session: Session) -> Flow:
    """Return what the session's tools can do together; with a user who wants to hear nothing of it, nothing."""
    return flow_of(session.loaded() if session.settings.toxic_flow != "off" else ())


def _flagged(session: Session) -> list[str]:
    """Return what was found in calls since the last prompt, each thing once."""
    lines = [*session.flagged]
    session.flagged.clear()
    more = f"dynaload: and {len(lines) - MAX_FLAGGED} more; `mcp-dynaload audit` has them all."
    return [*lines[:MAX_FLAGGED], *([more] if len(lines) > MAX_FLAGGED else [])]


async def _flow_notice(session: Session) -> str:
    """Return what is new of tools that are dangerous together, or would be with those held back, and journal it."""
    server, catalog, flow = session.registration.server, session.catalog, flow_in_session(session)
    lines: list[str] = []
    if new := session.flows.news_of_held(session.state.held):
        possible = flow_with(session.loaded(), catalog.known(session.state.held))
        lines.append(held_line(new, possible, server))
        session.emit(FlowNoticed(detail=possible.in_words(), held=tuple(sorted(new))))
    if await session.flows.news(flow, session.shared.memory, session.learning.project):
        lines.append(flow_line(flow, server))
        session.emit(FlowNoticed(detail=flow.in_words()))
    return "\n".join(lines)
