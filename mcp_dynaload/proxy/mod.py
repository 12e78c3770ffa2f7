"""The client's side of our plugin: a mod, which asks what a prompt needs and has the client select it by itself."""

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
from mcp_dynaload.proxy.surfaces.surface import MOD_PROMPT
from mcp_dynaload.proxy.tool_search import read_others
from mcp_dynaload.selection.actions import AgentPrompted, PromptSubmitted

MOD_SECONDS = 0.1
"""The mod asks within a hundredth of a second of the hook. Of one that is slower the tools are described beside the
prompt, and selected all the same when it asks."""


async def start(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Note that the mod is there, and what it says of the tools of servers that are not behind us.

    From now on it asks, and the settings hooks answer nothing. It comes in a prompt's first step. What the hooks could
    only describe beside that prompt, as in a resumed session, whose list the client keeps, it is told to select now.
    """
    session.plugin.copy = fields.plugin
    if MOD_PROMPT in session.surface.ignored_hooks or not session.client.environment.tool_search:
        return {"asks": False} | session.cell
    session.plugin.starts(read_others(fields.tools))
    selected = [session.registration.prefix + name for name in session.model_context.take_described()]
    steps: Json = {} if session.settings.between_steps else {"steps": False}
    return {"asks": True, "select": selected} | steps | session.cell


async def stop(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Note that the mod is gone: the settings hooks answer again."""
    session.plugin.stops()
    return {}


async def show_cell(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Return what the mod shows under the prompt."""
    return session.cell


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
