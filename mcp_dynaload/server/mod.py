"""The client's side of our plugin: a mod, which asks what a prompt needs and has the client select it by itself."""

from collections.abc import Iterable

from mcp_dynaload.catalog.cost import CLIENT_PREFIX
from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.selection.events import AgentPrompted
from mcp_dynaload.selection.state import Decision
from mcp_dynaload.server.serving import serve_prompt
from mcp_dynaload.server.session import Session
from mcp_dynaload.server.texts import fitting, introduction_text


def start(session: Session) -> Json:
    """Note that the mod is there: from now on it asks, and the settings hooks answer nothing."""
    if session.is_dynamic and session.client.environment.tool_search and session.selectable is None:
        session.selectable = set()
    return {"asks": session.selectable is not None}


def answer_prompt(session: Session, decision: Decision) -> Json:
    """Return what the client is to select for a prompt, and what the model is to read of servers beside it."""
    conversation = session.conversation
    names = [*decision.needed, *decision.added, *session.history.take_ordered()]
    chosen = conversation.untold(_known(session, names))
    given = fitting(conversation.introductions(chosen, session.live.listings))
    conversation.introduce(given)
    conversation.tell(chosen)
    answer: Json = {"select": _selected(session, chosen)}
    if given:
        answer["context"] = introduction_text(given)
    if decision.added and session.shared.settings.notify:
        answer["notice"] = f"dynaload: loaded {', '.join(decision.added)}"
    return answer


async def answer_agent(session: Session, prompt: str) -> Json:
    """Return what the client is to select for an agent, which has seen no definition yet."""
    served = await serve_prompt(session, AgentPrompted(prompt))
    return {"select": _selected(session, _known(session, served.decision.needed))}


def _known(session: Session, names: Iterable[str]) -> list[Tool]:
    return [tool for name in dict.fromkeys(names) if (tool := session.live.catalog.get(name))]


def _selected(session: Session, tools: Iterable[Tool]) -> list[str]:
    """Return the client's names of those that are not in every request by themselves."""
    return [CLIENT_PREFIX + tool.name for tool in tools if tool.name in (session.selectable or ())]
