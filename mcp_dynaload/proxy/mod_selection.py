"""The tools that the plugin's mod has the client select for a prompt or an agent, and the text beside a prompt."""

from collections.abc import Iterable

import anyio

from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.proxy.caller import Caller
from mcp_dynaload.proxy.hook_fields import HookFields
from mcp_dynaload.proxy.model_context import ChosenForPrompt, PromptMeeting
from mcp_dynaload.proxy.model_text import text_beside
from mcp_dynaload.proxy.notices import notice
from mcp_dynaload.proxy.prompt_serving import serve_prompt
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.selection.actions import AgentPrompted, PromptSubmitted

MOD_SECONDS = 0.1
"""The mod asks within a hundredth of a second of the hook. Of one that is slower the tools are described beside the
prompt, and selected all the same when it asks."""


async def answer_prompt(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Return what the client is to select for a prompt."""
    meeting = session.model_context.meet(fields.prompt, by_mod=True)
    chosen = await _choose(session, PromptSubmitted(fields.prompt), meeting)
    return {"select": _names(session, chosen.selected)} | session.cell


async def answer_beside(session: Session, event: PromptSubmitted) -> Json:
    """Return what stands beside a prompt of which the mod selects the tools; all of them, if it does not ask."""
    meeting = session.model_context.meet(event.text, by_mod=False)
    chosen = await _choose(session, event, meeting)
    if chosen.selected:
        with anyio.move_on_after(MOD_SECONDS):
            await meeting.mod_came.wait()
    tools = () if meeting.mod_came.is_set() else chosen.selected
    return beside(text_beside(tools, chosen.introduction, session.registration.prefix), chosen.notice)


async def _choose(session: Session, event: PromptSubmitted, meeting: PromptMeeting) -> ChosenForPrompt:
    """Choose for the prompt of a meeting, unless its other call has; if that failed, this one may do better."""
    async with meeting.choosing:
        if meeting.chosen is None:
            model_context = session.model_context
            is_first, model_context.has_begun = not model_context.has_begun, True
            decision = (await serve_prompt(session, event, is_first=is_first)).decision
            tools = model_context.untold(session.catalog.known([*decision.needed, *session.history.take_ordered()]))
            introduction = model_context.introduce(tools, session.live.listings.by_name)
            model_context.tell(tools)
            selected = tuple(session.plugin.selected(tools))
            meeting.chosen = ChosenForPrompt(selected, introduction, await notice(session, decision))
        return meeting.chosen


def beside(text: str, notice: str) -> Json:
    """Return a prompt hook's answer: what stands beside the prompt, for the model and for the user."""
    answer: Json = {}
    if text:
        answer["hookSpecificOutput"] = {"hookEventName": "UserPromptSubmit", "additionalContext": text}
    if notice:
        answer["systemMessage"] = notice
    return answer


async def answer_agent(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Return what the client is to select for an agent, which has seen no definition yet."""
    served = await serve_prompt(session, AgentPrompted(fields.prompt))
    tools = session.plugin.selected(session.catalog.known(served.decision.needed))
    return {"select": _names(session, tools)}


def _names(session: Session, tools: Iterable[Tool]) -> list[str]:
    """Return the client's names of tools."""
    return [session.registration.prefix + tool.name for tool in tools]
