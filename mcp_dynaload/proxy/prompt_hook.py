"""The entry point of the client's hooks: an unlisted tool that takes a hook's fields and answers with hook JSON."""

import json
from dataclasses import dataclass, replace

import anyio
import anyio.to_thread
import structlog

from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.masking.printable import printable
from mcp_dynaload.proxy.between_steps import answer_step, read_step
from mcp_dynaload.proxy.caller import CLAUDE_CODE, HOOK_MARK, Caller
from mcp_dynaload.proxy.commands.command import Result, Words, refused
from mcp_dynaload.proxy.commands.table import own_command, run_command, text_command
from mcp_dynaload.proxy.mod import answer_agent, answer_beside, answer_prompt, beside, cell, start
from mcp_dynaload.proxy.model_text import text_beside
from mcp_dynaload.proxy.notices import notice
from mcp_dynaload.proxy.prompt_serving import serve_prompt
from mcp_dynaload.proxy.relay import relayed
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.tool_search import answer_search, read_others
from mcp_dynaload.proxy.transcript import LastAnswer, read_last_answer
from mcp_dynaload.ranking.cleaning import clean, split_command
from mcp_dynaload.selection.actions import AgentPrompted, PromptSubmitted
from mcp_dynaload.selection.policy import is_frozen_after_first_request
from mcp_dynaload.selection.state import Decision
from mcp_dynaload.telemetry.events import CommandRun

NOT_THE_USERS = (
    "Not run: a command is the user's, and this call is not known to be made for the user. Claude Code's hooks are; "
    f'another program that passes on what its user typed says so with _meta {{"{HOOK_MARK}": true}} in the call.'
)

HARMLESS_FIELDS = ("event", "prompt", "permission_mode", "command_name", "command_args")
"""The fields that are taken from anybody: none of them says which conversation it is, or names a file."""

ANSWERED_ONCE = ("UserPromptSubmit", "UserPromptExpansion", "Stop", "SessionStart")
"""The events in which it would harm to do twice what several hooks tell: the others' answers are `{}`."""

OF_MODS = "Mod"
"""How the events begin that the plugin's mod tells."""

NO_SERVERS = "dynaload: no MCP server is behind it yet; `mcp-dynaload init` in a terminal moves yours there."
"""Said once a session where the plugin was installed and nothing else was done."""

TRANSCRIPT_SECONDS = 0.2
"""For a file of the client's own, of which the last 64 KB are read."""

MAX_RETOLD = 5
"""The best of a ranking that may be described although another way than this prompt has listed them."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class HookFields:
    """The fields of a hook's call; one that the client did not fill in is empty."""

    event: str
    prompt: str
    session_id: str
    permission_mode: str
    transcript_path: str
    source: str
    model: str
    command_name: str
    command_args: str
    query: str
    limit: str
    plugin: str
    search: str
    tools: str
    agent: str
    calls: str
    text: str
    had: str

    @classmethod
    def read(cls, arguments: Json) -> "HookFields":
        """Take the known fields; a template that was left as it is counts as empty."""
        values = {name: arguments.get(name) for name in cls.__slots__}
        texts = {name: str(value) if type(value) in (str, int) else "" for name, value in values.items()}
        return cls(**{name: "" if _is_template(name, text) else text for name, text in texts.items()})


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


async def _answer(session: Session, fields: HookFields, caller: Caller) -> Json:
    await session.identify(fields.session_id)
    if fields.event.startswith(OF_MODS) and session.plugin.is_second(fields.plugin):
        return {}
    is_twice = fields.event in ANSWERED_ONCE and session.heard.is_again(replace(fields, plugin=""), fields.plugin)
    if not is_twice:
        return await _act(session, fields, caller)
    if fields.plugin and session.plugin.arrived():
        await session.list_refresh.announce(session.client)
    return {}


async def _act(session: Session, fields: HookFields, caller: Caller) -> Json:
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
            return await _on_prompt(session, fields, caller)
        case "UserPromptExpansion":
            return await _on_command(session, fields, caller)
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


async def _on_command(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Carry out one of our commands and answer at once; the model is not asked."""
    name = own_command(fields.command_name)
    if name is None:
        return {}
    result = await _run_for(caller, session, name, fields.command_args.split())
    return {"decision": "block", "reason": result.text}


async def _run_for(caller: Caller, session: Session, name: str, words: Words) -> Result:
    """Run a command of the user's; refuse one of anybody else's, who could take back with it what the user ordered."""
    if caller is Caller.USER:
        return await run_command(session, name, words)
    log.warning("command_refused", command=name, client=printable(session.client.name))
    session.emit(CommandRun(command=name, success=False, ms=0.0))
    return refused(NOT_THE_USERS)


async def _on_text_command(session: Session, fields: HookFields, caller: Caller, name: str, words: Words) -> Json:
    """Run the command that a client without a menu sends as the first line of a prompt."""
    result = await _run_for(caller, session, name, words)
    if not clean(fields.prompt):
        return {"decision": "block", "reason": result.text}
    return {"systemMessage": result.text}


async def _on_prompt(session: Session, fields: HookFields, caller: Caller) -> Json:
    first, *_ = fields.prompt.split(maxsplit=1) or [""]
    if first.startswith("/") and own_command(first) is not None:
        return {}  # the raw line of a command, which acts by itself and asks the model nothing
    command = text_command(split_command(fields.prompt)[0])
    if session.client.name != CLAUDE_CODE and command is not None:  # Claude Code's slash lines are others' business
        answer = await _on_text_command(session, fields, caller, *command)
        if "decision" in answer:
            return answer
        return answer | await _on_own_words(session, fields)
    return await _on_own_words(session, fields)


async def _on_own_words(session: Session, fields: HookFields) -> Json:
    if session.plugin.selects:
        return await answer_beside(session, PromptSubmitted(fields.prompt, fields.permission_mode == "plan"))
    is_mod_new = bool(fields.plugin) and session.plugin.arrived()
    is_search_new = session.plugin.takes_searches(bool(fields.search) and session.client.environment.tool_search)
    model_context = session.model_context
    is_first, model_context.has_begun = not model_context.has_begun, True
    if is_first:
        await session.first_listing.before_prompt()
    transcript = fields.transcript_path if session.client.environment.is_local and not is_first else ""
    last = await _last_answer(transcript)
    model_context.context_tokens = last.context_tokens
    event = PromptSubmitted(fields.prompt, fields.permission_mode == "plan", fields.model or last.model)
    served = await serve_prompt(session, event, is_first=is_first)
    if not served.decision.changed:  # a changed list has been announced with our own tools as they are now
        await _announce_client_side(session, is_mod_new=is_mod_new, is_search_new=is_search_new)
    in_request = is_first or not session.client.environment.tool_search
    answer = await _prompt_answer(session, served.decision, in_request=in_request)
    is_bare = is_first and session.registration.is_plugins and not session.live.listings.configs
    return {"systemMessage": NO_SERVERS} | answer if is_bare else answer


async def _announce_client_side(session: Session, *, is_mod_new: bool, is_search_new: bool) -> None:
    """Have the client read a list again in which none but our own tools differ.

    It would wait for that most of a second if it has read one just now. Where a program waits, as with `claude -p`,
    `find_tools` is not worth that; a user who types as fast is spared its definition for the whole session.
    """
    list_refresh = session.list_refresh
    if is_search_new and list_refresh.is_recent and not list_refresh.is_interactive:
        session.plugin.is_search_ours = is_search_new = False
    if is_mod_new or is_search_new:
        await list_refresh.announce(session.client)
    if is_search_new:
        await list_refresh.hold()


async def _last_answer(transcript: str) -> LastAnswer:
    """Return what the transcript tells, if the disk it is on gives it in time."""
    if transcript:
        with anyio.move_on_after(TRANSCRIPT_SECONDS):
            return await anyio.to_thread.run_sync(read_last_answer, transcript, abandon_on_cancel=True)
    return LastAnswer()


async def _prompt_answer(session: Session, decision: Decision, *, in_request: bool) -> Json:
    """Return an answer with definitions beside the prompt only where the request itself does not have them."""
    model_context, chosen = session.model_context, _chosen(session, decision)
    described = [] if in_request else model_context.untold(chosen)
    told = session.listed() if in_request else described
    introduction = model_context.introduce(told, session.live.listings.by_name)
    model_context.describe(described)
    model_context.tell(told)
    text = text_beside(described, introduction, session.registration.prefix)
    return beside(text, await notice(session, decision))


def _chosen(session: Session, decision: Decision) -> list[Tool]:
    """Return the tools that this prompt brought.

    For a model whose tools are fixed also those that another way has listed and it needs now.
    """
    names = [*decision.added, *session.history.take_ordered()]
    if is_frozen_after_first_request(session.state.model):
        names += [scored.name for scored in decision.ranked if scored.name in session.state.loaded][:MAX_RETOLD]
    return session.catalog.known(names)


def _is_template(name: str, text: str) -> bool:
    return text.startswith("${") and text.endswith("}") and len(text) < len(name) + 20
