"""The client's own tool search: the words of the model are ranked by us, and become the names of what they mean."""

from mcp_dynaload.catalog.cost import CLIENT_PREFIX
from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.selection.events import ToolsFound
from mcp_dynaload.selection.ranking import Scored
from mcp_dynaload.server.session import Session

SELECT = "select:"
"""With this the client's search takes names instead of words."""

DEFAULT_FOUND = 5
"""So many does the client's search return when the model does not say."""

MAX_SELECTED = 64
"""Names that the client takes in one query."""

CLEAR = 0.5
"""From this probability of the best on a search is taken to be for ours; below, the client's own words decide."""

LIKELY = 0.2
"""From this probability on a tool is listed all the same, so that the client's own words can find it."""

SHARE_OF_BEST = 0.2
"""A tool that is so much less likely than the best one is not what was searched for."""


async def answer_search(session: Session, query: str, limit: str) -> Json:
    """Return the search as the client is to make it; `{}` leaves it as the model wrote it.

    What it names or means of ours is listed when this returns, so that the client finds it.
    """
    if not session.is_dynamic or not query.strip():
        return {}
    if query.startswith(SELECT):
        await _list(session, _ours(session, query))
        return {}
    most = min(int(limit), MAX_SELECTED) if limit.isdecimal() and int(limit) else DEFAULT_FOUND
    found = _likely(await session.search(query.replace("+", " "), most))
    await _list(session, [scored.name for scored in found])
    if not found or found[0].probability < CLEAR:
        return {}
    names = ",".join(CLIENT_PREFIX + scored.name for scored in found)
    updated = {"query": SELECT + names, "max_results": len(found)}
    return {"hookSpecificOutput": {"hookEventName": "PreToolUse", "updatedInput": updated}}


def _likely(found: tuple[Scored, ...]) -> list[Scored]:
    best = found[0].probability if found else 0.0
    least = SHARE_OF_BEST * best if best >= CLEAR else LIKELY
    return [scored for scored in found if scored.probability >= least]


def _ours(session: Session, query: str) -> list[str]:
    """Return the names in a query that are of tools of ours."""
    names = (name.strip().removeprefix(CLIENT_PREFIX) for name in query.removeprefix(SELECT).split(","))
    return [name for name in names if session.live.catalog.get(name) and name not in session.state.unloaded]


async def _list(session: Session, names: list[str]) -> None:
    """List what is not listed yet, and wait until the client has read it."""
    if names and (await session.decide(ToolsFound(tuple(names)))).added:
        await session.reread.hold()
