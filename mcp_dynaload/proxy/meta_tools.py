"""`find_tools`, and `call_tool`, which calls what that has found for clients that do not follow changes of the list."""

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

from mcp_dynaload.catalog.cost import MAX_DESCRIPTION_LENGTH
from mcp_dynaload.catalog.names import CALL_TOOL, FIND_TOOLS
from mcp_dynaload.catalog.tool import Json, Tool, json_object
from mcp_dynaload.proxy.client import Request
from mcp_dynaload.proxy.model_text import (
    DEFAULT_FOUND,
    MAX_FOUND,
    MAX_FOUND_CHARACTERS,
    OWN_TOOLS,
    found_text,
    nothing_found,
)
from mcp_dynaload.proxy.session import Session
from mcp_dynaload.selection.actions import ToolsFound
from mcp_dynaload.selection.found import fitting_next, ranks_for_search
from mcp_dynaload.telemetry.events import ToolsSearched

CALL_TOOL_DEFINITION: Json = {
    "name": CALL_TOOL,
    "description": f"Call any tool of the connected MCP servers that {FIND_TOOLS} has found and that is not listed.",
    "inputSchema": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": f"The tool's name as {FIND_TOOLS} gave it"},
            "arguments": {"type": "object", "description": "Its arguments, by its own input schema"},
        },
        "required": ["name"],
    },
    "annotations": {"title": "Call a tool", "openWorldHint": True},
}


@dataclass(frozen=True, slots=True)
class Search:
    """The arguments of `find_tools`."""

    query: str
    limit: int


async def find_and_list(session: Session, request: Request, params: Json) -> Json:
    """Answer `find_tools` of a client that has listed what was found when this returns.

    Raises:
        MCPError: It asks for nothing, or for too much.
    """
    search = _read_search(params)
    tools = await _find(session, search, session.list_refresh.hold)
    return _found(session, search, tools, found_text(tools, session.registration.prefix))


async def find_to_call(session: Session, request: Request, params: Json) -> Json:
    """Answer `find_tools` of a client that calls what was found with `call_tool`.

    Raises:
        MCPError: It asks for nothing, or for too much.
    """
    search = _read_search(params)
    tools = await _find(session, search)
    return _found(session, search, tools, callable_text(tools))


def _read_search(params: Json) -> Search:
    arguments = json_object(params.get("arguments"))
    query = arguments.get("query")
    if not isinstance(query, str) or not query.strip():
        raise MCPError(code=INVALID_PARAMS, message=f"{FIND_TOOLS} needs a text 'query'")
    limit = arguments.get("limit", DEFAULT_FOUND)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_FOUND:
        raise MCPError(code=INVALID_PARAMS, message=f"{FIND_TOOLS}: 'limit' is a whole number from 1 to {MAX_FOUND}")
    return Search(query, limit)


async def _find(session: Session, search: Search, wait: Callable[[], Awaitable[None]] | None = None) -> list[Tool]:
    """Load the best tools for a search, `wait` until the client has listed them, and return them."""
    started = time.perf_counter()
    told = session.model_context.told()
    ranked = await session.search(search.query, ranks_for_search(told, search.limit))
    names = tuple(scored.name for scored in ranked[: search.limit])
    if told.issuperset(names):  # who has all of these wants something else
        names += tuple(scored.name for scored in fitting_next(ranked, told, session.catalog.costs))
    added: tuple[str, ...] = ()
    if names:
        added = (await session.decide(ToolsFound(names))).added
        if wait is not None:
            await wait()
    session.emit(ToolsSearched(found=names, added=added, ms=1000 * (time.perf_counter() - started)))
    return session.catalog.known(name for name in names if name not in session.state.held)


def _found(session: Session, search: Search, tools: Sequence[Tool], text: str) -> Json:
    """Return an answer, with the instructions of servers that the model has not read yet."""
    if not tools:
        text = nothing_found(search.query, session.live.listings.unseen)
    introduction = session.model_context.introduce(tools, session.live.listings.by_name)
    session.model_context.tell(tools)
    text = "\n".join(part for part in (text, introduction) if part)
    return {"content": [{"type": "text", "text": text}]}


def unwrapped_call(params: Json, client_prefix: str) -> Json:
    """Return the call that a `call_tool` asks for, as the client would have made it itself.

    Raises:
        MCPError: It names no tool, or one of our own.
    """
    arguments = json_object(params.get("arguments"))
    name = arguments.get("name")
    if not isinstance(name, str) or not name:
        raise MCPError(code=INVALID_PARAMS, message=f"{CALL_TOOL} needs a text 'name'")
    name = name.removeprefix(client_prefix)
    if name in OWN_TOOLS:
        raise MCPError(code=INVALID_PARAMS, message=f"{CALL_TOOL}: {name!r} is no tool of a connected server")
    inner: object = arguments.get("arguments") or {}
    if not isinstance(inner, dict):
        raise MCPError(code=INVALID_PARAMS, message=f"{CALL_TOOL}: 'arguments' must be an object")
    return {**params, "name": name, "arguments": inner}


def callable_text(tools: Sequence[Tool]) -> str:
    """Return the answer of `find_tools` for such a client: definitions, one a line, as far as they fit."""
    lines = [f"Call one of these with {CALL_TOOL}, giving its name and its arguments:"]
    for tool in tools:
        fields = {
            "name": tool.name,
            "description": tool.description[:MAX_DESCRIPTION_LENGTH],
            "inputSchema": tool.input_schema,
        }
        line = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        room = MAX_FOUND_CHARACTERS - sum(len(text) + 1 for text in lines)
        lines.append(line if len(line) < room else json.dumps({"name": tool.name}))
    return "\n".join(lines)
