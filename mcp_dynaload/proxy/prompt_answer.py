"""The answer to a prompt's hook: tools chosen, the list read anew, and what stands beside the prompt."""

from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.proxy.caller import Caller
from mcp_dynaload.proxy.commands.table import own_command
from mcp_dynaload.proxy.hook_commands import answer_typed
from mcp_dynaload.proxy.hook_fields import HookFields
from mcp_dynaload.proxy.mod import answer_beside, beside
from mcp_dynaload.proxy.model_text import text_beside
from mcp_dynaload.proxy.notices import notice
from mcp_dynaload.proxy.prompt_serving import serve_prompt
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.proxy.transcript import last_answer
from mcp_dynaload.selection.actions import PromptSubmitted
from mcp_dynaload.selection.policy import is_frozen_after_first_request
from mcp_dynaload.selection.state import Decision

NO_SERVERS = "dynaload: no MCP server is behind it yet; `mcp-dynaload init` in a terminal moves yours there."
"""Said once a session where the plugin was installed and nothing else was done."""

MAX_RETOLD = 5
"""The best of a ranking that may be described although another way than this prompt has listed them."""


async def answer_submitted(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Answer a prompt of the user's: run the command that it begins with, and load what its own words need."""
    first, *_ = fields.prompt.split(maxsplit=1) or [""]
    if first.startswith("/") and own_command(first) is not None:
        return {}  # the raw line of a command, which acts by itself and asks the model nothing
    answer = await answer_typed(session, fields, caller) or {}
    return answer if "decision" in answer else answer | await _on_own_words(session, fields)


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
    last = await last_answer(transcript)
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
        listed = session.state.loaded | session.state.kept
        names += [scored.name for scored in decision.ranked if scored.name in listed][:MAX_RETOLD]
    return session.catalog.known(names)
