"""The events that hooks and the plugin's mod tell, each with its answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.between_steps import answer_step
from mcp_dynaload.proxy.caller import Caller
from mcp_dynaload.proxy.hook_commands import answer_expansion
from mcp_dynaload.proxy.hook_fields import HookFields
from mcp_dynaload.proxy.mod import answer_agent, answer_prompt, show_cell, start, stop
from mcp_dynaload.proxy.prompt_answer import answer_submitted
from mcp_dynaload.proxy.prompt_serving import serve_prompt
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.tool_search import answer_search
from mcp_dynaload.selection.actions import AgentPrompted

log = structlog.get_logger()

Answer = Callable[[Session, HookFields, Caller], Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class HookEvent:
    """How an event is answered, and to whom."""

    answer: Answer
    is_anybodys: bool = False
    """Whether it is also answered to who is not known to call for the user."""


async def answer_new_agent(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Load what an agent's prompt needs; where there is a mod, it asks for the same by itself."""
    if not session.plugin.selects:
        await serve_prompt(session, AgentPrompted(fields.prompt))
    return {}


async def end_turn(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Note that the model has answered."""
    await session.end_turn()
    return {}


async def clear_or_compact(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Begin anew after `/clear`; after a summary of the conversation its definitions are no longer known."""
    match fields.source:
        case "clear":
            session.list_refresh.started_over()
            await session.clear()
            await session.list_refresh.hold()
        case "compact":
            session.compacted()
        case _:
            pass
    return {}


EVENTS: Mapping[str, HookEvent] = {
    "ModStarted": HookEvent(start),
    "ModStopped": HookEvent(stop),
    "ModStatus": HookEvent(show_cell),
    "ModPrompt": HookEvent(answer_prompt),
    "ModAgent": HookEvent(answer_agent),
    "ModStep": HookEvent(answer_step),
    "ToolSearch": HookEvent(answer_search),
    "UserPromptSubmit": HookEvent(answer_submitted, is_anybodys=True),
    "UserPromptExpansion": HookEvent(answer_expansion, is_anybodys=True),
    "PreToolUse": HookEvent(answer_new_agent, is_anybodys=True),
    "Stop": HookEvent(end_turn),
    "SessionStart": HookEvent(clear_or_compact),
}


async def answer_event(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Return the answer to a hook, `{}` where there is nothing to say."""
    event = EVENTS.get(fields.event)
    if fields.event in session.surface.ignored_hooks:
        return {}
    if event is None or not (event.is_anybodys or caller is Caller.USER):
        log.debug("hook_ignored", hook=fields.event, source=fields.source)
        return {}
    return await event.answer(session, fields, caller)
