"""A command of ours in a hook's call: expanded by the client, or typed as the first line of a prompt."""

import structlog

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.proxy.caller import CLAUDE_CODE, HOOK_MARK, Caller
from mcp_dynaload.proxy.commands.command import Result, Words, refused
from mcp_dynaload.proxy.commands.table import own_command, run_command, text_command
from mcp_dynaload.proxy.hook_fields import HookFields
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.ranking.cleaning import clean_text, split_command
from mcp_dynaload.telemetry.events import CommandRun

NOT_THE_USERS = (
    "Not run: a command is the user's, and this call is not known to be made for the user. Claude Code's hooks are; "
    f'another program that passes on what its user typed says so with _meta {{"{HOOK_MARK}": true}} in the call.'
)

log = structlog.get_logger()


async def answer_expansion(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Carry out one of our commands and answer at once; the model is not asked."""
    name = own_command(fields.command_name)
    if name is None:
        return {}
    result = await _run(caller, session, name, fields.command_args.split())
    return {"decision": "block", "reason": result.text}


async def answer_typed(session: Session, fields: HookFields, caller: Caller) -> Json | None:
    """Run the command that a client without a menu sends as the first line of a prompt; None if it sends none.

    Claude Code's slash lines are others' business.
    """
    line, rest = split_command(fields.prompt) if session.client.name != CLAUDE_CODE else ("", "")
    if not line:
        return None
    has_own_words = bool(clean_text(rest))
    command = text_command(line)
    if command is None:
        return None
    result = await _run(caller, session, *command)
    return {"systemMessage": result.text} if has_own_words else {"decision": "block", "reason": result.text}


async def _run(caller: Caller, session: Session, name: str, words: Words) -> Result:
    """Run a command of the user's; refuse one of anybody else's, who could take back with it what the user ordered."""
    if caller is Caller.USER:
        return await run_command(session, name, words)
    log.warning("command_refused", command=name, client=printable(session.client.name))
    session.emit(CommandRun(command=name, success=False, ms=0.0))
    return refused(NOT_THE_USERS)
