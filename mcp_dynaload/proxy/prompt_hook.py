"""The entry point of the client's hooks: an unlisted tool that takes a hook's fields and answers with hook JSON."""

import json
from dataclasses import replace

import structlog

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.caller import Caller
from mcp_dynaload.proxy.hook_events import answer_event
from mcp_dynaload.proxy.hook_fields import HookFields
from mcp_dynaload.proxy.relay import relayed
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.transcript import branch_origin

HARMLESS_FIELDS = ("event", "prompt", "permission_mode", "command_name", "command_args")
"""The fields that are taken from anybody: none of them says which conversation it is, or names a file."""

ANSWERED_ONCE = ("UserPromptSubmit", "UserPromptExpansion", "Stop", "SessionStart")
"""The events in which it would harm to do twice what several hooks tell: the others' answers are `{}`."""

OF_MODS = "Mod"
"""How the events begin that the plugin's mod tells."""


log = structlog.get_logger()


async def answer_hook(session: Session, arguments: Json, caller: Caller) -> Json:
    """Answer the hook tool: always an answer, `{}` when there is nothing to say or something failed.

    Whoever is not known to call for the user may have tools chosen for some words, and nothing else.
    """
    await session.role.settle()
    if session.role.stands_by:
        return await _relayed(session, arguments if caller is Caller.USER else {})
    is_users = caller is Caller.USER
    fields = HookFields.read(arguments if is_users else {name: arguments.get(name) for name in HARMLESS_FIELDS})
    if session.settings.detailed_logging_enabled:
        log.info("hook_called", hook=fields.event, prompt=session.masker.text(fields.prompt))
    try:
        answer = await _answer(session, fields, caller)
    except Exception:  # a prompt is never blocked by us
        log.exception("hook_failed", hook=fields.event)
        answer = {}
    return {"content": [{"type": "text", "text": json.dumps(answer, ensure_ascii=False)}]}


async def _relayed(session: Session, arguments: Json) -> Json:
    """Return what the server of ours says that serves in this one's place."""
    is_possible = bool(session.role.serving_at and arguments)
    answer = await relayed(session.role.serving_at, arguments) if is_possible else None
    return answer or {"content": [{"type": "text", "text": "{}"}]}


async def _goes_on(session: Session, fields: HookFields) -> bool:
    """Return whether the user has begun this conversation here, with `/clear` or as a branch of the one before."""
    if fields.event == "SessionStart":
        return True
    before, now = session.session_id, fields.session_id
    if not before or now in ("", before) or not session.client.environment.is_local:
        return False
    return await branch_origin(fields.transcript_path) == before


async def _answer(session: Session, fields: HookFields, caller: Caller) -> Json:
    await session.identify(fields.session_id, goes_on=await _goes_on(session, fields))
    if fields.event.startswith(OF_MODS) and session.plugin.is_second(fields.plugin):
        return {}
    is_twice = fields.event in ANSWERED_ONCE and session.heard.is_again(replace(fields, plugin=""), fields.plugin)
    if not is_twice:
        return await answer_event(session, fields, caller)
    if fields.plugin and session.plugin.arrived():
        await session.list_refresh.announce(session.client)
    return {}
