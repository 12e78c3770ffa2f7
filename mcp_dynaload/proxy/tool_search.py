"""The client's own tool search: the words of the model are ranked by us, and become the names of what they mean."""

import json
from collections import Counter
from collections.abc import Mapping
from heapq import nsmallest
from typing import Any

import structlog

from mcp_dynaload.catalog.tool import Json
from mcp_dynaload.proxy.caller import Caller
from mcp_dynaload.proxy.hook_fields import HookFields
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.ranking.native_search import FOUND, MAX_WORDS, NativeSearch, Searchable, of_client
from mcp_dynaload.selection.actions import ToolsFound
from mcp_dynaload.selection.found import found_by_search, ranks_for_search

SELECT = "select:"
"""With this the client's search takes names instead of words."""

MAX_SELECTED = 64
"""Names that the client takes in one query."""

SHARE_OF_POINTS = 0.5
"""A tool of others that has so much less of the client's points than the best one would be found by accident."""

REQUIRED = "+"
"""With this before it a word of a search must be in what is found."""

MAX_OTHERS = 2_000

log = structlog.get_logger()


async def answer_search(session: Session, fields: HookFields, caller: Caller) -> Json:
    """Return the search as the client is to make it; `{}` leaves it as the model wrote it.

    What it names or means of ours is listed when this returns, so that the client finds it. A search that means what
    the model has already brings what fits next: the model did not find there what it wants.
    """
    query, limit, agent = fields.query, fields.limit, fields.agent
    if not query.strip():
        return {}
    if query.startswith(SELECT):
        named = _ours(session, query)
        await _list(session, named)
        session.model_context.tell(session.catalog.known(named), agent)
        return {}
    most = min(int(limit), MAX_SELECTED) if limit.isdecimal() and int(limit) else FOUND
    told = session.model_context.told(agent)
    ranked = await session.search(query.replace("+", " "), ranks_for_search(told, most))
    found = found_by_search(ranked, told, most, session.catalog.costs)
    await _list(session, [scored.name for scored in (*found.likely, *found.more)])
    found = found.without(session.state.held)
    if not found.is_clear:
        return {}
    others = _others_found(session, query, most)
    chosen = [scored.name for scored in (*found.likely[: max(most - len(others), 1)], *found.more)]
    session.model_context.tell(session.catalog.known(chosen), agent)
    names = [*(session.registration.prefix + name for name in chosen), *others][:MAX_SELECTED]
    updated = {"query": SELECT + ",".join(names), "max_results": len(names)}
    return {"hookSpecificOutput": {"hookEventName": "PreToolUse", "updatedInput": updated}}


def read_others(text: str) -> Mapping[str, Searchable]:
    """Return the tools of servers that are not behind us, as the mod tells them: `[[name, description], …]`."""
    if not text:
        return {}
    try:
        told: Any = json.loads(text)
        pairs = [(str(name), str(description)) for name, description in told[:MAX_OTHERS]]
    except (ValueError, TypeError) as error:
        log.warning("others_unreadable", error=str(error))
        return {}
    return {name: of_client(name, description) for name, description in pairs if "," not in name}


def _others_found(session: Session, query: str, most: int) -> list[str]:
    """Return the tools of others, and of the client itself, that its own search finds with these words beside ours."""
    others = [*session.plugin.others.items()]
    prefix = session.registration.prefix
    ours = [of_client(prefix + tool.name, tool.description) for tool in session.listed()]
    search = NativeSearch([*(searchable for _, searchable in others), *ours])
    words = query.lower().split()[:MAX_WORDS]
    points = {word: search.points(word.removeprefix(REQUIRED)) for word in words}
    scores = Counter[int]()
    for found in points.values():
        scores.update(found)
    fitting = [index for index in scores if all(index in points[word] for word in words if word.startswith(REQUIRED))]
    best = nsmallest(most, fitting, key=lambda index: (-scores[index], index))
    least = SHARE_OF_POINTS * scores[best[0]] if best else 0
    return [others[index][0] for index in best if index < len(others) and scores[index] >= least]


def _ours(session: Session, query: str) -> list[str]:
    """Return the names in a query that are of tools of ours."""
    prefix = session.registration.prefix
    names = (name.strip().removeprefix(prefix) for name in query.removeprefix(SELECT).split(","))
    return [name for name in names if session.catalog.get(name) and name not in session.state.unloaded]


async def _list(session: Session, names: list[str]) -> None:
    """List what is not listed yet, and wait until the client has read it; of the mod's own searches that is nothing."""
    listed = {tool.name for tool in session.listed()}
    missing = tuple(name for name in names if name not in listed)
    if missing and (await session.decide(ToolsFound(missing))).added:
        await session.list_refresh.hold()
