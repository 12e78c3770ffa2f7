"""Between the steps of a turn: what the model misses, or usually calls next, is loaded for its next request."""

import json
from typing import Any

import anyio.to_thread
import structlog

from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.proxy.caller import Caller
from mcp_dynaload.proxy.hook_fields import HookFields
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.selection.actions import StepTaken
from mcp_dynaload.selection.lacks import ModelStep
from mcp_dynaload.selection.missed import Missed, missed_tools

USUALLY_NEXT = "usually comes next"

MAX_CALLS = 20
"""Calls of one step that are looked at."""

MAX_TEXT = 4_000
"""Characters of an answer or a command that are looked at."""

log = structlog.get_logger()


def read_step(calls: str, text: str, request: str) -> ModelStep:
    """Return what the mod tells of a step: its text, and `[[tool, what it was given], …]`."""
    try:
        told: Any = json.loads(calls) if calls else []
        pairs = [(str(name), str(given)[:MAX_TEXT]) for name, given in told[:MAX_CALLS]]
    except (ValueError, TypeError) as error:
        log.warning("step_unreadable", error=str(error))
        pairs = []
    return ModelStep(tuple(pairs), text[-MAX_TEXT:], request)


async def answer_step(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Return what the client is to select before the model's next request: nothing twice in one turn."""
    if not session.settings.between_steps or not session.plugin.selects:
        return {"select": []}
    agent = fields.agent
    step = read_step(fields.calls, fields.text, "" if agent else next(iter(session.state.memory), ""))
    found = [*await _missed(session, step), *await _next(session, step)]
    prefix = session.registration.prefix
    given = {name.removeprefix(prefix) for name in fields.had.split(",")}
    wanted = tuple(dict.fromkeys(name for missed in found for name in missed.names if name not in given))
    seen = session.model_context.untold if not agent else list[Tool]
    untold = [tool.name for tool in seen(session.catalog.known(wanted)) if _is_invisible(session, tool)]
    if not untold:
        return {"select": []}
    why = "; ".join(dict.fromkeys(missed.why for missed in found if set(missed.names).intersection(untold)))
    decision = await session.decide(StepTaken(tuple(untold), why))
    await session.list_refresh.hold()
    chosen = session.plugin.selected(session.catalog.known(decision.needed))
    if not agent:
        session.model_context.tell(chosen)
    session.history.note_between_steps(tuple(tool.name for tool in chosen), why)
    return {"select": [prefix + tool.name for tool in chosen]}


async def _missed(session: Session, step: ModelStep) -> tuple[Missed, ...]:
    if not step.calls and not step.text:
        return ()
    context = session.context()

    def found() -> tuple[Missed, ...]:
        return missed_tools(step, context.catalog, session.live.subjects(), context.ranker)

    return await anyio.to_thread.run_sync(found)


async def _next(session: Session, step: ModelStep) -> list[Missed]:
    """Return the usual follower of the last tool of ours that was called in the step."""
    prefix = session.registration.prefix
    ours = [name.removeprefix(prefix) for name, _ in step.calls if name.startswith(prefix)]
    if not ours:
        return []
    follower = await session.learning.follower(ours[-1])
    return [Missed((follower,), USUALLY_NEXT)] if follower else []


def _is_invisible(session: Session, tool: Tool) -> bool:
    """Return whether a tool is not in every request by itself."""
    return bool(session.plugin.selected([tool])) or all(one.name != tool.name for one in session.listed())
