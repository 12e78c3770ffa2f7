"""The answers to the events that hooks tell."""

import structlog

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.between_steps import answer_step, read_step
from mcp_dynaload.proxy.caller import Caller
from mcp_dynaload.proxy.hook_commands import answer_expansion
from mcp_dynaload.proxy.hook_fields import HookFields
from mcp_dynaload.proxy.mod import answer_agent, answer_prompt, cell, start
from mcp_dynaload.proxy.prompt_answer import answer_submitted
from mcp_dynaload.proxy.prompt_serving import serve_prompt
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.tool_search import answer_search, read_others
from mcp_dynaload.selection.actions import AgentPrompted, PromptSubmitted

log = structlog.get_logger()


async def answer_event(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Return the answer to a hook, `{}` where there is nothing to say."""
    if fields.event in session.surface.ignored_hooks:
        return {}
    match fields.event:
        case "ModStarted" if caller is Caller.USER:
            session.plugin.copy = fields.plugin
            return start(session, read_others(fields.tools))
        case "ModStopped" if caller is Caller.USER:
            session.plugin.stops()
        case "ModStatus" if caller is Caller.USER:
            return cell(session)
        case "ModPrompt" if caller is Caller.USER:
            return await answer_prompt(session, PromptSubmitted(fields.prompt))
        case "ModAgent" if caller is Caller.USER:
            return await answer_agent(session, fields.prompt)
        case "ModStep" if caller is Caller.USER:
            return await answer_step(session, read_step(fields.calls, fields.text), fields.agent, fields.had.split(","))
        case "ToolSearch" if caller is Caller.USER:
            return await answer_search(session, fields.query, fields.limit, fields.agent)
        case "PreToolUse" if session.plugin.selects:
            return {}  # the mod asks for the same
        case "UserPromptSubmit":
            return await answer_submitted(session, fields, caller)
        case "UserPromptExpansion":
            return await answer_expansion(session, fields, caller)
        case "PreToolUse":
            await serve_prompt(session, AgentPrompted(fields.prompt))
        case "Stop" if caller is Caller.USER:
            await session.end_turn()
        case "SessionStart" if fields.source == "clear":
            session.list_refresh.started_over()
            await session.clear()
            await session.list_refresh.hold()
        case "SessionStart" if fields.source == "compact":
            session.compacted()
        case _:
            log.debug("hook_ignored", hook=fields.event, source=fields.source)
    return {}
