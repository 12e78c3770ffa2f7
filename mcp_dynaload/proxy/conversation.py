"""The course of a conversation, as hooks tell it: an agent begins, a turn ends, it is cleared or summarised."""

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.caller import Caller
from mcp_dynaload.proxy.hook_fields import HookFields
from mcp_dynaload.proxy.prompt_serving import serve_prompt
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.selection.actions import AgentPrompted


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
