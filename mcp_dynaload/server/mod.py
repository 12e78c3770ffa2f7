"""The client's side of our plugin: a mod, which asks what a prompt needs and has the client select it by itself."""

from collections.abc import Iterable, Mapping

from mcp_dynaload.catalog.cost import CLIENT_PREFIX
from mcp_dynaload.catalog.tool import Json, Tool
from mcp_dynaload.selection.events import AgentPrompted
from mcp_dynaload.selection.native_search import Searchable
from mcp_dynaload.selection.state import Decision
from mcp_dynaload.server.serving import serve_prompt
from mcp_dynaload.server.session import Session
from mcp_dynaload.server.texts import fitting, introduction_text


def start(session: Session, others: Mapping[str, Searchable]) -> Json:
    """Note that the mod is there, and what it says of the tools of servers that are not behind us.

    From now on it asks, and the settings hooks answer nothing. It comes in a prompt's first step. What the hooks could
    only describe beside that prompt, as in a resumed session, whose list the client keeps, it is told to select now.
    """
    if not (session.is_dynamic and session.client.environment.tool_search):
        return {"asks": False} | cell(session)
    session.others = {**session.others, **others}
    if session.selectable is None:
        session.selectable = set()
    selected = [CLIENT_PREFIX + name for name in session.conversation.take_described()]
    steps: Json = {} if session.shared.settings.between_steps else {"steps": False}
    return {"asks": True, "select": selected} | steps | cell(session)


def cell(session: Session) -> Json:
    """Return what the mod shows under the prompt, empty for nothing; `{}` where the user wants no such cell.

    The client puts the plugin's name, which is ours, before it.
    """
    return {"status": session.summary} if session.shared.settings.status_cell else {}


def answer_prompt(session: Session, prompt: str, decision: Decision) -> Json:
    """Return what the client is to select for a prompt; what stands beside it waits for the hook that follows."""
    conversation = session.conversation
    chosen = conversation.untold(_known(session, [*decision.needed, *session.history.take_ordered()]))
    given = fitting(conversation.introductions(chosen, session.live.listings))
    conversation.introduce(given)
    conversation.tell(chosen)
    conversation.ask(prompt, introduction_text(given), notice(session, decision))
    return {"select": _selected(session, chosen)} | cell(session)


def notice(session: Session, decision: Decision) -> str:
    """Return what the user is told of a prompt's tools, if that is wanted."""
    is_wanted = decision.added and session.shared.settings.notify
    return f"dynaload: loaded {', '.join(decision.added)}" if is_wanted else ""


async def answer_agent(session: Session, prompt: str) -> Json:
    """Return what the client is to select for an agent, which has seen no definition yet."""
    served = await serve_prompt(session, AgentPrompted(prompt))
    return {"select": _selected(session, _known(session, served.decision.needed))}


def _known(session: Session, names: Iterable[str]) -> list[Tool]:
    return [tool for name in dict.fromkeys(names) if (tool := session.live.catalog.get(name))]


def _selected(session: Session, tools: Iterable[Tool]) -> list[str]:
    """Return the client's names of those that are not in every request by themselves."""
    return [CLIENT_PREFIX + tool.name for tool in tools if tool.name in (session.selectable or ())]
